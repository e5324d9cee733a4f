"""WebRTC's voice detector: a few microseconds per frame, a plain yes or no, easily fooled by loud noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stt.base import STTBackendMissing
from stt.types import SAMPLE_RATE

if TYPE_CHECKING:
    from config import VadSettings
    from stt.types import Int16

FRAME = 480
"""30 ms, the longest frame it takes."""
MODE = 2
"""Aggressiveness 0-3: below 2 it fires in quiet rooms, at 3 it is slower to see an onset."""


class WebRtc:
    """A detector of one conversation."""

    frame_samples = FRAME

    def __init__(self, library: Any) -> None:  # noqa: ANN401  # webrtcvad has no types
        self._library = library
        self.reset()

    def probability(self, samples: Int16) -> float:
        """1.0 when these 480 samples hold speech, else 0.0."""
        return 1.0 if self._vad.is_speech(samples.tobytes(), SAMPLE_RATE) else 0.0

    def reset(self) -> None:
        """Forget all frames: the library can only be made anew."""
        self._vad = self._library.Vad(MODE)


def create(settings: VadSettings) -> WebRtc:  # noqa: ARG001  # every backend is made the same way
    """A new detector."""
    try:
        import webrtcvad
    except ImportError as error:
        raise STTBackendMissing(
            "The webrtc voice detector needs webrtcvad-wheels: run `pip install webrtcvad-wheels`."
        ) from error
    return WebRtc(webrtcvad)
