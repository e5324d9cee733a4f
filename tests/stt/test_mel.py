"""The log-mel picture, against the extractor of faster-whisper."""

from __future__ import annotations

import numpy as np
import pytest

from stt import SAMPLE_RATE, load_audio
from stt.mel import log_mel
from tests.stt.material import FOLDER

reference = pytest.importorskip("faster_whisper.feature_extractor")


def sounds() -> dict[str, np.ndarray]:
    random = np.random.default_rng(5)
    speech = load_audio(FOLDER / "fr_16k.wav") / np.float32(32768)
    time = np.arange(2 * SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
    return {
        "speech": speech.astype(np.float32),
        "noise": random.normal(0, 0.1, 128_000).astype(np.float32),
        "sweep": np.sin(2 * np.pi * (50 + 1900 * time) * time).astype(np.float32),
        "silence": np.zeros(16_000, np.float32),
        "loud": (10 * random.normal(0, 1, 16_000)).astype(np.float32),
        "an odd length": random.normal(0, 0.1, 12_345).astype(np.float32),
        "shortest": random.normal(0, 0.1, 400).astype(np.float32),
    }


@pytest.mark.parametrize("name", sounds())
def test_it_is_whispers_own(name: str) -> None:
    samples = sounds()[name]
    wanted = reference.FeatureExtractor()(samples, padding=0)
    found = log_mel(samples)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape == (80, len(samples) // 160)
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_eight_seconds_are_800_frames() -> None:
    samples = np.random.default_rng(6).normal(0, 0.1, 8 * SAMPLE_RATE).astype(np.float32)
    assert log_mel(samples).shape == (80, 800)
