"""From sentences to a clip: a voice is drawn, the sentences are spoken and set into silence, noise and gain.

No files here. The draws of `random.Random` and of numpy's generator come in a fixed order, which is part of the recipe:
change it and the same seed gives other clips.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.tiny_whisper.espeak import SAMPLE_RATE, Espeak, Floats, Span, Voice
from scripts.tiny_whisper.noise import lowpass, noise, tilt

STD_VARIANTS = ("", "m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f3", "f5")
EXTRA_VARIANTS = tuple(
    (
        "Alex Andy Annie Denis Gene Hugo Jacky Lee Mario Mike Nguyen adam belinda benjamin caleb david ed edward "
        "john linda max michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph travis victor zac"
    ).split()
)
TRAIN_BASES = {
    "en": ("en-us", "en-us", "gmw/en", "gmw/en", "en-gb-scotland", "en-029", "en-gb-x-gbcwmd"),
    "fr": ("roa/fr", "roa/fr", "fr-be"),
}
HELD_VARIANTS = ("m5", "f4", "Andrea", "Michael", "marcelo")
"""Never used in training."""
HELD_BASES = {"en": ("en-gb-x-rp", "en-us-nyc", "en-us", "gmw/en"), "fr": ("fr-ch", "roa/fr", "fr-be")}
"""Of these accents, en-gb-x-rp, en-us-nyc and fr-ch are never used in training."""

Segment = tuple[str, float, float, list[Span]]
"""(text, start, end, spans of the words): seconds in the clip."""


@dataclass(slots=True)
class Clip:
    """One training or validation example. Plain enough to be pickled; `samples` is dropped once `mel` is made."""

    lang: str
    segs: list[Segment]
    voice: str | None = None
    """espeak-ng's name; None for a clip without speech"""
    cut: bool = False
    """the last words are missing, as in a buffer that is still growing"""
    samples: Floats | None = None
    mel: np.ndarray | None = None
    """(80, frames) float16"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands round the speech of a clip, and what is done to it."""

    lead: float
    """s of silence before"""
    gaps: Sequence[float]
    """s between the parts"""
    tail: float
    """s after"""
    gain_db: float
    """of the peak, dB below full scale"""
    snr_db: float | None = None
    noise: str = "white"
    lowpass: float | None = None
    """Hz"""
    tilt: float | None = None


def place(parts: Sequence[Floats], setting: Setting, rng: np.random.Generator) -> tuple[Floats, list[float]]:
    """Set speech into its surroundings -> (clip, the start of each part in seconds)."""
    position = int(setting.lead * SAMPLE_RATE)
    pieces, offsets = [np.zeros(position, np.float32)], []
    for part, pause in zip(parts, (*setting.gaps, setting.tail), strict=True):
        offsets.append(position / SAMPLE_RATE)
        silence = np.zeros(int(pause * SAMPLE_RATE), np.float32)
        pieces += [part, silence]
        position += len(part) + len(silence)
    sound: Floats = np.concatenate(pieces)
    if setting.tilt:
        sound = tilt(sound, setting.tilt)
    if setting.lowpass:
        sound = lowpass(sound, setting.lowpass)
    peak = 10 ** (setting.gain_db / 20)
    sound = sound / (np.abs(sound).max() + 1e-9) * peak
    if setting.snr_db is not None:
        speech = np.concatenate(parts)
        level = np.sqrt(np.mean(speech**2)) / (np.abs(speech).max() + 1e-9) * peak
        sound = sound + noise(len(sound), rng, setting.noise) * level * 10 ** (-setting.snr_db / 20)
    return np.clip(sound, -1, 1).astype(np.float32), offsets


def draw_voice(lang: str, rng: random.Random, held: bool) -> Voice:
    """A voice of the training set, or with `held` one that is never in it."""
    if held:
        name = rng.choice(HELD_BASES[lang]) + "+" + rng.choice(HELD_VARIANTS)
    else:
        variant = rng.choice(STD_VARIANTS) if rng.random() < 0.6 else rng.choice(EXTRA_VARIANTS)
        name = rng.choice(TRAIN_BASES[lang]) + ("+" + variant if variant else "")
    return Voice(name, rng.uniform(118, 202), rng.uniform(25, 75), rng.uniform(20, 80))


def _margin(rng: random.Random, short: float, long: float) -> float:
    """Seconds of silence: mostly 0.1 to 1, sometimes almost none, sometimes up to `long`."""
    draw = rng.random()
    if draw < 0.75:
        return rng.uniform(0.1, 1.0)
    return rng.uniform(0, 0.1) if draw < short else rng.uniform(1, long)


def draw_setting(parts: int, cut: bool, rng: random.Random) -> Setting:
    """Silence, gain, noise and filters for a clip of so many parts; a cut clip ends almost at once."""
    lead = _margin(rng, 0.9, 2.5)
    tail = _margin(rng, 0.92, 3)
    if cut:
        tail = rng.choice([0.0, 0.0, rng.uniform(0, 0.6)])
    gaps = [rng.uniform(0.25, 0.9) for _ in range(parts)][: parts - 1]
    snr = None if rng.random() < 0.35 else rng.uniform(14, 45)
    return Setting(
        lead=lead,
        tail=tail,
        gaps=gaps,
        snr_db=snr,
        gain_db=rng.uniform(-24, -1),
        noise=rng.choice(["white", "pink", "brown"]),
        lowpass=rng.uniform(3400, 7500) if rng.random() < 0.12 else None,
        tilt=rng.uniform(-0.5, 0.7) if rng.random() < 0.25 else None,
    )


def _cut(text: str, samples: Floats, spans: list[Span], rng: random.Random) -> tuple[str, Floats, list[Span]]:
    """Keep a random prefix of the words, sometimes with the beginning of the next one in the sound."""
    words = text.split()
    keep = rng.randint(1, len(words) - 1)
    start, end = spans[keep]
    stop = start + (rng.uniform(0, 0.4) * (end - start) if rng.random() < 0.5 else 0)
    kept = samples[: max(1600, int(stop * SAMPLE_RATE))]
    return " ".join(words[:keep]).rstrip(",.?"), kept, spans[:keep]


def make_clip(
    es: Espeak,
    lang: str,
    texts: Sequence[str],
    rngs: tuple[random.Random, np.random.Generator],
    *,
    held: bool = False,
    cut: bool = False,
) -> Clip:
    """Speak the sentences with one voice; `cut` keeps only a random prefix of the (only) sentence."""
    rng, nrng = rngs
    voice = draw_voice(lang, rng, held)
    spoken = [(text, speech.samples, speech.words) for text in texts for speech in [es.say(text, voice)]]
    if cut:
        spoken = [_cut(*spoken[0], rng)]
    setting = draw_setting(len(spoken), cut, rng)
    samples, offsets = place([part for _, part, _ in spoken], setting, nrng)
    segments: list[Segment] = [
        (text, offset, offset + len(part) / SAMPLE_RATE, [(a + offset, b + offset) for a, b in spans])
        for (text, part, spans), offset in zip(spoken, offsets, strict=True)
    ]
    return Clip(lang, segments, voice.name, cut, samples)
