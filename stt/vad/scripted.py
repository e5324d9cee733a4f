"""A detector for tests on a virtual clock: the audio itself is the script. Any sample but zero is speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import VadSettings
    from stt.types import Int16


class ScriptedDetector:
    """Voiced when any sample is not zero. ``frame_samples`` as given, Silero's 512 by default."""

    def __init__(self, frame_samples: int = 512) -> None:
        self.frame_samples = frame_samples

    def probability(self, samples: Int16) -> float:
        """1.0 or 0.0."""
        return 1.0 if samples.any() else 0.0

    def reset(self) -> None:
        """Nothing to forget."""


def create(settings: VadSettings) -> ScriptedDetector:  # noqa: ARG001  # every backend is made the same way
    """A new detector with Silero's frame."""
    return ScriptedDetector()
