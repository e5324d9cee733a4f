"""The sink ``type``: words key by key, for windows that take no paste.

Slow, and without proof that they arrived. The words go in pieces, and before each the window is compared with the one
that was meant: whoever changes windows in the middle finds the rest on the clipboard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError
from pipeline.desktop.targets import harmless
from pipeline.sinks.aim import Aim
from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import PasteSettings
    from pipeline.desktop.base import Desk, Window

PIECE = 60
"""Characters that are typed between two looks at the window: under a second."""


class TypeSink:
    """A TextSink that types. It owns the desk."""

    name = "type"

    def __init__(self, desk: Desk, settings: PasteSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._aim = Aim(desk)

    @property
    def target(self) -> Window | None:
        """The window that the dictation is meant for, where the desktop tells."""
        return self._aim.target

    async def begin(self) -> str | None:
        """Remember the active window; its name."""
        try:
            return await self._aim.take()
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem

    async def commit(self, text: str) -> Receipt:
        """Type the words into that window, as long as it has the keyboard."""
        try:
            await self._desk.hands_off(self._settings.hands_off_s)
            return await self._type(harmless(text))
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem

    async def aclose(self) -> None:
        """Twice is fine."""
        await self._desk.aclose()

    async def _type(self, text: str) -> Receipt:
        typed = 0
        for piece in pieces(text):
            reason = await self._aim.missed()
            if reason is not None:
                rest = f" The first {typed} characters were typed before." if typed else ""
                return await self._aim.kept(text[typed:], reason + rest)
            await self._desk.type(piece)
            typed += len(piece)
        return Receipt("sent", self._aim.where)


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most ``PIECE`` characters, cut after a blank where there is one. Together: the text."""
    while len(text) > PIECE:
        cut = text.rfind(" ", 0, PIECE) + 1 or PIECE
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text
