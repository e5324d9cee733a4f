"""The start of a piece of speech: its leading silence cut, a little kept, faded in. Pure and streaming, one per piece.

A listener hears an engine's leading silence as slowness. Whoever listens to a piece that never sounds (a rest, a
silent voice) gets it as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tts.types import Int16

THRESHOLD = 64
"""Sample value above which something sounds: -54 dBFS, above the noise floor of Piper and below any consonant."""

KEEP_S = 0.004
"""Seconds kept before the onset: a plosive's burst begins below the threshold."""

FADE_S = 0.002
"""Seconds over which the kept start is faded in, so that cutting into a noise floor does not click."""

LONGEST_S = 1.0
"""A longer silence is meant: it is not cut."""


class Onset:
    """Feed it the piece's arrays in order; what comes out is what to play."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._held: Int16 | None = np.zeros(0, np.int16)  # None once it sounds

    def feed(self, samples: Int16, *, last: bool) -> Int16:
        """What can be played now, perhaps nothing yet."""
        if self._held is None:
            return samples
        held = np.concatenate([self._held, samples])
        loud = np.flatnonzero(np.abs(held.astype(np.int32)) > THRESHOLD)
        if loud.size == 0 and not last and len(held) <= LONGEST_S * self._rate:
            self._held = held
            return samples[:0]
        self._held = None
        if loud.size == 0 or loud[0] > LONGEST_S * self._rate:
            return held
        return self._faded(held, max(0, int(loud[0]) - int(KEEP_S * self._rate)))

    def _faded(self, held: Int16, start: int) -> Int16:
        ramp = min(int(FADE_S * self._rate), len(held) - start)
        if start == 0 or ramp == 0:
            return held
        kept = held[start:].copy()
        kept[:ramp] = (kept[:ramp] * np.linspace(0.0, 1.0, ramp)).astype(np.int16)
        return kept
