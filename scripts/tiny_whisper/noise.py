"""Sounds that are not speech: colored noise, hum, tones, clicks, and filters for a whole clip.

Pure numpy; every function takes its generator, and the order of the draws is part of the recipe.
"""

from __future__ import annotations

import numpy as np

from scripts.tiny_whisper.espeak import SAMPLE_RATE, Floats

KINDS = ("zero", "white", "pink", "brown", "band", "hum", "tone", "clicks", "mix")


def noise(count: int, rng: np.random.Generator, kind: str) -> Floats:
    """`count` samples of white, pink, brown or band noise with a standard deviation of 1."""
    white = rng.standard_normal(count).astype(np.float32)
    if kind == "white" or count < 32:
        return white
    spectrum = np.fft.rfft(white.astype(np.float64))
    hertz = np.maximum(np.arange(len(spectrum)), 1) * SAMPLE_RATE / count
    if kind == "pink":
        spectrum /= np.sqrt(hertz)
    elif kind == "brown":
        spectrum /= hertz
    elif kind == "band":
        center = rng.uniform(200, 4000)
        spectrum *= np.exp(-0.5 * ((hertz - center) / (center * rng.uniform(0.2, 1))) ** 2)
    colored = np.fft.irfft(spectrum, count).astype(np.float32)
    scaled: Floats = colored / (np.std(colored) + 1e-9)
    return scaled


def _hum(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    base = rng.choice([50, 60, 100, 120])
    out = np.zeros_like(time)
    for k in range(1, 6):
        out += np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6)) / k
    return out


def _tone(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    count = len(time)
    sweep = np.sin(2 * np.pi * (rng.uniform(200, 3000) + rng.uniform(-200, 200) * time) * time)
    gate = rng.random(count // 1600 + 1).repeat(1600)[:count] > rng.uniform(0, 0.7)
    beeps: np.ndarray = sweep * gate
    return beeps


def _clicks(count: int, rng: np.random.Generator) -> np.ndarray:
    out = np.zeros(count)
    for start in rng.integers(0, count, rng.integers(1, 12)):
        length = min(count - start, rng.integers(20, 1500))
        decay = np.exp(-np.arange(length) / (length / 4))
        out[start : start + length] += rng.standard_normal(length) * decay * rng.uniform(2, 8)
    return out


def nospeech(rng: np.random.Generator) -> Floats:
    """A clip of 0.5 to 6 s without speech, of one of `KINDS`, at a random level."""
    count = int(rng.uniform(0.5, 6.0) * SAMPLE_RATE)
    kind = str(rng.choice(KINDS))
    time = np.arange(count) / SAMPLE_RATE
    if kind == "zero":
        return np.zeros(count, np.float32)
    if kind in ("white", "pink", "brown", "band"):
        sound: np.ndarray = noise(count, rng, kind)
    elif kind == "hum":
        sound = _hum(time, rng)
    elif kind == "tone":
        sound = _tone(time, rng)
    else:
        sound = _clicks(count, rng)
        if kind == "mix":
            sound = sound + noise(count, rng, "pink") * rng.uniform(0.1, 1)
    sound = sound + noise(count, rng, "white") * 10 ** rng.uniform(-3, -1.5)
    sound = sound * 10 ** (rng.uniform(-70, -18) / 20) * rng.uniform(0.7, 1)
    return np.clip(sound, -1, 1).astype(np.float32)


def lowpass(samples: Floats, cutoff: float) -> Floats:
    """A Butterworth low-pass of order 4 (bilinear transform), applied in the frequency domain; `cutoff` in Hz."""
    size = len(samples) + SAMPLE_RATE // 10  # room for the filter to ring out instead of wrapping round
    half = np.minimum(np.pi * np.fft.rfftfreq(size), np.pi * 0.4999999)  # the tangent has a pole at Nyquist
    s = 1j * np.tan(half) / np.tan(np.pi * cutoff / SAMPLE_RATE)
    response = np.ones_like(s)
    for k in range(4):
        response /= s - np.exp(1j * np.pi * (2 * k + 5) / 8)
    filtered = np.fft.irfft(np.fft.rfft(samples.astype(np.float64), size) * response, size)
    return filtered[: len(samples)].astype(np.float32)


def tilt(samples: Floats, amount: float) -> Floats:
    """y[n] = x[n] - amount * x[n - 1]: thinner for a positive amount, darker for a negative one."""
    out = samples.copy()
    out[1:] -= np.float32(amount) * samples[:-1]
    return out
