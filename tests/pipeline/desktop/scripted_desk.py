"""A desktop as data: which window has the keyboard at each look, who reads, what gets in the way. It keeps a diary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError, Taken, Window

if TYPE_CHECKING:
    from pipeline.desktop.chords import Chord

EDITOR = Window("1", "editor", "letter.txt", 11)
TERMINAL = Window("2", "xterm", "shell", 12)


@dataclass
class ScriptedDesk:
    """A Desk. Looks beyond the end of ``looks`` see the last window again."""

    looks: list[Window | None] = field(default_factory=lambda: [EDITOR])
    taken: Taken = "target"
    tells_windows: bool = True
    in_the_way: str | None = None
    closed_windows: tuple[Window, ...] = ()
    no_keys: str | None = None
    no_offer: str | None = None
    name: str = "scripted"
    prepared: bool = False
    diary: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        self.prepared = True

    async def obstacle(self) -> str | None:
        return self.in_the_way

    async def active(self) -> Window | None:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def exists(self, window: Window) -> bool:
        return window not in self.closed_windows

    async def hands_off(self, limit_s: float) -> None:
        self.diary.append(f"hands off within {limit_s:g} s")

    async def offer(self, text: str, chord: Chord, target: Window | None) -> ScriptedOffer:
        if self.no_offer:
            raise DesktopError(self.no_offer)
        self.diary.append(f"offer {text} by {chord} to {target.title if target else 'anyone'}")
        return ScriptedOffer(self)

    async def keep(self, text: str) -> None:
        self.diary.append(f"keep {text}")

    async def type(self, text: str) -> None:
        self.diary.append(f"type {text}")

    async def aclose(self) -> None:
        self.diary.append("close")


@dataclass
class ScriptedOffer:
    """Its Offer."""

    desk: ScriptedDesk

    async def deliver(self, limit_s: float) -> Taken:
        if self.desk.no_keys:
            raise DesktopError(self.desk.no_keys)
        self.desk.diary.append(f"press and wait {limit_s:g} s")
        return self.desk.taken

    def restore(self, after_s: float) -> None:
        self.desk.diary.append(f"restore after {after_s:g} s")
