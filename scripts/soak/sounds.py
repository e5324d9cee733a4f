"""Sounds without a word for an assistant, made of arithmetic: noise, music, coughs, rooms full of voices.

Each generator gives mono int16 at 16 kHz and the same samples every time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from stt import SAMPLE_RATE, Int16

Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


def level(samples: Int16) -> float:
    """Root mean square, sample steps."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def white(count: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(0, 1, count)


def pink(count: int, seed: int = 0) -> Floats:
    """Noise whose power falls with frequency, unit level."""
    spectrum = np.fft.rfft(white(count, seed))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / noise.std())


def as_int16(samples: Floats) -> Int16:
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def babble(voices: Sequence[Int16], at_once: int, seconds: float) -> Int16:
    """``at_once`` of the voices at a time, at -24 dBFS together."""
    count = round(seconds * SAMPLE_RATE)
    mix = np.zeros(count)
    for n in range(at_once):
        line = np.roll(np.concatenate(voices[n::at_once]).astype(np.float64), 7777 * n)
        mix += np.resize(line, count)
    return as_int16(mix * 2000 / max(1.0, float(mix.std())))


def music(seconds: float) -> Int16:
    """Chords with overtones that change on a beat."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    beat = (times * 2).astype(int)
    mix = np.zeros(len(times))
    for offset, (part, overtone) in enumerate(itertools.product((0, 4, 7), (1, 2, 3))):
        pitch = 220 * 2 ** ((part + np.array([0, 5, 7, 3])[beat % 4]) / 12)
        mix += np.sin(2 * np.pi * np.cumsum(pitch * overtone) / SAMPLE_RATE + offset) / overtone
    return as_int16(mix * 2500 * np.exp(-3 * ((times * 2) % 1)))


def coughs(seconds: float) -> Int16:
    """A burst of breath, then a voiced rasp, every two seconds."""
    count = round(seconds * SAMPLE_RATE)
    times = (np.arange(count) / SAMPLE_RATE) % 2.0
    burst = white(count, 5) * np.exp(-times / 0.06) * (times < 0.4)
    rasp = np.sign(np.sin(2 * np.pi * 110 * times)) * white(count, 6) * ((times > 0.1) & (times < 0.3))
    return as_int16(7000 * burst + 3000 * rasp)


def song(seconds: float) -> Int16:
    """A melody with vibrato and overtones, over a drum."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    notes = np.array([0, 2, 4, 5, 7, 9, 7, 4])[(times * 3).astype(int) % 8]
    phase = _phase(262 * 2 ** (notes / 12) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * times)))
    voice = sum(np.sin(k * phase) / k**0.7 for k in range(1, 12)) * np.exp(-2 * ((times * 3) % 1))
    return as_int16(1800 * voice + 3000 * white(len(times), 3) * np.exp(-((times * 2) % 1) / 0.03))


def hum(seconds: float) -> Int16:
    """A machine, or somebody who hums: overtones of a pitch that wanders."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = _phase(180 * (1 + 0.1 * np.sin(2 * np.pi * 0.4 * times)))
    tone = sum(np.sin(k * phase) / k for k in range(1, 8))
    return as_int16(2500 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 1.3 * times)))


def claps(seconds: float) -> Int16:
    """Knocks, keys, claps: a burst of 15 ms, thrice in two seconds."""
    times = (np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE) % 0.7
    return as_int16(12_000 * white(len(times), 9) * np.exp(-times / 0.015))


def _phase(hertz: Floats) -> Floats:
    return np.cumsum(2 * np.pi * hertz / SAMPLE_RATE)
