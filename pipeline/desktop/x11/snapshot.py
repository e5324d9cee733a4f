"""Reading a selection in all its formats, byte for byte, whatever program owns it. Runs in the connection's thread.

The owner may be slow, hung, or hold a picture of a hundred megabytes: every step has a time limit, the whole has one
too, and the bytes are bounded. What was left out is logged, never guessed.
"""

from __future__ import annotations

import itertools
import logging
import time
from typing import TYPE_CHECKING, Any

from pipeline.desktop.contents import Item, within, worth_keeping

if TYPE_CHECKING:
    from pipeline.desktop.x11.connection import Connection

log = logging.getLogger(__name__)

STEP_S = 0.3
"""An owner that says nothing for so long is not asked for this format any more."""
WHOLE_S = 1.0
"""Longest that a snapshot may take; what is not read by then is left out."""
PROPERTIES = 32
"""Property names in turn, so that a late answer cannot be taken for the next one."""
EVERYTHING = 0x1FFFFFFF
"""Length of a property in units of four bytes: all of it."""


class Reader:
    """Reads selections of other programs, one at a time."""

    def __init__(self, connection: Connection) -> None:
        from Xlib import X

        self._connection = connection
        self._names = itertools.cycle([connection.atom(f"PRISM_READ_{n}") for n in range(PROPERTIES)])
        self._asked = (0, 0)
        self._answer: bool | None = None
        self._prop = 0
        self._written = False
        connection.on(X.SelectionNotify, self._notified)
        connection.on(X.PropertyNotify, self._property)

    def read(self, selection: str, budget: int) -> dict[str, Item] | None:
        """All that the owner offers, ``budget`` bytes at most. Empty without an owner, None when it does not answer."""
        display = self._connection.display
        if not display.get_selection_owner(self._connection.atom(selection)):
            return {}
        stamp = self._connection.server_time()
        give_up = time.monotonic() + WHOLE_S
        targets = self._convert(selection, "TARGETS", stamp, give_up, budget)
        if targets is None or targets.width != 32:
            plain = self._convert(
                selection, "UTF8_STRING", stamp, give_up, budget
            )  # all that some owners know
            return None if plain is None else {"UTF8_STRING": plain}
        found: dict[str, Item] = {}
        wanted = worth_keeping(display.get_atom_name(atom) for atom in targets.data)
        for name in wanted:
            item = self._convert(selection, name, stamp, give_up, within(found, budget))
            if item is not None:
                found[name] = item
        left_out = [name for name in wanted if name not in found]
        if left_out:
            log.info("not kept of the %s: %s", selection, ", ".join(left_out))
        return found

    def _convert(self, selection: str, target: str, stamp: int, give_up: float, budget: int) -> Item | None:
        """One format; None when the owner has none, takes too long, or it is too large."""
        left = min(STEP_S, give_up - time.monotonic())
        if left <= 0 or budget <= 0:
            return None
        connection = self._connection
        self._prop = next(self._names)
        self._asked = (connection.atom(selection), connection.atom(target))
        self._answer = None
        connection.window.delete_property(self._prop)
        connection.window.convert_selection(*self._asked, self._prop, stamp)
        if not connection.pump(lambda: self._answer is not None, left) or not self._answer:
            return None
        self._written = False
        first = self._take()
        if first is None:
            return None
        if first.property_type == connection.atom("INCR"):
            return self._pieces(give_up, budget)
        item = self._item(first.property_type, first.format, [first.value])
        return item if item.size <= budget else None

    def _pieces(self, give_up: float, budget: int) -> Item | None:
        """The pieces of a large thing, up to the empty one."""
        pieces: list[Any] = []
        size = 0
        while True:
            left = min(STEP_S, give_up - time.monotonic())
            if not self._connection.pump(lambda: self._written, max(0.0, left)):
                return None
            self._written = False
            piece = self._take()
            if piece is None:
                continue
            if not len(piece.value):
                return self._item(piece.property_type, piece.format, pieces) if size <= budget else None
            size += len(piece.value) * piece.format // 8
            if size <= budget:  # beyond it, pieces are only taken away, so that the owner comes to its end
                pieces.append(piece.value)

    def _take(self) -> Any:
        """The property that was written for us; taken away, which asks for the next piece."""
        from Xlib import X

        window = self._connection.window
        return window.get_property(self._prop, X.AnyPropertyType, 0, EVERYTHING, delete=True)

    def _item(self, kind: int, width: int, values: list[Any]) -> Item:
        name = self._connection.display.get_atom_name(kind)
        if width == 8:
            return Item(name, width, b"".join(bytes(value) for value in values))
        return Item(name, width, tuple(int(unit) for value in values for unit in value))

    def _notified(self, event: Any) -> None:
        if (event.selection, event.target) == self._asked and event.property in {0, self._prop}:
            self._answer = bool(event.property)  # none: refused

    def _property(self, event: Any) -> None:
        from Xlib import X

        if event.window.id == self._connection.window.id and event.atom == self._prop:
            self._written = self._written or event.state == X.PropertyNewValue
