"""One loudness for all voices. Pure; samples are mono int16 or float, full scale 1.0 for float.

A gain is set once per voice and holds for every sentence, so that a quiet sentence stays quieter than a loud one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tts.types import Int16

TARGET_RMS = 0.1
"""RMS of the audible parts, full scale 1.0 (-20 dBFS): where eSpeak's French and English voices are by themselves."""

PEAK = 0.95
"""The gain lets the measured sample peak no higher than this."""

MAX_GAIN = 8.0
"""A voice so quiet that it needs more is left quiet: that is noise, not speech."""

FRAME_S = 0.02
"""Length of the frames whose level is taken, seconds."""

QUIET = 0.1
"""A frame below this share of the loudest one counts as a pause."""

Floats = npt.NDArray[np.float64]


def frame_levels(samples: npt.NDArray[np.generic], sample_rate: int) -> Floats:
    """RMS of each whole frame of ``FRAME_S``, in the unit of the samples."""
    size = max(1, int(sample_rate * FRAME_S))
    whole = samples[: len(samples) // size * size].astype(np.float64).reshape(-1, size)
    levels: Floats = np.sqrt((whole**2).mean(axis=1))
    return levels


def gain_for(samples: npt.NDArray[np.floating], sample_rate: int) -> float:
    """The factor that brings a voice to ``TARGET_RMS``, from a sample of it; 1.0 for silence."""
    levels = frame_levels(samples, sample_rate)
    if not levels.size or levels.max() <= 1e-4:
        return 1.0
    audible = levels[levels >= QUIET * levels.max()]
    rms = float(np.sqrt((audible**2).mean()))
    return min(TARGET_RMS / rms, PEAK / float(np.abs(samples).max()), MAX_GAIN)


def to_int16(samples: npt.NDArray[np.floating], gain: float = 1.0) -> Int16:
    """Float samples, full scale 1.0, as int16; what would go beyond full scale is held there."""
    clipped: Int16 = (
        (np.clip(np.nan_to_num(samples * gain, posinf=1.0, neginf=-1.0), -1.0, 1.0) * 32767)
        .round()
        .astype(np.int16)
    )
    return clipped


def trimmed_start(samples: Int16, threshold: int = 32, keep: int = 0) -> Int16:
    """Without the silence that it begins with (below ``threshold``), but for ``keep`` samples of it."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > threshold)
    return samples[max(0, int(loud[0]) - keep) :] if loud.size else samples[:0]
