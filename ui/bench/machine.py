"""What is measured on: facts of the machine, how busy it is with other things, and processes seen from outside.

Each function gives None where the system does not tell. Nothing here measures Prism itself.
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    *("prism-voice", "numpy", "onnxruntime", "ctranslate2", "faster-whisper", "piper-tts", "espeakng-loader"),
    *("soxr", "httpx", "starlette", "uvicorn"),
)
"""Whose versions are told."""
TICK_S = 0.01
"""Distance of the timers whose lateness is measured, seconds."""


def facts() -> dict[str, object]:
    """Cores, load, memory, system, Python, versions."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": cores(),
        "processor": _processor(),
        "load": load(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """Processes that wanted a core, as a mean over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def busy_s() -> float | None:
    """Core seconds that all processes of this machine have used since it started (Linux)."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / _ticks()


def own_s() -> float:
    """Core seconds that this process and the children that it has waited for have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timer_lateness(seconds: float) -> list[float]:
    """How late timers of an event loop with nothing to do are on this machine right now, milliseconds."""

    async def tick() -> list[float]:
        loop = asyncio.get_running_loop()
        due, late = loop.time(), []
        for _ in range(round(seconds / TICK_S)):
            due += TICK_S
            await asyncio.sleep(due - loop.time())
            late.append((loop.time() - due) * 1000)
        return late

    return asyncio.run(tick())


def memory_mb(process: int) -> float | None:
    """Resident memory of a process."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, AttributeError):
        told = _ps(process, "rss")
        return int(told) * 1024 / 1e6 if told else None


def used_s(process: int) -> float | None:
    """Core seconds that a process has used so far, all its threads together."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _ticks()
    except OSError:
        told = _ps(process, "time")
        return _seconds(told) if told else None


def _seconds(clock: str) -> float:
    """Of ``ps``: "1:02.50" or "00:01:02"."""
    total = 0.0
    for part in clock.replace("-", ":").split(":"):
        total = total * 60 + float(part)
    return total


def _ps(process: int, column: str) -> str | None:
    command = ["ps", "-o", f"{column}=", "-p", str(process)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None


def _ticks() -> int:
    return int(os.sysconf("SC_CLK_TCK"))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
