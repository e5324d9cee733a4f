"""One desk for all dictations of a run: found when it is first needed, lent to each sink, closed at the end.

A desk owns the clipboard until the next paste and keeps what was on it, so it must outlive the sink of one dictation;
opening it for each would also cost its connections each time. It is what surrounds the cursor, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desktop import find_desk
from pipeline.desktop.base import DesktopError
from pipeline.sinks.clipboard import ClipboardSink
from pipeline.sinks.keystrokes import TypeSink
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import SinkError

if TYPE_CHECKING:
    from config import Settings
    from pipeline.desktop.base import Desk, Window
    from pipeline.sinks.text import TextSink


class SharedDesk:
    """Makes the sinks of this desktop, and is the Surroundings of dictation. Close it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._desk: Desk | None = None

    def found(self) -> Desk:
        """The desk. Raises DesktopError where there is none."""
        if self._desk is None:
            self._desk = find_desk(self._settings)
        return self._desk

    def sink(self, name: str, chord: str | None = None) -> TextSink:
        """The sink paste, type or clipboard for one dictation; ``chord`` is the profile's. Raises SinkError."""
        paste = self._settings.paste
        if chord is not None:
            paste = paste.model_copy(update={"chord": chord})
        try:
            desk = _lent(self.found())
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem
        if name == "paste":
            return PasteSink(desk, paste)
        return TypeSink(desk, paste) if name == "type" else ClipboardSink(desk)

    async def window(self) -> Window | None:
        """The window that has the keyboard; None where the desktop does not tell."""
        try:
            desk = self.found()
        except DesktopError:  # words may go to a file as well
            return None
        return await desk.active() if desk.tells_windows else None

    async def before_cursor(self) -> str | None:
        """No desktop tells yet what stands there; what was inserted last is known to dictation itself."""
        return None

    async def aclose(self) -> None:
        """Give the clipboard back; twice is fine."""
        desk, self._desk = self._desk, None
        if desk is not None:
            await desk.aclose()


class _Lent:
    """A desk that a sink may not close."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a Desk has
        return getattr(self._desk, name)

    async def aclose(self) -> None:
        """Its owner does."""


def _lent(desk: Desk) -> Desk:
    return _Lent(desk)
