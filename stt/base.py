"""The seams of hearing: signatures and the error tree, nothing else.

    STTError                    something in hearing failed
    ├── STTUnavailable          the engine or its model cannot work here and now (no weights, out of memory)
    ├── STTTimedOut             the engine did not answer in time
    ├── STTRejected             the input is not something an engine can hear (empty, NaN, not mono)
    ├── AudioUnreadable         a file or stream cannot be read as audio
    └── STTBackendMissing       a library is not installed; the message names the install command

A message is one sentence for a person: what is wrong and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from stt.types import AudioFrame, Int16, SpeechSegment, Transcript


class STTError(Exception):
    """Something in hearing failed."""


class STTUnavailable(STTError):
    """The engine or its model cannot work here and now."""


class STTTimedOut(STTError):
    """The engine did not answer in time."""


class STTRejected(STTError):
    """The input is not something an engine can hear."""


class AudioUnreadable(STTError):
    """A file or stream cannot be read as audio."""


class STTBackendMissing(STTError):
    """A library is not installed."""


class AudioSource(Protocol):
    """Where frames come from. Iterate once; close twice is fine."""

    live: bool
    """True when samples arrive in real time by themselves; False when the reader sets the pace."""

    def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of exactly ``size`` samples at 16 kHz; the last one is padded with silence."""

    async def aclose(self) -> None:
        """Give back the device or the file."""


class VoiceDetector(Protocol):
    """Frame in, probability of speech out. Keeps state between frames; one per conversation."""

    frame_samples: int
    """Samples at 16 kHz that each call takes."""

    def probability(self, samples: Int16) -> float:
        """Probability (0-1) that this frame holds speech."""

    def reset(self) -> None:
        """Forget all frames."""


@runtime_checkable
class BatchTranscriber(Protocol):
    """A transcriber that can decode several segments at once."""

    async def transcribe_batch(
        self, segments: Sequence[SpeechSegment], *, language: str, prompt: str | None = None
    ) -> list[Transcript]:
        """Decode several segments of at most 30 s, all in ``language``. Raises an STTError."""


class Transcriber(Protocol):
    """Segment in, transcript out. ``backends/NAME.py`` exports ``create(options) -> Transcriber``."""

    async def warm(self) -> None:
        """Load and exercise the model, so that the first utterance is as fast as the next.

        Raises STTUnavailable when the model cannot be had, STTBackendMissing when a library lacks.
        """

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode a whole segment. ``language`` None lets the engine detect it.

        Raises an STTError. Cancelling leaves at once; the engine is free again when its work ends.
        """

    async def aclose(self) -> None:
        """Free the engine; twice is fine."""
