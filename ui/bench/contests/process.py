"""Contest ``process``: the program as its system sees it. Everything runs in processes of its own.

``prism --help`` from start to end; ``prism talk`` from its start to its session; its memory and what it takes of a
core while it listens to a quiet room (a file at the speed of a microphone, Silero, the shipped engines loaded); and
the memory of hours of conversation on the frame counter.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import wave
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ui.bench.effort import child, environment
from ui.bench.figures import Goal
from ui.bench.machine import memory_mb, used_s
from ui.bench.user import noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ui.bench.effort import Effort
    from ui.bench.figures import Board

SETTLE_S = 1.0
"""Seconds between the start of a session and the first look at it."""
PRISM = "ui.cli.main"
NOT_TOLD = "this system does not tell a process's memory or time, so memory and listening were not measured"


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    for _ in range(effort.pick(2, 7)):
        effort.tell("start-up")
        board.figure("python that does nothing", "ms").add(_took([sys.executable, "-c", "pass"]))
        board.figure("prism --help", "ms", Goal("p50", 150)).add(_took(child(PRISM, "--help")))
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(effort.pick(1, 3)):
            effort.tell("a quiet room")
            _listening(effort, Path(folder), board)
    effort.tell("hours of conversation")
    _hours(24.0 if effort.long else 0.5 if effort.quick else 2.0, effort, board)


def _took(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, env=environment(), check=True)  # noqa: S603  # ourselves
    return (time.perf_counter() - begun) * 1000


def _listening(effort: Effort, folder: Path, board: Board) -> None:
    """Start a session that listens to nothing; watch it, end it."""
    seconds = effort.pick(4, 10)
    room = folder / "room.wav"
    _write(room, SETTLE_S + seconds + 3)
    command = child(
        PRISM, "talk", "--input", str(room), "--output", str(folder / "out.wav"), "--json", *_engines()
    )
    begun = time.perf_counter()
    with _started(command) as (process, lines):
        if "session.started" not in (line := lines.readline()):
            board.remark(f"prism talk did not begin a session: {line.strip() or 'it said nothing'}")
            return
        board.figure("prism talk, start to listening", "ms").add((time.perf_counter() - begun) * 1000)
        time.sleep(SETTLE_S)
        memory, used, looked = memory_mb(process.pid), used_s(process.pid), time.perf_counter()
        time.sleep(seconds)
        used_then, took = used_s(process.pid), time.perf_counter() - looked
    if memory is None or used is None or used_then is None:
        board.remark(NOT_TOLD)
        return
    board.figure("memory, listening", "MB").add(memory)
    board.figure("idle listening, of one core", "%", Goal("p50", 3)).add((used_then - used) / took * 100)


def _engines() -> list[str]:
    """What is shipped, as options."""
    from ui.cli.commands.demo import SHIPPED

    return [word for key in SHIPPED for word in ("--set", key)]


@contextmanager
def _started(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    with subprocess.Popen(  # noqa: S603  # ourselves
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
    ) as process:
        try:
            yield process, cast("IO[str]", process.stdout)
        finally:
            process.kill()


def _write(path: Path, seconds: float) -> None:
    """A quiet room."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(noise(seconds).tobytes())


def _hours(hours: float, effort: Effort, board: Board) -> None:
    """The memory of a conversation, every ten simulated minutes, and its growth once it has settled."""
    begun = time.perf_counter()
    seen: list[tuple[float, float]] = []
    with _started(child("ui.bench.hours", f"{hours:g}")) as (_, lines):
        for line in lines:
            told = json.loads(line)
            effort.tell(f"{told['hours']:.1f} of {hours:g} simulated hours")
            if told["memory_mb"] is None:
                board.remark(NOT_TOLD)
                return
            seen.append((told["hours"], told["memory_mb"]))
    if not seen or seen[-1][0] < hours * 0.8:
        board.remark(f"{hours:g} simulated hours ended early")
        return
    board.figure("memory of a long conversation, every 10 minutes", "MB").add(*(memory for _, memory in seen))
    (early, before), (late, after) = seen[len(seen) // 3], seen[-1]
    if late > early:
        board.figure("its growth in a simulated hour", "MB").add((after - before) / (late - early))
    board.remark(f"{hours:g} hours were simulated in {time.perf_counter() - begun:.0f} s")
