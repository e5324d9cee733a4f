"""The sink ``clipboard``: words lie on the clipboard until something else is copied. It needs no window and no keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError
from pipeline.sinks.aim import CLIPBOARD
from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from pipeline.desktop.base import Desk


class ClipboardSink:
    """A TextSink that copies. It owns the desk."""

    name = "clipboard"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(self) -> str | None:
        """Nothing to remember: every place pastes from the same clipboard."""
        return CLIPBOARD

    async def commit(self, text: str) -> Receipt:
        """Copy the words."""
        try:
            await self._desk.keep(text)
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem
        return Receipt("confirmed", CLIPBOARD)

    async def aclose(self) -> None:
        """The words stay; twice is fine."""
        await self._desk.aclose()
