"""Handing selections over, whole or in pieces (ICCCM 2.7.2, INCR): a property holds only so much.

A reader is given the size first; each time it has taken a piece away (deleted the property) it gets the next one, and
an empty piece says that this was all. Several readers may be served at once. Runs in the connection's thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desktop.contents import Item
    from pipeline.desktop.x11.connection import Connection

PIECE = 60_000
"""Bytes that are written at once; every server takes 256 KiB in a request, python-xlib asks for no more."""
STALE_S = 60.0
"""A reader that takes nothing for so long has gone."""


@dataclass(slots=True)
class _Transfer:
    item: Item
    kind: int
    """Atom of the item's type."""
    finished: Callable[[], None]
    sent: int = 0
    """Units so far."""
    ending: bool = False
    touched: float = field(default_factory=time.monotonic)


class Transfers:
    """Everything that is being handed over."""

    def __init__(self, connection: Connection) -> None:
        from Xlib import X

        self._connection = connection
        self._running: dict[tuple[int, int], _Transfer] = {}
        connection.on(X.PropertyNotify, self._property)
        connection.on(X.DestroyNotify, self._destroyed)

    @property
    def idle(self) -> bool:
        """Whether nobody is in the middle of reading."""
        now = time.monotonic()
        self._running = {key: t for key, t in self._running.items() if now - t.touched < STALE_S}
        return not self._running

    def give(self, requestor: Any, prop: int, item: Item, finished: Callable[[], None]) -> None:
        """Write ``item`` into the requestor's property; ``finished`` is called when all of it is taken or written."""
        kind = self._connection.atom(item.type)
        if item.size <= PIECE:
            requestor.change_property(prop, kind, item.width, item.data)
            finished()
            return
        from Xlib import X

        if requestor.id != self._connection.window.id:  # our own window listens already
            requestor.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)
        self._running[requestor.id, prop] = _Transfer(item, kind, finished)
        requestor.change_property(prop, self._connection.atom("INCR"), 32, [item.size])

    def _property(self, event: Any) -> None:
        from Xlib import X

        transfer = self._running.get((event.window.id, event.atom))
        if transfer is None or event.state != X.PropertyDelete:
            return
        transfer.touched = time.monotonic()
        if transfer.ending:
            self._end(event.window, event.atom)
            return
        units = PIECE * 8 // transfer.item.width
        piece = transfer.item.data[transfer.sent : transfer.sent + units]
        event.window.change_property(event.atom, transfer.kind, transfer.item.width, piece)
        transfer.sent += len(piece)
        if not piece:
            transfer.ending = True
            transfer.finished()

    def _end(self, window: Any, atom: int) -> None:
        del self._running[window.id, atom]
        if window.id != self._connection.window.id and not any(key[0] == window.id for key in self._running):
            window.change_attributes(event_mask=0)

    def _destroyed(self, event: Any) -> None:
        for key in [key for key in self._running if key[0] == event.window.id]:
            del self._running[key]
