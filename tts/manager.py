"""The voice of Prism: the first engine of ``tts.backends`` that works speaks; when it breaks, the next one goes on.

No word is lost silently: a piece whose engine fails is spoken by the next one, from where the first broke off, and
only when none is left does it end in a TTSError that names each with its reason. An engine that failed, or that is
slower than real time, is left out for a while, per language, and then tried again with the next piece (``Breaker``).
The manager owns no task: everything is an async iterator that its reader pulls.

Each change of voice is told once to ``notify(switched_from, switched_to, reason)``, when the new voice begins.
The text is made ready for speech (``normalize``) just before the engine; chunks carry it as it was written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from common.breaker import Breaker, BreakerPolicy, State
from tts.attempt import Attempt, Piece, joined, rest_of
from tts.base import (
    Cacheable,
    Synthesizer,
    TTSBackendMissing,
    TTSError,
    TTSRejected,
    TTSTimedOut,
    TTSUnavailable,
)
from tts.cache import CacheStats, SpeechCache, SpeechKey
from tts.normalize import normalize, with_stops
from tts.sentences import SentenceSplitter
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
"""Seconds for which a failed engine is left out at first."""

PROBE_STALL_S = 5.0
"""The same for a piece that only tries whether an engine works again: the listener waits meanwhile."""

WARMING = 3
"""Warming may take this many times as long as a chunk: a server may load a large model."""

_POLICY = BreakerPolicy(outage_s=OUTAGE_S)
_log = logging.getLogger("prism.tts")


class TTSManager:
    """All engines in the order of the configuration."""

    def __init__(
        self,
        synthesizers: Sequence[Synthesizer],
        *,
        voice: str | None = None,
        speed: float = 1.0,
        notify: Notify | None = None,
        cache: SpeechCache | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        if not synthesizers:
            raise ValueError("a manager needs at least one synthesizer")
        self._synthesizers = tuple(synthesizers)
        self._voice = voice
        self._speed = speed
        self._notify = notify
        self._cache = cache
        self._stall_s = stall_s
        self._speaking = self._synthesizers[0].name
        self._working = tuple(synthesizer.name for synthesizer in self._synthesizers)
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(lambda: Breaker(_POLICY))
        self._reasons: dict[str, str] = {}  # engine -> why it was left out last

    @classmethod
    def from_settings(cls, settings: Settings, notify: Notify | None = None) -> TTSManager:
        """The engines of ``tts.backends``, none of them loaded. Raises TTSUnavailable for an unknown name."""
        from tts.backends import create_synthesizer

        tts = settings.tts
        return cls(
            [create_synthesizer(name, settings) for name in dict.fromkeys(tts.backends)],
            voice=tts.voice,
            speed=tts.speed,
            notify=notify,
            cache=SpeechCache.from_settings(tts.cache),
            stall_s=tts.stall_timeout_s,
        )

    def __repr__(self) -> str:
        cache = f", {self._cache!r}" if self._cache else ""
        return f"<TTSManager {self._speaking} of {', '.join(s.name for s in self._synthesizers)}{cache}>"

    @property
    def working(self) -> tuple[str, ...]:
        """Names of the engines that spoke at least one language when they were warmed, the first one first."""
        return self._working

    @property
    def cache_stats(self) -> CacheStats | None:
        """How well the cache does; None without one."""
        return self._cache.stats if self._cache else None

    async def warm(self, languages: Sequence[str]) -> None:
        """Load every engine for every language and leave out what does not work.

        Raises TTSBackendMissing (all lack a library) or TTSUnavailable when no engine speaks any of them.
        """
        reasons: dict[str, TTSError] = {}
        working: list[str] = []
        for synthesizer in self._synthesizers:
            for language in map(_primary, languages):
                try:
                    await self._warmed(synthesizer, language)
                except TTSError as error:
                    reasons.setdefault(synthesizer.name, error)
                    self._failed(synthesizer, language, error)
                else:
                    working.append(synthesizer.name)
        if reasons and not working:
            raise _none_works(reasons)
        if working:
            self._working = tuple(dict.fromkeys(working))
            self._spoken_by(working[0])

    def keeps(self, language: str) -> bool:
        """Whether what the first engine says in this language is kept: else there is no use in preparing it."""
        return self._cache is not None and isinstance(self._candidates(_primary(language))[0], Cacheable)

    async def prepare(self, texts: Sequence[str], *, language: str) -> int:
        """Speak pieces unheard, so that they start at once later: openers, fixed phrases. How many are ready.

        Without a cache nothing is done. Raises nothing: what cannot be spoken now is not prepared.
        """
        ready = 0
        for text in texts if self._cache else ():
            try:
                async with aclosing(self._spoken(text, _primary(language))) as chunks:
                    async for _ in chunks:
                        pass
            except TTSError:
                continue
            ready += 1
        return ready

    async def speak(self, text: str, *, language: str) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece. Keep it under ``contextlib.aclosing``. Raises a TTSError when no engine can.

        The sample rate may change in mid-piece, with the engine.
        """
        async with aclosing(self._spoken(text, _primary(language))) as chunks:
            async for chunk in chunks:
                self._spoken_by(chunk.backend)
                yield chunk

    async def _spoken(self, text: str, language: str) -> AsyncGenerator[SpeechChunk, None]:
        """``speak`` without telling anybody of a change of voice. ``language`` is an ISO 639-1 code."""
        spoken = with_stops(normalize(text, language))
        piece = Piece(text, spoken, language, self._voice, self._speed)
        reasons: dict[str, TTSError] = {}
        delivered = 0.0
        for synthesizer in self._candidates(language):
            try:
                async with aclosing(self._piece_from(synthesizer, piece, delivered)) as chunks:
                    async for chunk in chunks:
                        delivered += chunk.duration
                        yield chunk
                return
            except TTSError as error:
                reasons[synthesizer.name] = error
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
        if self._cache:
            if self._cache.stats.hits + self._cache.stats.misses:
                _log.info("%r", self._cache)
            await asyncio.to_thread(self._cache.close)  # it writes what waits

    async def _warmed(self, synthesizer: Synthesizer, language: str) -> None:
        limit = WARMING * self._stall_s
        try:
            async with asyncio.timeout(limit):
                await synthesizer.warm(language)
            normalize("", language)  # loads its rules: tens of milliseconds that no first reply should pay
        except TimeoutError as error:
            raise TTSTimedOut(f"{synthesizer.name} is not ready after {limit:.0f} s.") from error

    async def _piece_from(
        self, synthesizer: Synthesizer, piece: Piece, delivered: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """One engine's part of a piece of which ``delivered`` seconds were already given out by another."""
        key = self._key(synthesizer, piece)
        kept = await self._cache.get(key) if self._cache and key and not delivered else None
        if kept is not None:
            yield SpeechChunk(kept.samples, kept.sample_rate, piece.text, True, synthesizer.name, True)
            return
        attempt = self._watched(synthesizer, piece)
        async with aclosing(rest_of(attempt, piece, delivered) if delivered else attempt) as chunks:
            whole: list[SpeechChunk] = []
            async for chunk in chunks:
                whole.append(chunk)
                if chunk.last_of_sentence and self._cache and key and not delivered:
                    self._cache.put(key, joined(whole))
                yield chunk

    async def _watched(self, synthesizer: Synthesizer, piece: Piece) -> AsyncGenerator[SpeechChunk, None]:
        """One engine's chunks; how that went is told to its breaker before the last one is given out."""
        breaker = self._breakers[synthesizer.name, piece.language]
        clock = asyncio.get_running_loop().time
        stall_s = self._stall_s
        if breaker.state(clock()) is State.HALF_OPEN:
            stall_s = min(stall_s, PROBE_STALL_S)
        breaker.ask(clock())  # whatever it says: when no engine should be asked, each is
        attempt = Attempt(synthesizer, piece, stall_s)
        try:
            async with aclosing(attempt.chunks()) as chunks:
                async for chunk in chunks:
                    if chunk.last_of_sentence:
                        breaker.succeeded(clock(), behind_s=attempt.behind_s)
                        if breaker.state(clock()) is State.OPEN:
                            self._reasons[synthesizer.name] = f"{synthesizer.name} is slower than real time."
                    yield chunk
        except TTSError as error:
            self._failed(synthesizer, piece.language, error)
            raise
        finally:
            breaker.released()

    def _key(self, synthesizer: Synthesizer, piece: Piece) -> SpeechKey | None:
        """What the cache knows this piece by, spoken by this engine; None when it must not be kept."""
        if not isinstance(synthesizer, Cacheable):
            return None
        voice = synthesizer.signature(language=piece.language, voice=piece.voice)
        if voice is None:
            return None
        return SpeechKey(synthesizer.name, voice, piece.language, piece.speed, piece.spoken.strip())

    def _candidates(self, language: str) -> Sequence[Synthesizer]:
        """The engines to try, in order; all of them when none should be asked."""
        now = asyncio.get_running_loop().time()
        usable = [each for each in self._synthesizers if self._breakers[each.name, language].usable(now)]
        return usable or self._synthesizers

    def _failed(self, synthesizer: Synthesizer, language: str, error: TTSError) -> None:
        """An engine without its library stays out; one that merely refused this text stays in."""
        self._reasons[synthesizer.name] = str(error)
        if isinstance(error, TTSRejected):
            return
        outage = float("inf") if isinstance(error, TTSBackendMissing) else None
        self._breakers[synthesizer.name, language].failed(asyncio.get_running_loop().time(), outage_s=outage)

    def _spoken_by(self, name: str) -> None:
        """Tell of a change of voice: away from the engine before for its reason, or back to a better one."""
        before, self._speaking = self._speaking, name
        if name == before:
            return
        order = [synthesizer.name for synthesizer in self._synthesizers]
        back = order.index(name) < order.index(before) if name in order else False
        if self._notify:
            self._notify(before, name, f"{name} works again." if back else self._reasons.get(before, ""))


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
