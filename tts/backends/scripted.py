"""A voice that follows a script: its timing and failures are data, and it records what it was asked to say.

For tests of everything that speaks. Time is a ``Clock``'s, and each wait is to an absolute time, so that a test on a
clock that stands still decides when each chunk comes. The sound shows the text: each character takes the same time,
letters and digits sound, all else is silence; so what was heard can be read off the samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from common.clock import Clock, LiveClock
from tts.base import TTSError, TTSUnavailable
from tts.types import Int16, SpeechChunk, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from config import Settings

LEVEL = 8000
"""Amplitude of what sounds."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The engine breaks, once, when it is asked for this text."""

    text: str
    after_chunks: int = 0
    """Chunks that still come."""
    error: TTSError = field(
        default_factory=lambda: TTSUnavailable("The script says that this voice fails here.")
    )


@dataclass(frozen=True, slots=True)
class SpeechScript:
    """How the voice behaves."""

    seconds_per_character: float = 0.06
    """Seconds of speech."""
    first_chunk_s: float = 0.0
    """Seconds of work before the first chunk."""
    work_per_second: float = 0.0
    """Seconds of work for each second of speech after the first chunk."""
    chunk_s: float = 0.2
    """Seconds of speech per chunk."""
    sample_rate: int = 16_000
    """Hertz."""
    expected: tuple[str, ...] = ()
    """Texts that ``assert_complete`` wants to have been asked for, in this order; others may come between."""
    failures: tuple[Failure, ...] = ()
    not_warm: Mapping[str, TTSError] = field(default_factory=dict)
    """What ``warm`` raises, by language."""

    def __post_init__(self) -> None:
        if self.seconds_per_character <= 0 or self.chunk_s <= 0 or self.sample_rate <= 0:
            raise ValueError("a script needs a positive pace, chunk length and sample rate")
        if self.first_chunk_s < 0 or self.work_per_second < 0:
            raise ValueError("work takes no negative time")


@dataclass(frozen=True, slots=True)
class Call:
    """What the voice was asked to say."""

    text: str
    language: str
    voice: str | None
    speed: float
    at: float
    """Seconds on the script's clock."""


def create(settings: Settings) -> ScriptedSynthesizer:
    """A voice that is always ready and never fails."""
    del settings
    return ScriptedSynthesizer(SpeechScript())


class ScriptedSynthesizer:
    """Plays its script; ``calls`` and ``active`` are for the epilogue of a test."""

    def __init__(self, script: SpeechScript, *, clock: Clock | None = None, name: str = "scripted") -> None:
        self.name = name
        self.calls: list[Call] = []
        self.active = 0
        """Pieces that are being spoken right now."""
        self.closed = False
        self._script = script
        self._clock = clock
        self._failures = list(script.failures)

    async def warm(self, language: str) -> None:
        """Ready, or what the script raises."""
        if error := self._script.not_warm.get(language):
            raise error

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """The script's chunks at the script's times."""
        clock = self._clock = self._clock or LiveClock()
        begun = clock.now()
        self.calls.append(Call(text, language, voice, speed, begun))
        failure = self._take_failure(text)
        self.active += 1
        try:
            pieces = self._cut(render(text, self._script, speed))
            for index, piece in enumerate(pieces):
                await clock.sleep_until(begun + self._due(index))
                if failure and index >= failure.after_chunks:
                    raise failure.error
                last = index == len(pieces) - 1
                yield SpeechChunk(piece, self._script.sample_rate, text, last, self.name)
            if failure:
                raise failure.error
        finally:
            self.active -= 1

    async def voices(self) -> tuple[Voice, ...]:
        """One, for every language."""
        return (Voice(self.name, "*", self.name, installed=True),)

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def assert_complete(self) -> None:
        """Raise AssertionError when a part of the script was not played, or a piece is still being spoken."""
        asked = iter(call.text for call in self.calls)
        missing = [text for text in self._script.expected if text not in asked]
        if missing or self._failures or self.active:
            raise AssertionError(
                f"not asked for: {missing}; not failed: {self._failures}; active: {self.active}"
            )

    def _due(self, index: int) -> float:
        return self._script.first_chunk_s + index * self._script.chunk_s * self._script.work_per_second

    def _cut(self, samples: Int16) -> list[Int16]:
        size = max(1, round(self._script.chunk_s * self._script.sample_rate))
        return [samples[start : start + size] for start in range(0, len(samples), size)] or [samples]

    def _take_failure(self, text: str) -> Failure | None:
        for failure in self._failures:
            if failure.text == text:
                self._failures.remove(failure)
                return failure
        return None


def render(text: str, script: SpeechScript, speed: float = 1.0) -> Int16:
    """The sound of a text: character i sounds from i to i + 1 times ``seconds_per_character``."""
    size = round(script.seconds_per_character * script.sample_rate / speed)
    sounding = np.array([character.isalnum() for character in text], np.int16)
    square = np.where(np.arange(size) % 2, LEVEL, -LEVEL).astype(np.int16)
    samples: Int16 = (sounding[:, None] * square[None, :]).reshape(-1).astype(np.int16)
    return samples
