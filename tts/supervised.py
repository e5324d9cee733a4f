"""A Piper voice in a child process, kept warm: started when needed, watched, started again when it is gone.

Blocking; lives in the one thread of its worker. A child that dies in mid-piece is replaced, and the new one goes on
behind the sentences that were already given out: nothing is lost and nothing said twice. One that dies in its turn
before it has given anything is not: the piece itself may be what kills it. A child that says
nothing for ``SILENCE_S`` is killed, which ends a read that would never end. What a request means is for the backend.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tts import base
from tts.base import TTSError, TTSUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts.types import Int16

SILENCE_S = 30.0
"""Seconds without a frame after which a child counts as hung: a large voice loads well within."""

_ROOT = str(Path(__file__).parent.parent)


class ChildGone(Exception):
    """The child ended or does not answer."""


class PiperChild:
    """One voice in a process of its own."""

    def __init__(
        self, model: Path, noise: tuple[float | None, float | None], silence_s: float = SILENCE_S
    ) -> None:
        self._command = [sys.executable, "-m", "tts.piper_child", str(model), *map(str, noise)]
        self._name = model.stem
        self._silence_s = silence_s
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.sample_rate = 0
        """Hertz; known once started."""
        self.starts = 0
        """How many processes there were."""

    @property
    def pid(self) -> int | None:
        """The process, None when there is none."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def load(self) -> None:
        """Start the child unless it runs. Raises a TTSError."""
        if self._closed:
            raise TTSUnavailable(f"The process of the voice {self._name} was closed.")
        if self.pid is not None:
            return
        self.kill()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")])),
        }
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.starts += 1
        try:
            self.sample_rate = int(self._frame()["ready"])
        except ChildGone as error:
            raise TTSUnavailable(
                f"The process of the voice {self._name} does not start ({error})."
            ) from error

    def say(self, text: str, speaker: str | None, speed: float, stop: threading.Event) -> Iterator[Int16]:
        """Mono samples, one array per sentence; what comes after ``stop`` is thrown away. Raises a TTSError."""
        given = 0
        given_before: int | None = None  # when the last child died
        while True:
            frames = self._spoken(text, speaker, speed)
            try:
                for index, samples in enumerate(frames):
                    if index >= given and not stop.is_set():
                        given += 1
                        yield samples
                return
            except GeneratorExit:
                self._drain(frames)
                raise
            except ChildGone as error:
                self.kill()
                if given == given_before or stop.is_set():
                    raise TTSUnavailable(
                        f"The process of the voice {self._name} ended while speaking ({error})."
                    ) from error
                given_before = given

    def _drain(self, frames: Iterator[Int16]) -> None:
        """Throw away what is left of a piece that nobody hears: the next one must not begin with it."""
        try:
            for _ in frames:
                pass
        except (ChildGone, TTSError):
            self.kill()

    def close(self) -> None:
        """End the child for good; twice is fine."""
        self._closed = True
        self.kill()

    def kill(self) -> None:
        """End the child at once; twice is fine, and any thread may."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _spoken(self, text: str, speaker: str | None, speed: float) -> Iterator[Int16]:
        self.load()
        request = json.dumps({"text": text, "speaker": speaker, "speed": speed}).encode() + b"\n"
        try:
            stdin = self._pipes()[0]
            stdin.write(request)
            stdin.flush()
        except (OSError, ValueError) as error:
            raise ChildGone(str(error)) from error
        while not (frame := self._frame()).get("end"):
            yield np.frombuffer(self._read(frame["size"]), "<i2").astype(np.int16)

    def _frame(self) -> dict[str, Any]:
        line = self._read(None)
        try:
            frame: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise ChildGone("it ended") from error
        if "error" in frame:
            kind: type[TTSError] = getattr(base, frame["kind"], TTSUnavailable)
            raise kind(frame["error"])
        return frame

    def _read(self, size: int | None) -> bytes:
        """A line, or so many bytes. Raises ChildGone when they don't come."""
        process, stdout = self._process, self._pipes()[1]
        if process is None:
            raise ChildGone("it was ended")
        watch = threading.Timer(self._silence_s, process.kill)
        watch.start()
        try:
            data = stdout.readline() if size is None else stdout.read(size)
        except (OSError, ValueError) as error:
            raise ChildGone(str(error)) from error
        finally:
            watch.cancel()
        if size is not None and len(data) < size:
            raise ChildGone("it ended")
        return data

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ChildGone("it was ended")
        return process.stdin, process.stdout
