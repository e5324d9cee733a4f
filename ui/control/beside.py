"""What runs beside dictation in the daemon and may be missing: the key that is watched, and Talon that is told.

Each is a coroutine for the daemon's life; none decides anything about dictation.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pipeline import (
    DesktopError,
    DictationStateChanged,
    Gesture,
    LetGo,
    Start,
    Stop,
    TalonLink,
    Toggle,
    follow_key,
    talon_exchange,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pipeline import GestureKind, Hotkey, Intent, PipelineEvent, Request
    from ui.control.daemon import Daemon

log = logging.getLogger("prism.dictation")

RENEW_S = 1.0
"""Talon takes a Prism that has not said for five seconds that it still records for dead."""
NO_KEY = "Bind `prism ctl toggle` to a key in the settings of your desktop; that always works."


class KeyWatch:
    """The hotkey of the daemon."""

    def __init__(
        self, make: Callable[[], Awaitable[Hotkey]], gesture: GestureKind, tell: Callable[[str], object]
    ) -> None:
        """``make`` may raise DesktopError; ``tell`` is given a sentence when there is no key, or none any more."""
        self._make = make
        self._gesture = Gesture(gesture)
        self._tell = tell

    async def run(self, daemon: Daemon) -> None:
        """Watch the key until cancelled; return when it cannot be watched."""
        try:
            hotkey = await self._make()
            try:
                await follow_key(
                    hotkey,
                    self._gesture,
                    lambda intent: daemon.post(self._wish(intent)),
                    lambda: daemon.is_listening,
                )
            finally:
                await hotkey.aclose()
        except DesktopError as error:
            self._tell(f"{error} {NO_KEY}")

    def _wish(self, intent: Intent) -> Request:
        match intent:
            case "start":
                return Start(self._gesture.kind)
            case "stop":
                return Stop()
            case "let-go":
                return LetGo()
            case "toggle":
                return Toggle(self._gesture.kind)


class TalonState:
    """An observer that lets Talon know what dictation is doing, where Talon was set up for it."""

    def __init__(self) -> None:
        self._link = TalonLink() if talon_exchange().is_dir() else None
        self._state = "idle"

    def notify(self, event: PipelineEvent) -> None:
        """Tell Talon at once: it must sleep before the first word."""
        if isinstance(event, DictationStateChanged):
            self._state = event.state
            self._show()

    async def run(self, _daemon: Daemon) -> None:
        """While somebody dictates, say again and again that it is so; at the end, that it is not."""
        try:
            while self._link is not None:
                await asyncio.sleep(RENEW_S)
                if self._state == "listening":
                    self._show()
        finally:
            self._state = "idle"
            self._show()

    def _show(self) -> None:
        if self._link is None:
            return
        try:
            self._link.show(self._state)
        except OSError as error:
            log.warning("Talon is not told what Prism is doing: %s", error)
