"""What runs in the child: one recognizer, asked one thing at a time over a pipe.

    parent: Warm | Decode(shared memory, samples, ...)      child: Beat ... Beat, then Done | Failed

While it works, the child sends a beat with its memory from a thread of its own: silence means that it hangs. Both
ends notice that the other is gone by the pipe: a beat that cannot be sent, or the end of the pipe while it waits, ends
the child at once. Ctrl-C is the parent's business. Nothing but errors of hearing may cross the pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stt.base import STTError, STTUnavailable
from stt.types import SpeechSegment, Transcript

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from stt.backends import TranscriberOptions
    from stt.base import Transcriber

BEAT_S = 0.2
"""Seconds between two signs of life."""


@dataclass(frozen=True, slots=True)
class Warm:
    """Load and exercise the model."""


@dataclass(frozen=True, slots=True)
class Decode:
    """Transcribe what lies in shared memory."""

    memory: str
    """Name of the segment."""
    samples: int
    """Mono int16 at 16 kHz."""
    place: tuple[int, int, float, float]
    """Utterance, revision, start and end (s)."""
    language: str | None
    prompt: str | None


@dataclass(frozen=True, slots=True)
class Beat:
    """Alive and at work."""

    memory_mb: int
    """Resident; 0 where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """A step of a download."""

    file: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """The answer; None to ``Warm``."""

    transcript: Transcript | None
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The recognizer's own error: it is well and may be asked again."""

    error: STTError


Request: TypeAlias = Warm | Decode
Reply: TypeAlias = Beat | Fetching | Done | Failed


def main(pipe: Connection, options: TranscriberOptions) -> None:
    """Serve until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # standard output carries the parent's data only
    _no_named_locks()
    talk = _Talk(pipe)
    try:
        asyncio.run(_serve(talk, options))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)


def _no_named_locks() -> None:
    """tqdm, which faster-whisper brings, makes a named semaphore; a child that is killed would leave it behind."""
    with contextlib.suppress(ImportError):
        importlib.import_module("tqdm").tqdm.set_lock(threading.RLock())


class _Talk:
    """The child's end of the pipe: two threads send."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def receive(self) -> Request:
        found: Request = self._pipe.recv()
        return found

    def send(self, reply: Reply) -> None:
        with self._lock:
            self._pipe.send(reply)

    def fetching(self, file: str, done: int, total: int) -> None:
        self.send(Fetching(file, done, total))


async def _serve(talk: _Talk, options: TranscriberOptions) -> None:
    from stt.backends import create_plain

    engine = create_plain(dataclasses.replace(options, on_progress=talk.fetching))
    while True:
        request = talk.receive()  # nothing else runs on this loop between two requests
        with _Beats(talk):
            reply = await _answer(engine, request)
        talk.send(reply)


async def _answer(engine: Transcriber, request: Request) -> Reply:
    try:
        if isinstance(request, Warm):
            await engine.warm()
            return Done(None, resident_mb())
        heard = await engine.transcribe(_segment(request), language=request.language, prompt=request.prompt)
    except STTError as error:
        # Causes hold tracebacks and foreign classes: the sentence is what crosses.
        return Failed(type(error)(str(error)))
    except MemoryError:
        return Failed(STTUnavailable("There is not enough memory to transcribe; choose a smaller stt.model."))
    return Done(heard, resident_mb())


def _segment(request: Decode) -> SpeechSegment:
    memory = SharedMemory(request.memory)
    try:
        shared = np.ndarray((request.samples,), np.int16, memory.buf)
        samples = shared.copy()
        del shared
    finally:
        memory.close()
    utterance, revision, started_at, ended_at = request.place
    return SpeechSegment(utterance, revision, samples, started_at, ended_at)


class _Beats:
    """Beats from a thread for as long as the block runs."""

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prism-beats", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self._talk.send(Beat(resident_mb()))
            except OSError:
                os._exit(0)  # the parent is gone


def resident_mb() -> int:
    """Resident memory of this process, MiB; elsewhere than on Linux its peak; 0 where it cannot be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") >> 20
    except (OSError, IndexError, ValueError, AttributeError):
        pass
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
