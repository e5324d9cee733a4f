"""The seams of speaking: signatures and the error tree, nothing else.

    TTSError                    something in speaking failed
    ├── TTSUnavailable          the engine or its voice cannot work here and now
    ├── TTSTimedOut             the engine did not answer in time
    ├── TTSRejected             the text or the voice is not something the engine can speak
    └── TTSBackendMissing       a library is not installed; the message names the install command

A message is one sentence for a person: what is wrong and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tts.types import SpeechChunk, Voice


class TTSError(Exception):
    """Something in speaking failed."""


class TTSUnavailable(TTSError):
    """The engine or its voice cannot work here and now."""


class TTSTimedOut(TTSError):
    """The engine did not answer in time."""


class TTSRejected(TTSError):
    """The text or the voice is not something the engine can speak."""


class TTSBackendMissing(TTSError):
    """A library is not installed."""


class Synthesizer(Protocol):
    """Text in, speech out. ``backends/NAME.py`` exports ``create(options) -> Synthesizer``."""

    name: str
    """The file's name, as in the config."""

    async def warm(self, language: str) -> None:
        """Load what ``language`` needs. Raises TTSUnavailable or TTSBackendMissing."""

    def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece of text, first chunk as early as the engine can.

        ``language`` is an ISO 639-1 code; ``voice`` None, or one that this engine does not have, means its default
        for the language; ``speed`` 1.0 is normal. The last chunk has ``last_of_sentence``. Raises a TTSError.
        Keep it under ``contextlib.aclosing``: closing stops the engine.
        """

    async def voices(self) -> tuple[Voice, ...]:
        """The voices that can be asked for by name. Raises a TTSError."""

    async def aclose(self) -> None:
        """Free the engine; twice is fine."""


@runtime_checkable
class Cacheable(Protocol):
    """A synthesizer whose speech is worth keeping: the same piece always sounds the same, and takes time to make."""

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """What, besides text and speed, decides how it sounds: engine and voice down to the voice's file.

        None when that is not known (yet): the piece is not kept. Cheap, and raises nothing.
        """
