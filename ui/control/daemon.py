"""The dictation that runs in the background: its pieces made once, and everything that drives it brought together.

A key, the control socket, the session's lock and the machine's sleep all become messages to one ``Dictation``; its
events go to everybody who wants to know. Nothing is decided here. What is beside dictation (sounds, notifications, the
key, Talon) may fail or be missing, and is told; only the socket, the recognizer and dictation itself are needed.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline import (
    Cancel,
    Dictation,
    DictationIO,
    Interrupted,
    KeptMicrophone,
    PasteLast,
    RetryLast,
    Start,
    Stop,
    Toggle,
    run_with_dictation,
    to_json,
    watch_session,
)
from ui.control.protocol import Refused
from ui.control.server import ControlServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from config import Progress, Settings
    from pipeline import Observer, PipelineEvent, Request
    from stt import AudioSource
    from ui.control.listen import Listen
    from ui.control.protocol import Verb

    Beside = Callable[["Daemon"], Coroutine[Any, Any, None]]
    """Something that runs as long as the daemon: a key that is watched, sounds that are played."""

log = logging.getLogger("prism.dictation")

WISHES: dict[Verb, Request] = {
    "start": Start("ctl"),
    "stop": Stop(),
    "toggle": Toggle("ctl"),
    "cancel": Cancel(),
    "paste-last": PasteLast(),
    "retry-last": RetryLast(),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a daemon is made of; tests bring others."""

    settings: Settings
    microphone: Callable[[], AudioSource]
    """A microphone that has not been opened yet."""
    listen: Listen
    io: Callable[[Callable[[], AudioSource]], DictationIO] = DictationIO
    observers: Sequence[Observer] = ()
    beside: Sequence[Beside] = ()
    version: str = ""
    progress: Progress | None = None


@dataclass(eq=False)
class Daemon:
    """Make it inside the event loop; ``run`` it once."""

    parts: Parts
    _dictation: Dictation | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.server = ControlServer(self.obey, self.parts.version)
        keep_open_s = self.parts.settings.dictation.keep_open_s
        self.microphone = KeptMicrophone(self.parts.microphone, keep_open_s, self._tell_level)

    def __repr__(self) -> str:
        return f"<Daemon {self._dictation!r}, {self.microphone!r}, {self.server!r}>"

    @property
    def is_listening(self) -> bool:
        """Whether a dictation is being recorded."""
        return self._dictation is not None and self._dictation.status().state == "listening"

    def post(self, wish: Request) -> bool:
        """Ask dictation for something; False when it cannot be asked now."""
        return self._dictation is not None and self._dictation.post(wish)

    def obey(self, verb: Verb) -> Mapping[str, Any]:
        """Do what the control socket was asked for. Raises Refused."""
        if verb == "status":
            return self.status()
        if self._dictation is None:
            raise Refused("starting", "The recognizer is still being loaded; try again in a moment.")
        if not self._dictation.post(WISHES[verb]):
            raise Refused(
                "ending", "Prism is ending, or is asked for too much at once; try again in a moment."
            )
        return {}

    def status(self) -> dict[str, Any]:
        """What is going on."""
        told = self._dictation.status().to_json() if self._dictation else {"state": "starting"}
        return {**told, "microphone": "open" if self.microphone.is_open else "closed"}

    def notify(self, event: PipelineEvent) -> None:
        """Pass an event on to whoever follows the socket."""
        self.server.publish(to_json(event))

    def end(self) -> bool:
        """Finish what is being recorded, keep it, and let ``run`` return; False when nothing runs yet."""
        if self._dictation is None:
            return False
        self._dictation.end()
        return True

    async def run(self, started: Callable[[], object] = lambda: None) -> None:
        """Serve until ``end`` or cancellation; ``started`` is called when everything is ready.

        Raises PlaceUnsafe or OSError when nobody could reach it, and STTError when the recognizer cannot work.
        """
        parts = self.parts
        async with asyncio.TaskGroup() as group:
            socket = group.create_task(self.server.serve(parts.listen))
            try:
                await run_with_dictation(
                    parts.settings,
                    parts.progress,
                    parts.io(self.microphone.source),
                    partial(self._serve, group, started),
                    [*parts.observers, self],
                )
            finally:
                socket.cancel()

    async def _serve(
        self, group: asyncio.TaskGroup, started: Callable[[], object], dictation: Dictation
    ) -> None:
        self._dictation = dictation
        jobs = [
            self.microphone.run(),
            _harmless(watch_session(lambda why: self.post(Interrupted(why)))),
            *(_harmless(job(self)) for job in self.parts.beside),
        ]
        beside = [group.create_task(job) for job in jobs]
        started()
        try:
            await dictation.run()
        finally:
            for task in beside:
                task.cancel()

    def _tell_level(self, dbfs: float) -> None:
        self.server.publish({"event": "level", "dbfs": round(dbfs, 1)})


async def _harmless(job: Coroutine[Any, Any, None]) -> None:
    """Whatever stands beside dictation may fail, and dictation goes on."""
    try:
        await job
    except Exception:
        log.exception("something beside dictation failed")
