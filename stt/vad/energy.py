"""Loudness over the room's own noise: no library, no model; for quiet rooms and as the last resort.

The floor is the quietest smoothed level of the last seconds, kept as the minima of short stretches, so that
it follows a fan that is switched on within that time while speech, which always dips, does not raise it. The
probability is a logistic curve of the level over the floor. Deterministic and pure numpy.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from config import VadSettings
    from stt.types import Int16

FRAME = 320
"""20 ms."""
STRETCH = 25
"""Frames of one stretch (0.5 s), of which the minimum is kept."""
STRETCHES = 8
"""Stretches that the floor looks back (4 s): longer than people speak without a dip."""
OVER_DB = 9.0
"""Level over the floor at which speech is as likely as not."""
SLOPE_DB = 1.5
"""Decibels from probability 0.5 to 0.73."""
QUIETEST_DB = 34.0
"""Floor of the floor, re one sample step: digital silence must not make a whisper of hiss loud."""
SMOOTHING = 0.5
"""Weight of the newest frame in the level."""


class Energy:
    """A detector of one conversation."""

    frame_samples = FRAME

    def __init__(self) -> None:
        self.reset()

    def probability(self, samples: Int16) -> float:
        """Probability (0-1) by level alone that these 320 samples hold speech."""
        power = float(np.var(samples, dtype=np.float32))  # not the offset that cheap microphones add
        level = max(10 * math.log10(power + 1), QUIETEST_DB)
        self._level += SMOOTHING * (level - self._level)
        self._follow()
        over = level - min(*self._minima, self._lowest)
        return 1 / (1 + math.exp(-(over - OVER_DB) / SLOPE_DB))

    def reset(self) -> None:
        """Forget all frames."""
        self._level = QUIETEST_DB
        self._lowest = math.inf
        self._count = 0
        self._minima: deque[float] = deque([QUIETEST_DB + OVER_DB], maxlen=STRETCHES)

    def _follow(self) -> None:
        """Take the smoothed level into the minimum of the running stretch."""
        self._lowest = min(self._lowest, self._level)
        self._count += 1
        if self._count == STRETCH:
            self._minima.append(self._lowest)
            self._count, self._lowest = 0, self._level


def create(settings: VadSettings) -> Energy:  # noqa: ARG001  # every backend is made the same way
    """A new detector."""
    return Energy()
