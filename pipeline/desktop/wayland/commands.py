"""Wayland without portals: wl-clipboard for the clipboard, wtype or ydotool for the keys.

These programs tell nothing about who reads, so there is no receipt: the words count as sent, and what was on the
clipboard comes back only after a time that slow programs need. wl-copy owns one format, so of several the most telling
one comes back. ydotool presses bare key codes, which mean another letter on another layout: it pastes with
Shift+Insert, which is the same key everywhere.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError, Taken, Window
from pipeline.desktop.chords import MODIFIERS, Chord
from pipeline.desktop.contents import worth_keeping
from pipeline.desktop.owed import paid
from pipeline.desktop.programs import run
from pipeline.desktop.wayland.desk import Quiet

if TYPE_CHECKING:
    from config import PasteSettings

STEP_S = 2.0
UNSEEN_S = 1.2
"""The clipboard stays ours at least so long, for nobody tells when it was read. Seconds."""
_PLAIN = ("text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "STRING", "TEXT")


class CommandDesk(Quiet):
    """What wtype and ydotool have in common."""

    program = ""
    name = ""

    def __init__(self, settings: PasteSettings) -> None:
        self._settings = settings
        missing = [p for p in (self.program, "wl-copy", "wl-paste") if shutil.which(p) is None]
        self._missing = f"{' and '.join(missing)} not installed" if missing else None
        self._pool = ThreadPoolExecutor(1, "wl-copy")
        self._pending: Future[None] | None = None

    def pressing(self, chord: Chord) -> tuple[str, ...]:
        """The command that presses a chord."""
        raise DesktopError(f"{self.program} cannot press {chord}.")

    def typing(self) -> tuple[str, ...]:
        """The command that types its input."""
        raise DesktopError(f"{self.program} cannot type.")

    async def offer(self, text: str, chord: Chord, target: Window | None) -> CommandOffer:  # noqa: ARG002
        """Lay the words on both clipboards: which of them the chord reads, the program decides."""
        self._check()
        await self._settled()
        former = await self._snapshot()
        await copy(text.encode(), _PLAIN[0])
        await copy(text.encode(), _PLAIN[0], primary=True)
        return CommandOffer(self, chord, text.encode(), former)

    async def keep(self, text: str) -> None:
        """Put the words on the clipboard; wl-copy stays behind with them."""
        self._check()
        await self._settled()
        await copy(text.encode(), _PLAIN[0])

    async def type(self, text: str) -> None:
        """Type the words."""
        self._check()
        await run(self.typing(), text.encode(), STEP_S + len(text) * 0.1)

    async def press(self, chord: Chord) -> None:
        """Press the chord."""
        await run(self.pressing(chord), b"", STEP_S)

    def put_back(self, former: tuple[str, bytes] | None, words: bytes, after_s: float) -> None:
        """Plan to put back what was there."""
        self._pending = self._pool.submit(_put_back, former, words, max(after_s, UNSEEN_S))

    async def aclose(self) -> None:
        """Put back what is owed; twice is fine."""
        await self._settled()
        self._pool.shutdown(wait=False)

    def _check(self) -> None:
        if self._missing:
            raise DesktopError(f"{self._missing}; install wl-clipboard and {self.program}.")

    async def _settled(self) -> None:
        pending, self._pending = self._pending, None
        await paid(pending, UNSEEN_S + 2 * STEP_S)

    async def _snapshot(self) -> tuple[str, bytes] | None:
        """The most telling format of the clipboard and what is in it; None when it is empty."""
        try:
            listed = (await run(("wl-paste", "--list-types"), b"", STEP_S)).decode().split("\n")
            kind = most_telling(listed)
            if kind is None:
                return None
            data = await run(("wl-paste", "--no-newline", "--type", kind), b"", STEP_S)
        except DesktopError:  # wl-paste calls an empty clipboard a failure
            return None
        return (kind, data) if len(data) <= self._settings.snapshot_mb * 1_000_000 else None


class WtypeDesk(CommandDesk):
    """Sway, Hyprland, Niri and others of the virtual keyboard protocol."""

    program = "wtype"
    name = "Wayland (wtype)"

    def pressing(self, chord: Chord) -> tuple[str, ...]:
        held = [name.replace("super", "logo") for name in MODIFIERS if name in chord.modifiers]
        key = {"insert": "Insert"}.get(chord.key, chord.key)
        down = [word for name in held for word in ("-M", name)]
        up = [word for name in reversed(held) for word in ("-m", name)]
        return ("wtype", *down, "-k", key, *up)

    def typing(self) -> tuple[str, ...]:
        return ("wtype", "-d", f"{self._settings.type_delay_ms:.0f}", "-")


class YdotoolDesk(CommandDesk):
    """Any compositor, by a virtual keyboard of the kernel; its daemon must run. It cannot type accents."""

    program = "ydotool"
    name = "Wayland (ydotool)"

    def pressing(self, chord: Chord) -> tuple[str, ...]:  # noqa: ARG002
        return (
            "ydotool",
            "key",
            "42:1",
            "110:1",
            "110:0",
            "42:0",
        )  # Shift and Insert, by linux/input-event-codes.h


class CommandOffer:
    """An Offer without a receipt."""

    def __init__(
        self, desk: CommandDesk, chord: Chord, words: bytes, former: tuple[str, bytes] | None
    ) -> None:
        self._desk = desk
        self._chord = chord
        self._words = words
        self._former = former

    async def deliver(self, limit_s: float) -> Taken:  # noqa: ARG002  # there is nothing to wait for
        """Press the chord, and hope."""
        await self._desk.press(self._chord)
        return "untold"

    def restore(self, after_s: float) -> None:
        """Put back what was there."""
        self._desk.put_back(self._former, self._words, after_s)


def most_telling(kinds: list[str]) -> str | None:
    """Which of several formats says most: files before pictures before formatted text before text."""
    wanted = worth_keeping(kind for kind in kinds if kind)
    for prefix in ("x-special/", "text/uri-list", "image/png", "image/", *_PLAIN, "text/"):
        found = [kind for kind in wanted if kind.startswith(prefix)]
        if found:
            return found[0]
    return wanted[0] if wanted else None


async def copy(data: bytes, kind: str, *, primary: bool = False) -> None:
    """Have wl-copy own the clipboard, or PRIMARY; it stays behind. Raises DesktopError."""
    await run(("wl-copy", *(["--primary"] if primary else []), "--type", kind), data, STEP_S, mute=True)


def _put_back(former: tuple[str, bytes] | None, words: bytes, after_s: float) -> None:
    """In a thread. What somebody has copied since stays."""
    time.sleep(after_s)
    with suppress(OSError, subprocess.TimeoutExpired):
        there = _called(["wl-paste", "--no-newline", "--type", _PLAIN[0]], b"", subprocess.PIPE)
        if there == words:
            copying = ["wl-copy", "--type", former[0]] if former else ["wl-copy", "--clear"]
            _called(copying, former[1] if former else b"", subprocess.DEVNULL)


def _called(command: list[str], given: bytes, out: int) -> bytes | None:
    called = subprocess.run(  # noqa: S603  # a fixed program, no shell
        command, input=given, check=False, timeout=STEP_S, stdout=out, stderr=subprocess.DEVNULL
    )
    return called.stdout
