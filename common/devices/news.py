"""What the sound server of a Linux desktop does to our streams without telling them.

PulseAudio, and PipeWire in its place, move a stream to another device when its own is removed, or when the user chooses
another default; PortAudio and ALSA notice nothing. Their tool ``pactl`` does: one ``pactl subscribe`` runs while a
stream is kept and costs nothing while nothing changes, and after each change of devices it is asked where the streams
of this process are. Without ``pactl``, and on other systems, nothing is heard and nothing is told.

``place`` is the pure half: what ``pactl`` prints in, where our streams are out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.audio_host import Kind

ASK_LIMIT_S = 2.0
SETTLE_S = 0.15
"""Changes come in bursts: a server is asked so long after the first one. Seconds."""
AGAIN_S = 1.0
"""Between two attempts to listen to a server that is not there. Seconds."""

_TELLING = re.compile(r"'(?:new|remove|change)' on (?:sink|source|sink-input|source-output|server) ")
_BLOCK = re.compile(r"^(?:Source Output|Sink Input) #\d+$", re.MULTILINE)
_PLACE = re.compile(r"^\s+(?:Source|Sink): (\d+)$", re.MULTILINE)
_OWNER = re.compile(r'^\s+application\.process\.id = "(\d+)"$', re.MULTILINE)
_ASKED = (("source-outputs", "sources"), ("sink-inputs", "sinks"))


@dataclass(frozen=True, slots=True)
class Places:
    """Where the streams of this process are; None when it has no stream of that kind, or several."""

    input: str | None
    output: str | None
    anew: bool = False
    """Devices have come or gone, or the server is another one."""

    def of(self, kind: Kind) -> str | None:
        return self.input if kind == "input" else self.output


def place(streams: str, devices: str, process: int) -> str | None:
    """The device of a process's only stream, from ``pactl list sink-inputs`` and ``pactl list short sinks``."""
    names = {row[0]: row[1] for line in devices.splitlines() if len(row := line.split("\t")) > 1}
    blocks = _BLOCK.split(streams)[1:]
    mine = [block for block in blocks if (owner := _OWNER.search(block)) and owner[1] == str(process)]
    found = [match[1] for block in mine if (match := _PLACE.search(block))]
    return names.get(found[0]) if len(found) == 1 else None


class PulseNews:
    """Listens in a thread of its own from ``start`` to ``stop``."""

    def __init__(self, told: Callable[[Places], None]) -> None:
        """``told`` is called in that thread after each change, with what is so now."""
        self._told = told
        self._over = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._devices = ""  # as they were told last; nothing of a server that was just reached

    def start(self) -> bool:
        """Begin to listen; False where there is nothing to listen to."""
        if not sys.platform.startswith("linux") or shutil.which("pactl") is None:
            return False
        for work in (self._listen, self._ask):
            threading.Thread(target=work, name="audio news", daemon=True).start()
        return True

    def stop(self) -> None:
        """End; does not wait."""
        with self._lock:
            self._over.set()
            self._changed.set()
            if self._process is not None:
                self._process.kill()

    def _listen(self) -> None:
        while not self._over.is_set():
            with self._lock:
                if self._over.is_set():
                    return
                self._process = _pactl("subscribe")
            if self._process is not None:
                with self._process as process:
                    # That it was reached is news too: it may have been restarted.
                    self._devices = ""
                    self._changed.set()
                    for line in process.stdout or ():
                        if _TELLING.search(line):
                            self._changed.set()
            self._over.wait(AGAIN_S)

    def _ask(self) -> None:
        while not self._over.is_set():
            self._changed.wait()
            self._over.wait(SETTLE_S)
            self._changed.clear()
            if self._over.is_set():
                return
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                self._told(self._places())

    def _places(self) -> Places:
        """Raises OSError or SubprocessError when the server does not answer."""
        found: list[str | None] = []
        listed = ""
        for streams, devices in _ASKED:
            names = _answer("list", "short", devices)
            found.append(place(_answer("list", streams), names, os.getpid()))
            listed += "".join(row.split("\t")[1] + "\n" for row in names.splitlines())
        before, self._devices = self._devices, listed
        return Places(found[0], found[1], anew=listed != before)


def _answer(*words: str) -> str:
    """What ``pactl`` prints. Raises OSError or SubprocessError."""
    asked = subprocess.run(  # noqa: S603  # fixed words
        [shutil.which("pactl") or "pactl", *words],
        env=_english(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=ASK_LIMIT_S,
        check=True,
    )
    return asked.stdout


def _pactl(word: str) -> subprocess.Popen[str] | None:
    try:
        return subprocess.Popen(  # noqa: S603  # fixed words
            [shutil.which("pactl") or "pactl", word],
            env=_english(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
    except OSError:
        return None


def _english() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
