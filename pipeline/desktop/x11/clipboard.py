"""The clipboard under X11: words laid on it for one reader, and what was there put back afterwards.

The order of things, all in the connection's thread: read what lies there in every format, take the selections, tell
who reads. A program that takes the clipboard between the chord and the read would have its text pasted, so it is taken
back at once, a bounded number of times. Putting back waits for a while after the last read (browsers read several
times) and is left out when the clipboard is not ours any more.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError
from pipeline.desktop.contents import of_text
from pipeline.desktop.x11.changes import Changes
from pipeline.desktop.x11.selection import CLIPBOARD, PRIMARY, Holding, Selections
from pipeline.desktop.x11.snapshot import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.desktop.contents import Item
    from pipeline.desktop.x11.connection import Connection

RETAKES = 40
"""How often a clipboard that was taken away before the read is taken back. Two programs that insist must end."""
TRIES = 5
"""How often a selection is asked for that somebody else takes at the same moment."""
PATIENCE_S = 10.0
"""How long putting back waits for readers that are in the middle of something large."""
BROWSE_S = 1.0
"""How long further reads may put it off. A browser asks five times within a few ms; a poller would never end."""


@dataclass(slots=True, eq=False)
class Laid:
    """Words on the clipboard, as the connection's thread sees them."""

    holdings: dict[str, Holding]
    former: dict[str, Mapping[str, Item] | None]
    """What each selection held before; None when its owner did not tell."""
    retakes: int = RETAKES
    guarded: bool = False
    """The chord is pressed and nobody has read: whoever takes the clipboard now gets it taken back."""
    read_at: float = field(default_factory=time.monotonic)
    """Of the last read, or of the taking; monotonic seconds."""


class Clipboard:
    """Our hold on CLIPBOARD and PRIMARY. Methods run in the connection's thread unless they say otherwise."""

    def __init__(self, connection: Connection, budget: int) -> None:
        self._connection = connection
        self._budget = budget
        self._selections = Selections(connection)
        self._reader = Reader(connection)
        self._changes = Changes(connection, (CLIPBOARD, PRIMARY))
        self._ahead: dict[str, tuple[int, Mapping[str, Item] | None]] = {}

    def look_ahead(self) -> None:
        """Read what is on the clipboard already now: a large picture takes longer than a paste should."""
        if self._changes.watches and self._selections.held(CLIPBOARD) is None:
            before = self._changes.count(CLIPBOARD)
            self._ahead[CLIPBOARD] = before, self._reader.read(CLIPBOARD, self._budget)

    def lay(self, text: str, names: tuple[str, ...], read: Callable[[int], None]) -> Laid:
        """Put words there, to be read soon. ``read`` is told the window of each reader, in this thread.

        Raises DesktopError when the clipboard cannot be had.
        """
        former = {name: self._now(name) for name in names}
        laid = Laid({}, former)

        def told(window: int) -> None:
            laid.read_at = time.monotonic()
            read(window)

        contents = of_text(text, private=True)
        for name in names:
            laid.holdings[name] = Holding(contents, read=told, lost=lambda name: self._retake(laid, name))
            self._take(name, laid.holdings[name])
        laid.read_at = time.monotonic()
        return laid

    def keep(self, text: str) -> None:
        """Put words there, to stay. Raises DesktopError when the clipboard cannot be had."""
        self._take(CLIPBOARD, Holding(of_text(text, private=False)))

    def owns(self, laid: Laid) -> bool:
        """Whether every selection still holds these words."""
        return all(self._selections.held(name) is holding for name, holding in laid.holdings.items())

    def put_back(self, laid: Laid, after_s: float, done: Future[None]) -> None:
        """Put back what was there, ``after_s`` seconds after the last read; ``done`` is resolved then."""
        laid.guarded = False
        began = time.monotonic()

        def when_quiet() -> None:
            now = time.monotonic()
            early = min(laid.read_at + after_s, began + max(after_s, BROWSE_S)) - now
            if early > 0 or (not self._selections.idle and now - began < PATIENCE_S):
                self._connection.later(max(early, 0.02), when_quiet)
                return
            try:
                for name in laid.holdings:
                    self._put_back(laid, name)
            except DesktopError as problem:
                done.set_exception(problem)
            else:
                done.set_result(None)

        when_quiet()

    def held(self) -> dict[str, Mapping[str, Item]]:
        """What of ours would be lost when this connection ends, by selection."""
        found = {name: self._selections.held(name) for name in (CLIPBOARD, PRIMARY)}
        return {name: holding.contents for name, holding in found.items() if holding is not None}

    def hold(self, everything: Mapping[str, Mapping[str, Item]]) -> bool:
        """Own these contents; whether each selection could be had."""
        taken = [self._selections.take(name, Holding(contents)) for name, contents in everything.items()]
        return all(taken)

    def _now(self, name: str) -> Mapping[str, Item] | None:
        """What a selection holds: ours is known, others' is read."""
        own = self._selections.held(name)
        count, ahead = self._ahead.pop(name, (-1, None))
        if own is not None:
            return own.contents
        return (
            ahead if count == self._changes.count(name) and ahead else self._reader.read(name, self._budget)
        )

    def _take(self, name: str, holding: Holding) -> None:
        if not any(self._selections.take(name, holding) for _ in range(TRIES)):
            raise DesktopError(
                "Another program holds on to the clipboard; close clipboard tools that rewrite it."
            )

    def _retake(self, laid: Laid, name: str) -> None:
        if laid.guarded and laid.retakes > 0:
            laid.retakes -= 1
            self._selections.take(name, laid.holdings[name])

    def _put_back(self, laid: Laid, name: str) -> None:
        if self._selections.held(name) is not laid.holdings[name]:
            return
        former = laid.former[name]
        if former:
            self._selections.take(name, Holding(former))
        elif former is not None:  # it was empty
            self._selections.drop(name)
