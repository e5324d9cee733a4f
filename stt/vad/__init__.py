"""Voice detectors, one per file: its name is the value of ``vad.backend``; it exports ``create(settings)``.

A detector takes frames of ``frame_samples`` at 16 kHz and gives the probability that each holds speech. It
keeps state between frames, so each conversation has its own; what is costly to load is shared inside the
backend's file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from config import VadSettings
    from stt.base import VoiceDetector


def create_detector(settings: VadSettings) -> VoiceDetector:
    """A new detector. Raises STTBackendMissing or STTUnavailable."""
    return cast("VoiceDetector", import_module(f"stt.vad.{settings.backend}").create(settings))
