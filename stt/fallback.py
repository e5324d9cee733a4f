"""Several recognizers as one: the preferred one first, the others when it fails, each behind a breaker.

The same utterance goes on to the next engine, so a failure costs time and no words. An open breaker skips its engine
until its rest is over; then the next utterance is its probe. What an engine *rejects* (an empty segment, an unknown
language) is the caller's fault and counts against no engine. Who hears now, and why, is told by ``switched``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from common.breaker import Breaker
from stt.backends import PER_SECOND
from stt.base import STTError, STTRejected, STTTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stt.base import Transcriber
    from stt.types import SpeechSegment, Transcript

log = logging.getLogger(__name__)


class Fallback:
    """A recognizer made of recognizers; it owns them."""

    def __init__(
        self,
        engines: Sequence[tuple[str, Transcriber]],
        timeout_s: float,
        switched: Callable[[str, str, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``engines``: names and recognizers, the preferred one first. ``clock``: seconds, for the breakers."""
        self._engines = list(engines)
        self._breakers = [Breaker() for _ in engines]
        self._timeout_s = timeout_s
        self._switched = switched
        self._clock = clock
        self._current = 0

    @property
    def current(self) -> str:
        """Name of the recognizer that answered last."""
        return self._engines[self._current][0]

    async def warm(self) -> None:
        """Warm the first engine that can be. Raises the preferred one's error when none can."""
        errors: list[STTError] = []
        for number, (name, engine) in enumerate(self._engines):
            try:
                await engine.warm()
            except STTError as error:
                log.warning("recognizer %s cannot be used: %s", name, error)
                self._breakers[number].failed(self._clock())
                errors.append(error)
            else:
                self._now(number, str(errors[0]) if errors else "")
                return
        raise errors[0]

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode with the first engine that can. Raises the last engine's STTError, or STTRejected."""
        errors: list[STTError] = []
        asked: set[int] = set()
        for forced in (
            False,
            True,
        ):  # before words are lost, those at rest are asked too: someone may be back
            for number, breaker in enumerate(self._breakers):
                if number in asked or not (forced or breaker.ask(self._clock())):
                    continue
                asked.add(number)
                try:
                    heard = await self._ask(number, segment, language, prompt)
                except STTRejected:
                    raise
                except STTError as error:
                    errors.append(error)
                    continue
                self._now(number, str(errors[0]) if errors else "it works again")
                return heard
        raise errors[-1]

    async def _ask(
        self, number: int, segment: SpeechSegment, language: str | None, prompt: str | None
    ) -> Transcript:
        """One engine, whose breaker is told how it went; STTRejected is everybody's and passes."""
        (name, engine), breaker = self._engines[number], self._breakers[number]
        answered = False
        try:
            async with asyncio.timeout(self._timeout_s + PER_SECOND * segment.duration):
                heard = await engine.transcribe(segment, language=language, prompt=prompt)
        except STTRejected:
            raise  # the caller's fault: no other engine would take it, and this one is well
        except (STTError, TimeoutError) as error:
            answered = True
            breaker.failed(self._clock())
            if isinstance(error, STTError):
                raise
            raise STTTimedOut(f"The recognizer {name} did not answer in time.") from error
        else:
            answered = True
            breaker.succeeded(self._clock())
            return heard
        finally:
            if not answered:
                breaker.released()

    async def aclose(self) -> None:
        """Free all engines; twice is fine."""
        for _, engine in self._engines:
            await engine.aclose()

    def _now(self, number: int, reason: str) -> None:
        before, self._current = self._current, number
        if before != number:
            names = [name for name, _ in self._engines]
            log.warning("recognizer %s in the place of %s: %s", names[number], names[before], reason)
            if self._switched is not None:
                self._switched(names[before], names[number], reason)
