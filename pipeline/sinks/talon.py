"""Words into the active window by Talon's own insertion, so that Talon's formatting of that application holds.

Talon finds out the window at the beginning and looks again before it inserts. It says that its action has run, not that
a window has read the words: at best they are ``sent``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.desktop.talon import TalonLink, TalonSilent, TalonUnsure
from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pipeline.sinks.text import SinkOptions


class TalonSink:
    """A TextSink."""

    name = "talon"

    def __init__(self, folder: Path | None = None, limit_s: float = 2.0) -> None:
        self._link = TalonLink(folder, limit_s)
        self._window: str | None = None

    async def begin(self) -> str | None:
        """Have Talon remember the active window; its title. Raises SinkError when Talon does not answer."""
        try:
            answer = await self._link.ask("window")
        except (TalonSilent, TalonUnsure, OSError) as error:
            raise SinkError(str(error)) from error
        if not answer.get("ok"):
            raise SinkError(f"Talon cannot tell which window is active: {answer.get('error')}.")
        self._window = answer.get("window")
        return answer.get("title") or answer.get("application")

    async def commit(self, text: str) -> Receipt:
        """Have Talon insert the words. Raises SinkError when they are nowhere."""
        try:
            answer = await self._link.ask("insert", text=text, window=self._window)
        except TalonUnsure as error:
            return Receipt("sent", "Talon", f"{error}.")
        except (TalonSilent, OSError) as error:
            raise SinkError(str(error)) from error
        return receipt_of(answer)

    async def aclose(self) -> None:
        """Nothing is held between two requests."""


def receipt_of(answer: dict[str, Any]) -> Receipt:
    """What Talon's answer to an insertion means. Raises SinkError when the words are nowhere."""
    if answer.get("ok"):
        return Receipt("sent", str(answer.get("title") or answer.get("application") or "Talon"))
    reason = str(answer.get("error") or "it did not say why")
    if kept := answer.get("kept"):
        return Receipt("kept", str(kept), f"The words were not inserted: {reason}.")
    raise SinkError(f"Talon could not insert the words: {reason}.")


def create(options: SinkOptions) -> TalonSink:  # noqa: ARG001  # every sink is made the same way
    """A new sink."""
    return TalonSink()
