"""A live conversation seen from outside: ``prism talk`` as a process, a tape of each side, one wall clock for both.

``Talk`` reads the JSON events as they come and knows when each came; ``Tape`` records a sink's monitor and knows when
each sample was taken. Both are on the machine's monotonic clock, so that what was told can be held against what
sounded. Only processes that were started here are touched.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from types import TracebackType

    from tests.kit.pulse import PulseServer

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
"""Hertz of the tapes."""
AUDIBLE = 300
"""Amplitude from which a sample counts as sound: the same as in the events."""
STEP_S = 0.01
"""Seconds of tape that are told apart."""
PATIENCE_S = 20.0
ENGINES = ("stt.model=prism-tiny", "llm.base_url=builtin", "tts.backends=[espeak]")


@dataclass(frozen=True, slots=True)
class Told:
    """One event and when its line was read, seconds."""

    event: dict[str, Any]
    wall: float


class Talk:
    """A running ``prism talk`` with live devices."""

    def __init__(self, server: PulseServer, *settings: str) -> None:
        """``settings``: further ``key=value`` pairs."""
        flags = [word for setting in (*ENGINES, *settings) for word in ("--set", setting)]
        if (
            signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        ):  # in the background of a shell; it would be inherited
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli.main", "talk", "--json", *flags],
            env=server.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.told: list[Told] = []
        self.complaint = ""
        """What it said on stderr, once it has ended."""
        self._over = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def all(self, name: str) -> list[Told]:
        """All events of that name so far."""
        with self._news:
            return [told for told in self.told if told.event["event"] == name]

    def fields(self, name: str, field: str) -> list[Any]:
        """One field of all events of that name."""
        return [told.event[field] for told in self.all(name)]

    def wait_for(self, name: str, count: int = 1) -> Told:
        """The event of that name with that number. Raises TimeoutError with all events."""
        with self._news:
            self._news.wait_for(lambda: self._over or len(self.all(name)) >= count, PATIENCE_S)
        if len(found := self.all(name)) >= count:
            return found[count - 1]
        if self._over:
            self.ended()
        names = [told.event["event"] for told in self.told]
        raise TimeoutError(f"{name} {count} did not come: {names} {self.complaint}")

    def wall(self, t: float) -> float:
        """When it was ``t`` (s) on the conversation's clock. No event is read before it happens, and some at once."""
        with self._news:
            offsets: list[float] = [told.wall - told.event["t"] for told in self.told]
        return t + min(offsets)

    def interrupt(self) -> tuple[int, float]:
        """Ctrl-C: exit code, and seconds until the end."""
        since = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.ended(), time.monotonic() - since

    def ended(self) -> int:
        """The exit code, once it is there and everything it said has been read."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.complaint = self.process.stderr.read() if self.process.stderr else ""
        return code

    def _read(self) -> None:
        for line in self.process.stdout or ():
            told = Told(json.loads(line), time.monotonic())
            with self._news:
                self.told.append(told)
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()


class Tape:
    """Records what sounds at a sink while it is entered."""

    def __init__(self, server: PulseServer, sink: str) -> None:
        command = ["parec", f"--device={sink}.monitor", "--format=s16le", "--channels=1", f"--rate={RATE}"]
        self._process = subprocess.Popen(
            [*command, "--latency-msec=10"], env=server.environment, stdout=subprocess.PIPE
        )
        self._blocks: list[bytes] = []
        self._count = 0
        self._began = float("inf")
        self._running = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        if not self._running.wait(PATIENCE_S):
            raise TimeoutError("parec did not begin to record")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()

    def sounds(self, start: float, end: float) -> list[float]:
        """The moments between two others at which something sounded, in steps of ``STEP_S``; all wall time, seconds."""
        step = round(STEP_S * RATE)
        joined = np.frombuffer(b"".join(self._blocks), np.int16)
        peaks = np.abs(joined[: len(joined) // step * step].astype(np.int32)).reshape(-1, step).max(axis=1)
        moments = self._began + STEP_S * np.flatnonzero(peaks >= AUDIBLE)
        return [float(at) for at in moments if start <= at < end]

    def _read(self) -> None:
        pipe = self._process.stdout
        while pipe and (block := pipe.read1(4096)):  # type: ignore[attr-defined]  # a BufferedReader
            now = time.monotonic()
            self._blocks.append(block)
            self._count += len(block) // 2
            # A block can only come late: the earliest one tells when the tape began.
            self._began = min(self._began, now - self._count / RATE)
            self._running.set()
