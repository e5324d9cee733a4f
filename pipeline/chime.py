"""The sound of a timer: two soft bell strokes, computed once."""

from __future__ import annotations

from functools import cache

import numpy as np

from tts import SpeechChunk

RATE = 24_000
"""Hertz."""
STROKES = (880.0, 1174.7)
"""Hertz: A5 and D6, a fourth apart."""
STROKE_S = 0.35
FADE_S = 0.005
"""Seconds in which a stroke begins and ends, so that it does not click."""
LEVEL = 0.25
"""Of full scale: well below speech."""


@cache
def chime() -> SpeechChunk:
    """About a second of sound that speaks no text."""
    time = np.arange(int(STROKE_S * RATE)) / RATE
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / FADE_S)
    strokes = [np.sin(2 * np.pi * pitch * time) * np.exp(-time * 8) * fade for pitch in STROKES]
    sound = np.concatenate([*strokes, np.zeros(int(0.15 * RATE))])
    samples = np.asarray(sound * LEVEL * 32767, dtype=np.int16)
    return SpeechChunk(samples, RATE, "", last_of_sentence=True, backend="chime")
