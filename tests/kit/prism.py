"""The terminal program in a process of its own: what a user runs, seen from outside, with nothing of ours imported.

    ran = prism("talk", "--input", wav, "--once", "--json")      # to its end
    with prism.started("talk", ...) as live:                     # and while it runs
        live.wait_for("speech.started")
        live.send(signal.SIGINT)
        ran = live.finish()

Each program has a home of its own and reads nothing of the machine's user. The model hub is a closed port: a test that
would fetch a model fails at once, instead of fetching it. What ``prism`` prints goes to files, so that no pipe fills.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT.parent / "shared" / "audio"
"""A larger collection of recordings that may lie beside the checkout."""
CLOSED_PORT = 9
"""On loopback nobody serves "discard"."""
LIMIT_S = 30.0
"""No run of a test takes longer, start included."""
ENGINES = ("--set", "stt.model=prism-tiny", "--set", "tts.backends=[espeak]")
"""Engines that need no download."""
NO_PORTAUDIO = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")

sys.meta_path.insert(0, Refusal())
"""
"""What Python runs first of all on a machine without PortAudio: there the binding's import fails in these words."""

Event = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def events(self) -> list[Event]:
        """stdout as JSON; fails unless each line is one object."""
        return [_object(line) for line in self.out.splitlines()]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    def one(self, name: str) -> Event:
        (event,) = (event for event in self.events if event["event"] == name)
        return event

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong; fails when there is none, a second one, or a traceback."""
        assert "Traceback" not in self.err + self.out, self.err
        (line,) = (line for line in self.err.splitlines() if line.startswith("prism:"))
        return line


@dataclass
class Live:
    """A program that runs."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    began: float = field(default_factory=time.monotonic)

    def events(self) -> list[Event]:
        """What it has told so far."""
        whole, _, _ = self.out.read_text("utf-8").rpartition("\n")
        return [_object(line) for line in whole.splitlines()]

    def wait_for(self, name: str, where: Callable[[Event], bool] = lambda _: True) -> Event:
        """Return when such an event was told."""
        return self.wait_until(
            lambda: next((e for e in self.events() if e["event"] == name and where(e)), None), name
        )

    def wait_until(self, answer: Callable[[], T | None], what: str) -> T:
        """What ``answer`` gives once it gives something. Raises TimeoutError with all that was printed."""
        give_up = time.monotonic() + LIMIT_S
        while not (said := answer()):
            if self.process.poll() is not None or time.monotonic() > give_up:
                said = answer()
                if said:
                    return said
                raise TimeoutError(f"no {what}; it printed {self.out.read_text()}\n{self.err.read_text()}")
            time.sleep(0.005)
        return said

    def send(self, number: int) -> None:
        """Send a signal; the time that ``finish`` reports counts from here."""
        self.began = time.monotonic()
        self.process.send_signal(number)

    def finish(self) -> Ran:
        """Wait for its end."""
        code = self.process.wait(LIMIT_S)
        took = time.monotonic() - self.began
        return Ran(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"), took)


@dataclass(frozen=True, slots=True)
class Prism:
    """Starts the program, as often as wanted, in one home."""

    home: Path

    def __call__(
        self, *argv: str | Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> Ran:
        """Run one command line to its end."""
        began = time.monotonic()
        done = subprocess.run(
            self.command(*argv),
            input=stdin,
            env=self.environment(environment or {}),
            cwd=ROOT,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        took = time.monotonic() - began
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"), took)

    @contextmanager
    def started(self, *argv: str | Path, stdin: int = subprocess.DEVNULL) -> Iterator[Live]:
        """Start one command line; it is killed when the block is left before its end."""
        out, err = self.home / "stdout", self.home / "stderr"
        with out.open("wb") as told, err.open("wb") as complained:
            process = subprocess.Popen(
                self.command(*argv),
                stdin=stdin,
                stdout=told,
                stderr=complained,
                env=self.environment({}),
                cwd=ROOT,
            )
        with process:
            try:
                yield Live(process, out, err)
            finally:
                process.kill()

    def command(self, *argv: str | Path) -> list[str]:
        return [sys.executable, "-m", "ui.cli.main", *map(str, argv)]

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PRISM_", "HF_"))}
        folders = {
            f"XDG_{kind}_HOME": str(self.home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        run = self.home / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        folders["XDG_RUNTIME_DIR"] = str(run)
        return {**kept, **folders, "HF_ENDPOINT": f"http://127.0.0.1:{CLOSED_PORT}", **changes}


@pytest.fixture(name="prism")
def prism_program(tmp_path: Path) -> Prism:
    """The program in a home of its own."""
    return Prism(tmp_path)


def without_portaudio(folder: Path) -> dict[str, str]:
    """The environment of a machine without PortAudio, made in ``folder``."""
    (folder / "sitecustomize.py").write_text(NO_PORTAUDIO)
    return {"PYTHONPATH": str(folder)}


def _object(line: str) -> Event:
    """One line of JSON as an object."""
    said = json.loads(line)
    assert isinstance(said, dict), line
    return said
