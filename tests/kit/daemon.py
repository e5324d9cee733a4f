"""A daemon of dictation with scripted ears, a scripted microphone and a real socket: in this process, or in one of its
own (``python -m tests.kit.daemon``), which is ``prism dictate`` but for the microphone.

The microphone always hears somebody speak; the recognizer reads its lines from a file, one for each dictation.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.audio_host import AudioUnavailable
from config import load_settings
from pipeline import DictationIO, Observer, PipelineEvent, SharedDesk, create_text_sink, to_json
from stt import SAMPLE_RATE, AudioFrame
from tests.kit.dictation import Book
from tests.kit.settings import settings as make_settings
from ui.control.daemon import Daemon, Parts
from ui.control.listen import listen_unix

if TYPE_CHECKING:
    from ui.control.daemon import Beside


class Speaker:
    """An AudioSource in which somebody speaks without end, in real time; ``refuses`` to be opened if it shall."""

    live = True

    def __init__(self, refuses: str = "") -> None:
        self._refuses = refuses
        self._closed = asyncio.Event()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        if self._refuses:
            raise AudioUnavailable(self._refuses)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._closed.is_set():
            due += size / SAMPLE_RATE
            await asyncio.sleep(due - loop.time())
            yield AudioFrame(np.full(size, 8192, np.int16), SAMPLE_RATE, loop.time())

    async def aclose(self) -> None:
        self._closed.set()


async def until(answer: Callable[[], object]) -> None:
    """Return when ``answer`` gives something true. Raises TimeoutError."""
    async with asyncio.timeout(10):
        while not answer():  # noqa: ASYNC110  # nobody could set an event
            await asyncio.sleep(0.005)


def script(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Settings of a recognizer that understands these texts, in this order."""
    file = folder / "script.yaml"
    file.write_text(
        json.dumps([{"text": text} for text in texts], ensure_ascii=False), "utf-8"
    )  # JSON is YAML
    return {
        "stt__backend": "scripted",
        "stt__model": str(file),
        "stt__cache": 0,
        "vad__backend": "scripted",
        "dictation__partials": False,
        "dictation__tail_ms": 0,
        "dictation__spacing": False,
    }


@dataclass
class Watched:
    """A daemon that runs in this process, and what it told."""

    daemon: Daemon
    path: Path
    book: Book
    events: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))
        self._news.set()

    async def wait_for(self, name: str, **fields: object) -> dict[str, Any]:
        """The first event of this name with these fields, when it has come."""
        async with asyncio.timeout(10):
            while True:
                for event in self.events:
                    if event["event"] == name and fields.items() <= event.items():
                        return event
                self._news.clear()
                await self._news.wait()

    async def ask(self, verb: str) -> dict[str, Any]:
        """The answer to a verb over the socket."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            await reader.readline()
            writer.write(json.dumps({"do": verb}).encode() + b"\n")
            found = json.loads(await reader.readline())
        finally:
            writer.transport.abort()
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def running(
    folder: Path,
    texts: Sequence[str] = (),
    *,
    beside: Sequence[Beside] = (),
    observers: Sequence[Observer] = (),
    refuses: str = "",
    **changes: object,
) -> AsyncIterator[Watched]:
    """A daemon that is ready; it ends with the block."""
    book, path = Book(), folder / "s" / "control.sock"
    config = make_settings(**{**script(folder, texts), "journal__keep": "off", **changes})
    watched: list[Watched] = []

    class Relay:
        def notify(self, event: PipelineEvent) -> None:
            watched[0].notify(event)

    parts = Parts(
        config,
        lambda: Speaker(refuses),
        partial(listen_unix, path),
        lambda source: DictationIO(source, book.sink),
        (Relay(), *observers),
        beside,
    )
    daemon, ready = Daemon(parts), asyncio.Event()
    watched.append(Watched(daemon, path, book))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(daemon.run(ready.set))
        await ready.wait()
        await until(path.exists)
        yield watched[0]
        daemon.end()
        await task


def main(overrides: list[str]) -> int:
    """``prism dictate --json`` with ``--set`` overrides, and our microphone in place of the machine's."""
    from ui.cli import dictation_daemon as background
    from ui.cli import process
    from ui.cli.main import _told
    from ui.cli.observers import JsonLines

    async def serve() -> int:
        settings = load_settings(None, overrides)
        desk = SharedDesk(settings)
        words = background.Words(
            lambda profile: create_text_sink(profile.sink, profile.chord, desk), None, desk
        )
        parts = background.parts_of(settings, words, [JsonLines()], lambda *_: None)
        try:
            return await background.serve(replace(parts, microphone=Speaker))
        finally:
            await desk.aclose()

    process.prepare()
    try:
        with background.only_one():
            return asyncio.run(serve())
    except BaseException as error:  # noqa: BLE001  # as the program itself does
        return _told(error, None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
