"""No voice: silence as long as the words would take, so that a turn goes on and its text can be read meanwhile.

For machines without sound, and as the last of ``tts.backends`` where text matters more than sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tts.duration import rest_after, spoken_seconds
from tts.types import SpeechChunk, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from config import Settings

SAMPLE_RATE = 16_000
"""Hertz; silence needs no more."""

CHUNK_S = 1.0
"""Longest chunk, seconds."""


def create(settings: Settings) -> SilentSynthesizer:
    """Silence has no options."""
    del settings
    return SilentSynthesizer()


class SilentSynthesizer:
    """Takes the time that speech would take."""

    name = "silent"

    async def warm(self, language: str) -> None:
        """Silence is ready in every language."""

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Silence of the estimated length, in chunks of at most ``CHUNK_S``."""
        del language, voice
        left = int((spoken_seconds(text, speed) + rest_after(text, speed)) * SAMPLE_RATE)
        step = int(CHUNK_S * SAMPLE_RATE)
        while left > step:
            yield SpeechChunk(np.zeros(step, np.int16), SAMPLE_RATE, text, False, self.name)
            left -= step
        yield SpeechChunk(np.zeros(left, np.int16), SAMPLE_RATE, text, True, self.name)

    async def voices(self) -> tuple[Voice, ...]:
        """There is no voice to choose."""
        return ()

    async def aclose(self) -> None:
        """Nothing is held."""
