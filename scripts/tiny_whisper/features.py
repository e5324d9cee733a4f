"""Log-mel features for training, the same values as faster-whisper's own extractor, without its 30 s padding.

Pure apart from the mel filters, which are read once from faster-whisper so that both can never differ.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from scripts.tiny_whisper.espeak import SAMPLE_RATE, Floats

HOP = SAMPLE_RATE // 100
"""Samples between two frames: 10 ms."""
WINDOW = 400
"""Samples: 25 ms."""


@cache
def _filters() -> tuple[Floats, Floats]:
    from faster_whisper.feature_extractor import FeatureExtractor

    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    return FeatureExtractor().mel_filters.astype(np.float32), window


def log_mel(samples: Floats) -> Floats:
    """(80, frames) of mono 16 kHz sound: `FeatureExtractor()(samples)[:, :-1]` with a 32-bit FFT."""
    filters, window = _filters()
    padded = np.pad(np.asarray(samples, np.float32), (0, HOP))
    padded = np.pad(padded, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * window
    power = np.abs(np.fft.rfft(frames, axis=1)[:-1]) ** 2
    logs = np.log10(np.maximum(filters @ power.T, 1e-10))
    logs = np.maximum(logs, logs.max() - 8.0)
    mel: Floats = ((logs + 4.0) / 4.0)[:, :-1].astype(np.float32)
    return mel
