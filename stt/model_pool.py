"""Several models at once: each language its own, a file with another, and memory that stays within its budget.

The pool is a recognizer made of recognizers, one for each model. The main one is always there; another is made when it
is first asked for, or at the start when it is listed. While one loads, the others go on hearing. When a newcomer does
not fit beside those that are resident, the least recently used leave: never the main one, and none that is decoding.
Who leaves is decided by ``leaving`` (PURE); a model counts with the size of its weights on disk, which is what it takes
on a card and at most what it takes as int8 in memory. What an engine gives back while it is idle
(``stt.idle_unload_s``) is its own business.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stt.base import STTError, STTRejected, STTUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from stt.base import Transcriber
    from stt.types import SpeechSegment, Transcript

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory."""

    name: str
    mb: int
    """MiB."""
    used_at: float
    """Seconds, any clock."""
    stays: bool = False
    """Whether it may not leave now: it is the main one, or it is decoding."""


def leaving(residents: Sequence[Resident], needed_mb: int, budget_mb: int) -> list[str] | None:
    """Who must leave for ``needed_mb`` to fit, least recently used first; None when it cannot fit."""
    over = sum(resident.mb for resident in residents) + needed_mb - budget_mb
    gone: list[str] = []
    for resident in sorted(residents, key=lambda resident: resident.used_at):
        if over <= 0:
            break
        if not resident.stays and resident.mb:
            gone.append(resident.name)
            over -= resident.mb
    return gone if over <= 0 else None


@dataclass(slots=True)
class _Place:
    """A model in the pool."""

    engine: Transcriber
    mb: int
    used_at: float
    users: int = 0


@dataclass(frozen=True, slots=True)
class PoolRules:
    """Which models there are, and how much they may take."""

    main: str
    of_language: Mapping[str, str]
    """ISO 639-1 code: model."""
    preload: Sequence[str]
    captions: str | None
    """The model that guesses at unfinished speech; None is the main one."""
    budget_mb: int
    """MiB of all resident models together."""


class ModelPool:
    """Recognizers by model; it owns them."""

    def __init__(
        self,
        make: Callable[[str], Transcriber],
        size_mb: Callable[[str], int],
        rules: PoolRules,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``make`` gives the recognizer of a model, unloaded; ``size_mb`` its weights, 0 where it is not known."""
        self._make, self._size_mb, self._rules, self._clock = make, size_mb, rules, clock
        self._places: dict[str, _Place] = {}
        self._changing = asyncio.Lock()
        self._closed = False
        self._places[rules.main] = _Place(make(rules.main), 0, clock())

    @property
    def residents(self) -> tuple[str, ...]:
        """Models in the pool, the main one first."""
        return tuple(self._places)

    async def warm(self) -> None:
        """Load the main model, then those of the languages and those to preload that fit.

        Raises the main model's STTError; that of another is logged, and told when it is asked for.
        """
        main = self._places[self._rules.main]
        await main.engine.warm()
        main.mb = self._size_mb(self._rules.main)
        captions = [self._rules.captions] if self._rules.captions else []
        for name in dict.fromkeys([*captions, *self._rules.of_language.values(), *self._rules.preload]):
            try:
                async with self.use(name):
                    pass
            except STTError as error:
                log.warning("model %s is not loaded at the start: %s", name, error)

    def model_for(self, language: str) -> str:
        """Who hears that language."""
        return self._rules.of_language.get(language, self._rules.main)

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode with the model of ``language``; a guess at unfinished speech is that of the captions' model.

        What the main model hears to be in a language with a model of its own is decoded again by that. Raises STTError.
        """
        rules = self._rules
        first = self._captions() if segment.partial else self.model_for(language or "")
        heard = await self._heard(first, segment, language, prompt)
        better = rules.of_language.get(heard.language, first)
        if segment.partial or language is not None or better == first or not heard.text:
            return heard
        return await self._heard(better, segment, heard.language, prompt)

    def _captions(self) -> str:
        """Who guesses: a model that must be loaded first would come too late."""
        wanted = self._rules.captions
        return wanted if wanted is not None and wanted in self._places else self._rules.main

    async def _heard(
        self, name: str, segment: SpeechSegment, language: str | None, prompt: str | None
    ) -> Transcript:
        """By that model, or by the main one when it cannot be had or fails: no words are lost over it."""
        main = self._rules.main
        try:
            async with self.use(name) as engine:
                return await engine.transcribe(segment, language=language, prompt=prompt)
        except STTRejected:
            raise
        except STTError as error:
            if name == main:
                raise
            log.warning("model %s hears in the place of %s: %s", main, name, error)
        async with self.use(main) as engine:
            return await engine.transcribe(segment, language=language, prompt=prompt)

    @asynccontextmanager
    async def use(self, name: str | None = None) -> AsyncGenerator[Transcriber, None]:
        """The recognizer of a model, loaded, which stays as long as the block runs; None is the main one.

        Raises STTUnavailable when it cannot be loaded or does not fit.
        """
        name = name or self._rules.main
        place = self._places.get(name) or await self._enter(name)
        place.users += 1
        place.used_at = self._clock()
        try:
            yield place.engine
        finally:
            place.users -= 1
            place.used_at = self._clock()

    async def aclose(self) -> None:
        """Free all; twice is fine."""
        self._closed = True
        for place in tuple(self._places.values()):
            await place.engine.aclose()

    async def _enter(self, name: str) -> _Place:
        """Load a model; one at a time, while the resident ones go on."""
        async with self._changing:
            self._check_open()
            if name in self._places:
                return self._places[name]
            await self._make_room(name)
            engine = self._make(name)
            try:
                await engine.warm()
                self._check_open()  # again: it may have been closed meanwhile, and nobody would close this one
            except BaseException:
                await engine.aclose()
                raise
            mb = self._size_mb(name)  # again: only now is it on disk, if it had to be fetched
            self._places[name] = _Place(engine, mb, self._clock())
            log.info("model %s is resident (%d MiB)", name, mb)
            return self._places[name]

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    async def _make_room(self, name: str) -> None:
        needed, budget = self._size_mb(name), self._rules.budget_mb
        residents = [
            Resident(known, place.mb, place.used_at, bool(place.users) or known == self._rules.main)
            for known, place in self._places.items()
        ]
        gone = leaving(residents, needed, budget)
        if gone is None:
            raise STTUnavailable(
                f"Model {name} takes {needed} MiB, which does not fit beside the others within "
                f"stt.resident_mb={budget}; raise that or choose a smaller model."
            )
        leavers = [
            self._places.pop(leaver) for leaver in gone
        ]  # at once: nobody may begin to use one meanwhile
        if gone:
            log.info("%s must leave for model %s", " and ".join(gone), name)
        for place in leavers:
            await place.engine.aclose()
