"""The recognizer that others see when ``stt.isolation`` is ``process``: it keeps a child alive and loses no words.

A child that dies, hangs or grows too big is replaced, and the *same utterance* is given to the new one. A second loss
on one utterance is the utterance's or the model's fault: STTUnavailable says so, and the next utterance begins with a
fresh child. A child that is found too big after it has answered is replaced while nobody waits. One thread talks to
the child; the lease ends with the work, not with the waiter.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stt.base import STTError, STTRejected, STTTimedOut, STTUnavailable
from stt.isolation.link import ChildLost, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from stt.backends import TranscriberOptions
    from stt.types import SpeechSegment, Transcript

    Restarted = Callable[[str, str], None]
    """Told the engine's name and the reason, in the event loop's thread."""

TRIES = 2
"""How often one utterance is given to a child."""

log = logging.getLogger(__name__)


class IsolatedTranscriber:
    """A recognizer in a child. Made cheaply; ``warm`` starts it."""

    def __init__(self, options: TranscriberOptions, restarted: Restarted | None = None) -> None:
        self._options = options
        self._tell = restarted
        self._name = options.settings.backend
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prism-isolated")
        self._link: Link | None = None
        self._closed = False
        self._rest: asyncio.TimerHandle | None = None
        self.restarts = 0
        """Children that were replaced."""

    @property
    def pid(self) -> int | None:
        """The child's process, if there is one."""
        return self._link.pid if self._link is not None else None

    async def warm(self) -> None:
        """Start the child and load the model in it. Raises STTUnavailable or STTBackendMissing."""
        self._check_open()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._ready, loop)

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode a segment, with a second child if the first is lost over it. Raises STTError."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        self._check_open()
        loop = asyncio.get_running_loop()
        if self._rest is not None:
            self._rest.cancel()  # or it might end the child right after these words
        try:
            heard = await loop.run_in_executor(
                self._pool, self._transcribe, loop, segment, (language, prompt)
            )
        finally:
            self._rest_later(loop)
        if self._link is not None and self._link.too_big and not self._closed:
            loop.run_in_executor(self._pool, self._shrink, loop)
        return heard

    async def aclose(self) -> None:
        """End the child; twice is fine."""
        if self._closed:
            return
        self._closed = True
        if self._rest is not None:
            self._rest.cancel()
        if self._link is not None:
            self._link.kill()
        await asyncio.get_running_loop().run_in_executor(self._pool, self._drop)
        self._pool.shutdown(wait=False)

    def _rest_later(self, loop: asyncio.AbstractEventLoop) -> None:
        """Without a word for the set time the child is ended: that gives all its memory back."""
        if self._rest is not None:
            self._rest.cancel()
        idle_s = self._options.settings.idle_unload_s
        if idle_s is not None and not self._closed:
            self._rest = loop.call_later(idle_s, loop.run_in_executor, self._pool, self._drop)

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    def _transcribe(
        self, loop: asyncio.AbstractEventLoop, segment: SpeechSegment, how: tuple[str | None, str | None]
    ) -> Transcript:
        """In the talking thread."""
        lost = ChildLost("")
        for _ in range(TRIES):
            link = self._ready(loop)
            try:
                return link.transcribe(segment, *how)
            except ChildLost as error:
                lost = error
                self._lost(loop, error.reason)
            except STTTimedOut as error:
                self._lost(loop, str(error))
                raise
        raise STTUnavailable(
            f"The recognizer {self._name} was lost twice over the same words ({lost.reason}); choose another "
            "stt.model or stt.backend."
        ) from lost

    def _ready(self, loop: asyncio.AbstractEventLoop) -> Link:
        """A child with its model loaded; a new one when there is none or it died while nobody asked."""
        self._check_open()
        if self._link is not None and not self._link.alive:
            self._lost(loop, "it died while it was idle")
        left = TRIES
        while self._link is None:
            left -= 1
            try:
                self._start()
            except ChildLost as error:
                self._lost(loop, error.reason)
                if not left:
                    raise STTUnavailable(
                        f"The recognizer {self._name} cannot be started in a process ({error.reason}); "
                        "set stt.isolation=thread or choose another stt.model."
                    ) from error
        return self._link

    def _start(self) -> None:
        try:
            link = Link(self._options)
        except OSError as error:
            raise STTUnavailable(f"The system gives no process for the recognizer ({error}).") from error
        self._link = link
        try:
            self._check_open()  # who closed just now has not seen this child
            link.warm()
        except STTError:
            self._drop()
            raise

    def _lost(self, loop: asyncio.AbstractEventLoop, reason: str) -> None:
        """Bury the child and tell it; not when it was killed because this recognizer is closed."""
        self._drop()
        self._check_open()
        self.restarts += 1
        log.warning("recognizer %s is restarted: %s", self._name, reason)
        if self._tell is not None:
            loop.call_soon_threadsafe(self._tell, self._name, reason)

    def _shrink(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody waits: an error is told to whoever asks next."""
        if self._closed or self._link is None or not self._link.too_big:
            return
        try:
            self._lost(loop, f"it takes {self._link.memory_mb} MiB of memory")
            self._ready(loop)
        except STTError as error:
            log.warning("recognizer %s could not be restarted: %s", self._name, error)

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()
