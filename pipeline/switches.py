"""News of backends that took over from each other, from rooms that outlive conversations to whoever listens now.

A room may switch while it is warmed, before anybody listens: that is kept and told to the first listener. A
conversation that comes later is told what comes later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Listener = Callable[[str, str, str], None]

KEPT = 16
"""Switches that are kept for the first listener."""


class Switches:
    """One per room that can switch."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, str, str]] = []
        self._listener: Listener | None = None

    def note(self, before: str, after: str, reason: str) -> None:
        """``after`` works in the place of ``before``, because of ``reason``."""
        if self._listener is not None:
            self._listener(before, after, reason)
        else:
            self._kept = [*self._kept, (before, after, reason)][-KEPT:]

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` from now on, and first what was kept."""
        self._listener = listener
        kept, self._kept = self._kept, []
        for switch in kept:
            listener(*switch)
