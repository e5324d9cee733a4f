"""The log-mel picture of a sound, as Whisper and whatever was trained on its encoder expect it. Pure.

Own code on numpy, because the two places to take it from are torch-sized (transformers) or load CTranslate2
(faster-whisper). Numerically it is faster-whisper's extractor without its padding; ``tests/stt/test_mel.py`` holds it.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stt.types import SAMPLE_RATE

Floats: TypeAlias = npt.NDArray[np.float32]

BANDS = 80
WINDOW, HOP = 400, 160
"""Samples: 25 ms, every 10 ms."""
LINEAR_HZ, STEPS = 1000.0, 27
"""Slaney's scale: bands of equal width up to 1 kHz, then 27 of them for each factor of 6.4."""
MEL_HZ = 200.0 / 3
"""Width of a band below LINEAR_HZ."""
RANGE = 8.0
"""Tenfold steps of power below the loudest point that are told apart."""


def log_mel(samples: Floats) -> Floats:
    """(80, n // 160) of n mono samples at 16 kHz, at least 400 of them."""
    padded = np.pad(np.asarray(samples, np.float32), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: len(samples) // HOP]
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    logs = np.log10(np.maximum(_filters() @ power.T.astype(np.float32), 1e-10))
    scaled: Floats = ((np.maximum(logs, logs.max() - RANGE) + 4.0) / 4.0).astype(np.float32)
    return scaled


@cache
def _filters() -> Floats:
    """(80, 201): triangles on Slaney's mel scale up to 8 kHz, each of the same area."""
    corners = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))
    filters: Floats = (triangles * 2.0 / (high - low)).astype(np.float32)
    return filters


def _mel(hertz: float) -> float:
    """The mel of a frequency above LINEAR_HZ."""
    return LINEAR_HZ / MEL_HZ + float(np.log(hertz / LINEAR_HZ)) * STEPS / float(np.log(6.4))


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The frequencies of mels."""
    edge = LINEAR_HZ / MEL_HZ
    above = LINEAR_HZ * np.exp((mels - edge) * np.log(6.4) / STEPS)
    return np.where(mels < edge, mels * MEL_HZ, above)
