"""Where a second voice goes on when the first one broke off in mid-sentence. Pure.

The two voices share no clock, so the place is an estimate, and the rule is: say a word twice rather than not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tts.loudness import FRAME_S, QUIET, frame_levels

if TYPE_CHECKING:
    from tts.types import Int16

PAUSE_FRAMES = 2
"""Quiet frames in a row that make a pause: 40 ms."""


def resume_at(samples: Int16, sample_rate: int, *, delivered_s: float, expected_s: float) -> int:
    """The sample of the whole sentence from which the second voice speaks.

    ``delivered_s`` seconds of an expected ``expected_s`` had been given out by the first. The place is the end of
    the last pause before both that share and that time; without such a pause it is the beginning.
    """
    if delivered_s <= 0 or not len(samples):
        return 0
    share = min(1.0, delivered_s / max(expected_s, delivered_s, 1e-6))
    target = min(share * len(samples), delivered_s * sample_rate)
    levels = frame_levels(samples, sample_rate)
    if not levels.size or not levels.max():
        return int(target)
    quiet = levels < QUIET * levels.max()
    size = max(1, int(sample_rate * FRAME_S))
    ends = [end for end in _pause_ends(quiet.tolist()) if end * size <= target]
    return ends[-1] * size if ends else 0


def _pause_ends(quiet: list[bool]) -> list[int]:
    """Frames with sound that follow a pause."""
    ends = []
    run = 0
    for index, silent in enumerate(quiet):
        if not silent and run >= PAUSE_FRAMES:
            ends.append(index)
        run = run + 1 if silent else 0
    return ends


def tail_of(samples: Int16, start: int) -> Int16:
    """The rest from ``start``, faded in over 100 samples so that it does not click."""
    rest = samples[start:].copy()
    ramp = min(len(rest), 100)
    if start and ramp:
        rest[:ramp] = (rest[:ramp] * np.linspace(0.0, 1.0, ramp)).astype(np.int16)
    return rest
