"""One engine speaking one piece, watched: time limits, the cut start, and how fast it was against real time.

No choice of engine and no state that outlives the piece: those are the manager's. A time limit is never open while a
reader holds a chunk, so that a slow listener is no slow engine.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tts.base import TTSTimedOut
from tts.cache import Speech
from tts.duration import spoken_seconds
from tts.onset import Onset
from tts.takeover import resume_at, tail_of
from tts.types import SpeechChunk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tts.base import Synthesizer

PATIENCE = 2.0
"""A piece may take this many times its spoken length, on top of the time for one chunk."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be said, and how."""

    text: str
    """As it was written: what its chunks carry."""
    spoken: str
    """As the engine gets it."""
    language: str
    """ISO 639-1."""
    voice: str | None
    speed: float

    @property
    def seconds(self) -> float:
        """How long it should take to say."""
        return spoken_seconds(self.spoken, self.speed)


class Attempt:
    """One engine's try at one piece."""

    def __init__(self, synthesizer: Synthesizer, piece: Piece, stall_s: float) -> None:
        self._synthesizer = synthesizer
        self._piece = piece
        self._stall_s = stall_s
        self.waited_s = 0.0
        """Seconds for which the engine kept its reader waiting."""
        self.sound_s = 0.0
        """Seconds of speech that it gave for that."""

    @property
    def behind_s(self) -> float:
        """Seconds by which it was slower than real time; negative when it was quicker."""
        return self.waited_s - self.sound_s

    async def chunks(self) -> AsyncGenerator[SpeechChunk, None]:
        """The piece's chunks, without leading silence. Keep it under ``contextlib.aclosing``. Raises a TTSError."""
        piece = self._piece
        speech = self._synthesizer.speak(
            piece.spoken, language=piece.language, voice=piece.voice, speed=piece.speed
        )
        onset: Onset | None = None
        async with aclosing(speech) as chunks:
            while (chunk := await self._next(chunks)) is not None:
                onset = onset or Onset(chunk.sample_rate)
                self.sound_s += chunk.duration
                samples = onset.feed(chunk.samples, last=chunk.last_of_sentence)
                if len(samples) or chunk.last_of_sentence:
                    yield replace(chunk, samples=samples, text=piece.text)
                if chunk.last_of_sentence:
                    return

    async def _next(self, chunks: AsyncGenerator[SpeechChunk, None]) -> SpeechChunk | None:
        """The next chunk, None at the end. Raises TTSTimedOut."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        left = self._stall_s + PATIENCE * self._piece.seconds - self.waited_s
        try:
            async with asyncio.timeout(max(0.0, min(self._stall_s, left))):
                return await anext(chunks, None)
        except TimeoutError as error:
            name = self._synthesizer.name
            if left < self._stall_s:
                raise TTSTimedOut(f"{name} is too slow for this machine; a smaller voice may do.") from error
            raise TTSTimedOut(
                f"{name} gave no sound for {self._stall_s:.0f} s; restart Prism if it stays so."
            ) from error
        finally:
            self.waited_s += loop.time() - begun


async def rest_of(
    attempt: AsyncGenerator[SpeechChunk, None], piece: Piece, delivered: float
) -> AsyncGenerator[SpeechChunk, None]:
    """The piece from where an earlier engine broke off, as one chunk."""
    async with aclosing(attempt) as chunks:
        whole = [chunk async for chunk in chunks]
    if not whole:
        return
    speech = joined(whole)
    rate = speech.sample_rate
    start = resume_at(speech.samples, rate, delivered_s=delivered, expected_s=piece.seconds)
    yield SpeechChunk(tail_of(speech.samples, start), rate, piece.text, True, whole[0].backend)


def joined(chunks: Sequence[SpeechChunk]) -> Speech:
    """The whole of a piece that one engine spoke."""
    return Speech(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate)
