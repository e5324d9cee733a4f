"""From the rate of a playback ring to the rate of a device that takes another one, block by block.

A loudspeaker keeps its rate for life, its devices need not: one that replaces a lost one may insist on its own. The
resampler holds samples back and gives them in lumps, so the first block takes a lead (``LEAD_S``) out of which every
later one is served: no silence is put between, and nothing is left out. Pure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tts import Int16

LEAD_S = 0.042
"""Seconds. The resampler was at most 20 ms behind between the rates of engines and devices, 40 ms down to 8 kHz."""


class Converter:
    """From ``source`` to ``target`` Hz."""

    def __init__(self, source: int, target: int) -> None:
        import soxr

        self._source, self._target = source, target
        self._lead = round(LEAD_S * source)
        # LQ: its output is 20 ms behind its input, that of HQ 40; both reject aliases to the last bit.
        self._stream = soxr.ResampleStream(source, target, 1, dtype="int16", quality="LQ")
        self._given = self._taken = 0
        self._ready: Int16 = np.zeros(0, np.int16)

    @property
    def ahead_s(self) -> float:
        """Seconds by which the next sample that is taken is ahead of the next one that is given."""
        return self._taken / self._source - self._given / self._target

    def wants(self, count: int) -> int:
        """Samples at the source's rate to take for the next ``count`` ones of the device."""
        return math.ceil((self._given + count) * self._source / self._target) + self._lead - self._taken

    def feed(self, block: Int16, count: int) -> Int16:
        """``block`` has as many samples as were wanted; exactly ``count`` for the device."""
        self._taken += len(block)
        self._given += count
        ready = np.concatenate((self._ready, self._stream.resample_chunk(block)))
        self._ready = ready[count:]
        return np.concatenate((ready[:count], np.zeros(max(0, count - len(ready)), np.int16)))
