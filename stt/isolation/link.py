"""One child and the talk with it, blocking: run it in a thread.

Whatever goes wrong with the child itself is ``ChildLost`` with its reason; an error of the recognizer is an STTError
as it would be without a child. A link is used once: after ``ChildLost`` it is closed and another is made.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING

import numpy as np

from stt.backends import patience_s
from stt.base import STTTimedOut
from stt.isolation.child import Beat, Decode, Done, Failed, Fetching, Warm, main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from stt.backends import TranscriberOptions
    from stt.isolation.child import Reply, Request
    from stt.types import SpeechSegment, Transcript

START_S = 60.0
"""Seconds that Python and the engine's libraries may take to start in the child; it cannot beat before."""
STOP_S = 5.0
"""Seconds until a killed child must be gone."""


class ChildLost(Exception):
    """The child died, hangs, or takes more memory than it may: ``reason`` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Link:
    """A running child. Only ``kill`` may be called from another thread."""

    def __init__(self, options: TranscriberOptions) -> None:
        """Start it. Raises OSError when the system gives no process."""
        self._options = options
        self._settings = options.settings
        self.memory_mb = 0
        """What the child's memory was when it last told, MiB."""
        context = multiprocessing.get_context("spawn")
        self._pipe: Connection
        self._pipe, far = context.Pipe()
        picklable = type(options)(options.settings, options.store, None, options.gpu)
        self._process = context.Process(target=main, args=(far, picklable), name="prism-stt", daemon=True)
        try:
            with _deaf_to_interrupts():
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            far.close()

    @property
    def pid(self) -> int:
        """The child's process."""
        return self._process.pid or 0

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process.is_alive()

    @property
    def too_big(self) -> bool:
        """Whether the child takes more memory than it may."""
        return self._settings.memory_mb is not None and self.memory_mb > self._settings.memory_mb

    def warm(self) -> None:
        """Load the model. Raises ChildLost or an STTError."""
        self._ask(Warm(), quiet_s=START_S, limit_s=None)

    def transcribe(self, segment: SpeechSegment, language: str | None, prompt: str | None) -> Transcript:
        """Decode. Raises ChildLost or an STTError."""
        memory = SharedMemory(create=True, size=segment.samples.nbytes)
        try:
            shared = np.ndarray(segment.samples.shape, np.int16, memory.buf)
            shared[:] = segment.samples
            del shared
            place = (segment.utterance, segment.revision, segment.started_at, segment.ended_at)
            request = Decode(memory.name, len(segment.samples), place, language, prompt)
            limit = patience_s(self._settings, segment)
            done = self._ask(request, quiet_s=self._settings.hang_s, limit_s=limit)
        finally:
            memory.close()
            memory.unlink()
        if done.transcript is None:
            raise ChildLost("it gave no transcript")
        return done.transcript

    def kill(self) -> None:
        """End the child at once, also a stopped one."""
        with contextlib.suppress(ValueError, OSError):  # already closed, already gone
            self._process.kill()

    def close(self) -> None:
        """End the child and give everything back."""
        self.kill()
        with contextlib.suppress(ValueError):
            self._process.join(STOP_S)
            self._process.close()
        self._pipe.close()

    def _ask(self, request: Request, quiet_s: float, limit_s: float | None) -> Done:
        """One request and its answer."""
        started = time.monotonic()
        try:
            self._pipe.send(request)
            while True:
                if not self._pipe.poll(quiet_s):
                    raise ChildLost(f"it hangs: no sign of life for {quiet_s:g} s")
                reply: Reply = self._pipe.recv()
                match reply:
                    case Done():
                        self.memory_mb = reply.memory_mb
                        return reply
                    case Failed():
                        raise reply.error
                    case Fetching() if self._options.on_progress is not None:
                        self._options.on_progress(reply.file, reply.done, reply.total)
                    case Beat():
                        self._check_memory(reply)
                        quiet_s = self._settings.hang_s
                if limit_s is not None and time.monotonic() - started > limit_s:
                    raise STTTimedOut(f"The recognizer did not answer within {limit_s:.0f} s.")
        except (EOFError, OSError) as error:
            raise ChildLost(f"it died{self._how()}") from error

    def _check_memory(self, beat: Beat) -> None:
        self.memory_mb = beat.memory_mb
        if self.too_big:
            raise ChildLost(
                f"it takes {beat.memory_mb} MiB of memory, stt.memory_mb is {self._settings.memory_mb}"
            )

    def _how(self) -> str:
        """How the child ended, as far as it can be known."""
        self._process.join(1.0)
        code = self._process.exitcode
        if code is None:
            return ""
        if code < 0:
            with contextlib.suppress(ValueError):
                return f" of {signal.Signals(-code).name}"
        return f" with exit code {code}"


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A child started within never sees Ctrl-C, not even before its first line runs."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
