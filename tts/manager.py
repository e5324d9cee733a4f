"""The voice of Prism: the first engine of ``tts.backends`` that works speaks; when it breaks, the next one goes on.

No word is lost silently: a piece whose engine fails is spoken by the next one, from where the first broke off, and
only when none is left does it end in a TTSError that names each with its reason. An engine that failed is left out
for a while, per language. The manager owns no task: everything is an async iterator that its reader pulls.

Each change of voice is told once to ``notify(switched_from, switched_to, reason)``, when the new voice begins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np

from tts.base import Synthesizer, TTSBackendMissing, TTSError, TTSRejected, TTSTimedOut, TTSUnavailable
from tts.duration import spoken_seconds
from tts.sentences import SentenceSplitter
from tts.takeover import resume_at, tail_of
from tts.types import SpeechChunk, SynthesisResult, Voice
from tts.wav import wav_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from config import Settings

Notify = Callable[[str, str, str], None]
"""``notify(switched_from, switched_to, reason)``."""

STALL_S = 20.0
"""Seconds without a chunk after which an engine counts as hung: a large voice loads and speaks well within."""

OUTAGE_S = 30.0
"""Seconds for which a failed engine is left out."""


class TTSManager:
    """All engines in the order of the configuration."""

    def __init__(
        self,
        synthesizers: Sequence[Synthesizer],
        *,
        voice: str | None = None,
        speed: float = 1.0,
        notify: Notify | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        if not synthesizers:
            raise ValueError("a manager needs at least one synthesizer")
        self._synthesizers = tuple(synthesizers)
        self._voice = voice
        self._speed = speed
        self._notify = notify
        self._stall_s = stall_s
        self._speaking = self._synthesizers[0].name
        self._working = tuple(synthesizer.name for synthesizer in self._synthesizers)
        self._out_until: dict[tuple[str, str], float] = {}  # (engine, language): loop time, s

    @classmethod
    def from_settings(cls, settings: Settings, notify: Notify | None = None) -> TTSManager:
        """The engines of ``tts.backends``, none of them loaded. Raises TTSUnavailable for an unknown name."""
        from tts.backends import create_synthesizer

        chosen = [create_synthesizer(name, settings) for name in dict.fromkeys(settings.tts.backends)]
        return cls(chosen, voice=settings.tts.voice, speed=settings.tts.speed, notify=notify)

    @property
    def working(self) -> tuple[str, ...]:
        """Names of the engines that spoke at least one language when they were warmed, the first one first."""
        return self._working

    async def warm(self, languages: Sequence[str]) -> None:
        """Load every engine for every language and leave out what does not work.

        Raises TTSBackendMissing (all lack a library) or TTSUnavailable when no engine speaks any of them.
        """
        reasons: dict[str, TTSError] = {}
        working: list[str] = []
        for synthesizer in self._synthesizers:
            for language in map(_primary, languages):
                try:
                    await synthesizer.warm(language)
                except TTSError as error:
                    reasons.setdefault(synthesizer.name, error)
                    self._leave_out(synthesizer, language, error)
                else:
                    working.append(synthesizer.name)
        if reasons and not working:
            raise _none_works(reasons)
        if working:
            self._working = tuple(dict.fromkeys(working))
            self._spoken_by(working[0], reasons.get(self._speaking))

    async def speak(self, text: str, *, language: str) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece. Keep it under ``contextlib.aclosing``. Raises a TTSError when no engine can.

        The sample rate may change in mid-piece, with the engine.
        """
        language = _primary(language)
        reasons: dict[str, TTSError] = {}
        delivered = 0.0
        for synthesizer in self._candidates(language):
            attempt = self._attempt(synthesizer, text, language)
            source = self._rest_of(attempt, text, delivered) if delivered else attempt
            try:
                async with aclosing(source) as chunks:
                    async for chunk in chunks:
                        self._spoken_by(chunk.backend, next(reversed(reasons.values()), None))
                        delivered += chunk.duration
                        yield chunk
                        if chunk.last_of_sentence:
                            return
                return
            except TTSError as error:
                reasons[synthesizer.name] = error
                self._leave_out(synthesizer, language, error)
        raise _none_works(reasons)

    async def stream(
        self, text_deltas: AsyncIterable[str], *, language: str, early: bool = True
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak a text while it is being written, its first clause early unless told otherwise.

        Keep it under ``contextlib.aclosing``.
        """
        async with aclosing(_pieces(text_deltas, SentenceSplitter(early=early))) as pieces:
            async for piece in pieces:
                async with aclosing(self.speak(piece, language=language)) as chunks:
                    async for chunk in chunks:
                        yield chunk

    async def synthesize(self, text: str, *, language: str) -> SynthesisResult:
        """Speak a whole text into a WAV file; a failure is in the result."""
        begun = time.perf_counter()
        first: float | None = None
        chunks: list[SpeechChunk] = []
        try:
            async with aclosing(self.stream(_once(text), language=language, early=False)) as spoken:
                async for chunk in spoken:
                    first = first or time.perf_counter()
                    chunks.append(chunk)
        except TTSError as error:
            waited = (time.perf_counter() - begun) * 1000
            return SynthesisResult(False, self._speaking, waited, b"", str(error))
        latency = ((first or time.perf_counter()) - begun) * 1000
        return SynthesisResult(True, self._speaking, latency, wav_bytes(chunks))

    async def voices(self) -> tuple[Voice, ...]:
        """What ``tts.voice`` may be, over all engines that work here."""
        found: list[Voice] = []
        for synthesizer in self._synthesizers:
            try:
                found += await synthesizer.voices()
            except (TTSUnavailable, TTSBackendMissing):
                continue
        return tuple(found)

    async def aclose(self) -> None:
        """Free every engine; twice is fine."""
        for synthesizer in self._synthesizers:
            await synthesizer.aclose()

    async def _attempt(
        self, synthesizer: Synthesizer, text: str, language: str
    ) -> AsyncGenerator[SpeechChunk, None]:
        """One engine's chunks; TTSTimedOut when it hangs. The time limit is never open while a reader holds a chunk."""
        speech = synthesizer.speak(text, language=language, voice=self._voice, speed=self._speed)
        async with aclosing(speech) as chunks:
            while True:
                try:
                    async with asyncio.timeout(self._stall_s):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise TTSTimedOut(
                        f"{synthesizer.name} gave no sound for {self._stall_s:.0f} s; restart Prism if it stays so."
                    ) from error
                yield chunk

    async def _rest_of(
        self, attempt: AsyncGenerator[SpeechChunk, None], text: str, delivered: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """The piece from where an earlier engine broke off, as one chunk."""
        async with aclosing(attempt) as chunks:
            whole = [chunk async for chunk in chunks]
        if not whole:
            return
        samples, rate = np.concatenate([chunk.samples for chunk in whole]), whole[0].sample_rate
        expected = spoken_seconds(text, self._speed)
        start = resume_at(samples, rate, delivered_s=delivered, expected_s=expected)
        yield SpeechChunk(tail_of(samples, start), rate, text, True, whole[0].backend)

    def _candidates(self, language: str) -> Sequence[Synthesizer]:
        """The engines to try, in order; all of them when all had failed."""
        now = asyncio.get_running_loop().time()
        until = self._out_until
        usable = [each for each in self._synthesizers if until.get((each.name, language), now) <= now]
        return usable or self._synthesizers

    def _leave_out(self, synthesizer: Synthesizer, language: str, error: TTSError) -> None:
        """An engine without its library stays out; one that merely refused this text stays in."""
        if isinstance(error, TTSRejected):
            return
        lasts = float("inf") if isinstance(error, TTSBackendMissing) else OUTAGE_S
        self._out_until[synthesizer.name, language] = asyncio.get_running_loop().time() + lasts

    def _spoken_by(self, name: str, error: TTSError | None) -> None:
        before, self._speaking = self._speaking, name
        if name != before and self._notify:
            self._notify(before, name, str(error) if error else f"{name} works again.")


def _none_works(reasons: dict[str, TTSError]) -> TTSError:
    """The one error, or all of them in one sentence."""
    errors = list(reasons.values())
    if len(errors) == 1:
        return errors[0]
    each = "; ".join(f"{name}: {str(error).rstrip('.')}" for name, error in reasons.items())
    kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else TTSUnavailable
    return kind(f"No voice can speak: {each}.")


def _primary(language: str) -> str:
    """ISO 639-1 of a language tag: "fr" of "fr-CA"."""
    return language.replace("_", "-").partition("-")[0].lower()


async def _once(text: str) -> AsyncIterator[str]:
    yield text


async def _pieces(text_deltas: AsyncIterable[str], splitter: SentenceSplitter) -> AsyncGenerator[str, None]:
    async for delta in text_deltas:
        for piece in splitter.feed(delta):
            yield piece
    for piece in splitter.flush():
        yield piece
