"""Sound for the tests of hearing: the recordings of tests/audio, what is said in them, made-up signals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stt import SAMPLE_RATE, Int16, SpeechSegment

FOLDER = Path(__file__).parent.parent / "audio"


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of tests/audio."""

    path: Path
    text: str
    language: str
    speech: tuple[float, float]
    """Start and end, seconds."""
    duration: float
    """Seconds."""


def recordings() -> list[Recording]:
    """All of them, as the manifest says."""
    return [
        Recording(
            FOLDER / item["file"],
            item["text"],
            item["language"],
            (item["speech_start_s"], item["speech_end_s"]),
            item["duration_s"],
        )
        for item in json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    ]


def recording(name: str) -> Recording:
    return next(item for item in recordings() if item.path.name == name)


def silence(seconds: float) -> Int16:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def noise(seconds: float, rms: float, seed: int = 0) -> Int16:
    """White noise; ``rms`` in sample steps."""
    return np.random.default_rng(seed).normal(0, rms, round(seconds * SAMPLE_RATE)).astype(np.int16)


def tone(seconds: float, hertz: float = 440.0, amplitude: float = 8000.0, rate: int = SAMPLE_RATE) -> Int16:
    times = np.arange(round(seconds * rate)) / rate
    return np.rint(amplitude * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def segment(samples: Int16, utterance: int = 1, revision: int = 0) -> SpeechSegment:
    return SpeechSegment(utterance, revision, samples, 0.0, len(samples) / SAMPLE_RATE)
