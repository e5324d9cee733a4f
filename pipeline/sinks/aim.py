"""Where dictated words shall go: the window that had the keyboard when the dictation began, and whether it still has.

Words must never land in a window that the user did not mean. So the window is remembered when they begin to speak and
compared when the words are there; whoever has moved on finds the words on the clipboard, and is told why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sinks.text import Receipt

if TYPE_CHECKING:
    from pipeline.desktop.base import Desk, Window

CLIPBOARD = "the clipboard"


class Aim:
    """The target of one dictation after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.target: Window | None = None

    async def take(self) -> str | None:
        """Remember the active window; its name. Raises DesktopError."""
        self.target = await self._desk.active()
        return self.target.shown if self.target is not None else None

    async def missed(self) -> str | None:
        """Why the words cannot go where they were meant to; None when they can. Raises DesktopError."""
        if self._desk.tells_windows:
            reason = await self._moved()
            if reason is not None:
                return reason
        return await self._desk.obstacle()

    @property
    def where(self) -> str:
        """The target in words for a person."""
        return self.target.shown if self.target is not None else "the active window"

    @property
    def application(self) -> str:
        """The target's class; empty where the desktop does not tell."""
        return self.target.application if self.target is not None else ""

    async def kept(self, text: str, reason: str) -> Receipt:
        """Put the words on the clipboard instead, and say so. Raises DesktopError."""
        await self._desk.keep(text)
        return Receipt("kept", CLIPBOARD, reason)

    async def _moved(self) -> str | None:
        if self.target is None:
            return "No window had the keyboard when you began to speak."
        now = await self._desk.active()
        if now is not None and now.id == self.target.id:
            return None
        if not await self._desk.exists(self.target):
            return f"The window {self.where} was closed."
        return f"The focus moved from {self.where} to {now.shown if now is not None else 'no window'}."
