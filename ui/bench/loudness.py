"""Where sound begins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

AUDIBLE = 300
"""Amplitude (of 32767) from which a sample counts as heard, about -40 dBFS; the pipeline counts so too."""


def first_audible(samples: npt.NDArray[np.int16]) -> int | None:
    """Number of the first audible sample; None when there is none."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    return int(loud[0]) if len(loud) else None


def last_audible(samples: npt.NDArray[np.int16]) -> int | None:
    """Number of the last audible sample; None when there is none."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    return int(loud[-1]) if len(loud) else None
