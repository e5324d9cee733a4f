"""A desktop of its own for tests: an X server without a screen, a window manager, and windows to write into.

Each server is found a free display by itself and dies with its block. What a window contains is read from outside: the
Tk editor writes it to a file at each change, the terminal's reader writes what it was typed. Only processes that were
started here are touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAMS = ("Xvfb", "openbox", "xdotool", "xterm", "xclip", "xprop", "setxkbmap", "xset")
PACKAGES = "xvfb openbox xdotool xterm xclip x11-utils x11-xkb-utils x11-xserver-utils python3-tk"
ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 15.0

EDITOR = """
import sys, tkinter
file, slow_ms = sys.argv[1], int(sys.argv[2])
root = tkinter.Tk(className=sys.argv[3])
root.title(sys.argv[3])
text = tkinter.Text(root); text.pack(); text.focus_force()
def pasted(event):
    if slow_ms:  # a program that is busy before it reads
        root.after(slow_ms, lambda: text.insert("insert", root.clipboard_get(type="UTF8_STRING")))
        return "break"
text.bind("<<Paste>>", pasted)
def store(*_):
    content = text.get("1.0", "end-1c")
    with open(file + ".new", "w", encoding="utf-8", errors="surrogatepass") as out: out.write(content)
    import os; os.replace(file + ".new", file)
    text.edit_modified(False)
text.bind("<<Modified>>", store)
store()
root.mainloop()
"""
READER = """
import os, sys, termios, tty
tty.setraw(0)
with open(sys.argv[1], "wb", buffering=0) as out:
    while True: out.write(os.read(0, 65536))
"""


@dataclass
class XServer:
    """A running display with its window manager."""

    display: str
    folder: Path
    process: subprocess.Popen[bytes]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """For programs that shall be shown here."""
        inherited = {k: v for k, v in os.environ.items() if k not in {"WAYLAND_DISPLAY", "XAUTHORITY"}}
        return {**inherited, "DISPLAY": self.display, "XDG_SESSION_TYPE": "x11"}

    def start(self, *command: str | Path, stdin: int | None = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A program on this display; it is ended with the server."""
        process = subprocess.Popen(
            [str(part) for part in command],
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def run(self, *command: str, data: bytes | None = None) -> bytes:
        """A program to its end; what it printed."""
        done = subprocess.run(
            command, env=self.environment, input=data, capture_output=True, check=True, timeout=START_LIMIT_S
        )
        return done.stdout

    def editor(self, name: str = "editor", *, slow_s: float = 0.0) -> Box:
        """A Tk editor with the keyboard, once it has it."""
        file = self.folder / f"{name}.txt"
        process = self.start(sys.executable, "-c", EDITOR, file, str(round(slow_s * 1000)), name)
        return self.box(name, file, process)

    def terminal(self, name: str = "terminal") -> Box:
        """An xterm with the keyboard, in which a program takes everything that is typed."""
        file = self.folder / f"{name}.txt"
        process = self.start(*("xterm", "-u8", "-title", name, "-e", sys.executable, "-c", READER, file))
        return self.box(name, file, process)

    def focus(self, box: Box) -> None:
        """Give a window the keyboard."""
        self.run("xdotool", "windowactivate", "--sync", box.id)

    def clipboard(self, target: str = "UTF8_STRING", selection: str = "clipboard") -> bytes:
        """What a program reads there now."""
        return self.run("xclip", "-o", "-selection", selection, "-t", target)

    def copy(self, data: bytes, target: str = "UTF8_STRING", selection: str = "clipboard") -> None:
        """Have another program own a selection."""
        process = self.start(
            "xclip", "-i", "-quiet", "-selection", selection, "-t", target, stdin=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(data)
        process.stdin.close()
        wait_until(lambda: self._reads(target, selection) == data, "xclip does not own the selection")

    def _reads(self, target: str, selection: str) -> bytes | None:
        try:
            return self.clipboard(target, selection)
        except subprocess.CalledProcessError:
            return None

    def box(
        self, name: str, file: Path, process: subprocess.Popen[bytes], limit_s: float = START_LIMIT_S
    ) -> Box:
        """The window of a program that was started, with the keyboard."""

        def number() -> str:
            command = ["xdotool", "search", "--onlyvisible", "--name", f"^{name}$"]
            found = subprocess.run(command, env=self.environment, capture_output=True, check=False)
            return (found.stdout.decode().split() or [""])[-1]

        wait_until(lambda: bool(number()), f"the window {name} does not appear", limit_s)
        box = Box(name, number(), file, process)
        self.focus(box)
        wait_until(box.file.exists, f"{name} writes nothing", limit_s)
        return box


@dataclass
class Box:
    """A window to write into."""

    name: str
    id: str
    file: Path
    process: subprocess.Popen[bytes]

    @property
    def text(self) -> str:
        """What is in it now."""
        return self.file.read_bytes().decode("utf-8", "surrogatepass")

    def holds(self, text: str, limit_s: float = 5.0) -> bool:
        """Whether this and nothing else comes to be in it."""
        give_up = time.monotonic() + limit_s
        while self.text != text and time.monotonic() < give_up:
            time.sleep(0.005)
        return self.text == text

    def close(self) -> None:
        """End the program."""
        self.process.terminate()
        self.process.wait(START_LIMIT_S)


def missing() -> str | None:
    """Why no desktop can be had here; None when it can."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: {PACKAGES})"
    try:
        import tkinter as tk  # noqa: F401

        import Xlib  # noqa: F401
    except ImportError as error:
        return f"{error} (Debian: python3-tk; pip: python-xlib)"
    return None


@contextmanager
def x_server(folder: Path) -> Iterator[XServer]:
    """A display with a window manager, gone when the block is left."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    told, tell = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[tell],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(tell)
    with os.fdopen(
        told, encoding="ascii"
    ) as line:  # up to its end: the server dies when it cannot write it all
        number = line.readline().strip()
    server = XServer(f":{number}", folder, process)
    try:
        server.start("openbox")
        wait_until(lambda: _managed(server), "openbox did not start")
        yield server
    finally:
        for started in (*server.started, process):
            started.terminate()
        for started in (*server.started, process):
            try:
                started.wait(START_LIMIT_S)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def wait_until(true: Callable[[], bool], complaint: str, limit_s: float = START_LIMIT_S) -> None:
    """Look again and again until it is so."""
    give_up = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError(complaint)
        time.sleep(0.01)


def _managed(server: XServer) -> bool:
    command = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
    asked = subprocess.run(command, env=server.environment, capture_output=True, check=False)
    return asked.returncode == 0 and b"window id" in asked.stdout
