"""One loudness for voices that come from outside: measured on what a voice says, set once, kept. Pure.

The first piece of a voice passes as it is (or is said unheard, when the engine is warmed) and tells the gain for all
that follow; so sentences of one voice keep their loudness among each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tts.loudness import gain_for

if TYPE_CHECKING:
    from tts.types import Int16

ENOUGH_S = 0.5
"""Seconds of speech that tell the loudness of a voice."""

FULL_SCALE = 32_768.0

LARGEST_S = 10.0
"""Seconds of speech that are looked at: more tells no more."""


class Leveler:
    """The gains of an engine's voices, by name."""

    def __init__(self) -> None:
        self._gains: dict[str, float] = {}

    def measuring(self, voice: str) -> Level:
        """The level of one piece of ``voice``."""
        return Level(self._gains, voice)


class Level:
    """Evens one piece and learns from it."""

    def __init__(self, gains: dict[str, float], voice: str) -> None:
        self._gains = gains
        self._voice = voice
        self._gain = gains.get(voice)
        self._heard: list[Int16] = []
        self._size = 0

    def evened(self, samples: Int16, sample_rate: int) -> Int16:
        """The samples at the voice's loudness."""
        if self._gain is None:
            if self._size < LARGEST_S * sample_rate:
                self._heard.append(samples)
                self._size += len(samples)
            return samples
        loud: Int16 = np.clip(np.round(samples * self._gain), -32_768, 32_767).astype(np.int16)
        return loud

    def learn(self, sample_rate: int) -> None:
        """The piece is over: set the voice's gain if it was not known and the piece was long enough."""
        if self._gain is None and self._size >= ENOUGH_S * sample_rate:
            self._gains[self._voice] = gain_for(np.concatenate(self._heard) / FULL_SCALE, sample_rate)
