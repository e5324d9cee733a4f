"""Owning the X selections: CLIPBOARD and PRIMARY hold what we say, and we see who reads it (ICCCM 2).

An X selection is no store but a promise: whoever owns it is asked each time that somebody reads. That is the receipt
of a paste. This file keeps the promise, in the connection's thread; who the readers are and what follows is not
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.desktop.contents import TEXT_FORMATS
from pipeline.desktop.x11.transfer import Transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.desktop.contents import Item
    from pipeline.desktop.x11.connection import Connection

CLIPBOARD, PRIMARY = "CLIPBOARD", "PRIMARY"


@dataclass(slots=True)
class Holding:
    """What one selection of ours holds."""

    contents: Mapping[str, Item]
    since: int = 0
    """Server time of the ownership."""
    read: Callable[[int], None] | None = None
    """Told the window that has read the contents themselves, each time it has them whole."""
    lost: Callable[[str], None] | None = None
    """Told the selection's name when somebody else has taken it."""


class Selections:
    """The selections that we own. All methods run in the connection's thread."""

    def __init__(self, connection: Connection) -> None:
        from Xlib import X

        self._connection = connection
        self._atom = connection.atom
        self._held: dict[int, Holding] = {}
        self._transfers = Transfers(connection)
        connection.on(X.SelectionRequest, self._requested)
        connection.on(X.SelectionClear, self._cleared)

    @property
    def idle(self) -> bool:
        """Whether nobody is in the middle of reading a large thing."""
        return self._transfers.idle

    def take(self, name: str, holding: Holding) -> bool:
        """Become the owner; False when the server gave it to somebody else meanwhile."""
        atom = self._atom(name)
        holding.since = self._connection.server_time()
        before = self._held.get(atom)
        self._held[atom] = holding
        self._connection.window.set_selection_owner(atom, holding.since)
        if self.owns(name):
            return True
        if before is None:
            self._held.pop(atom, None)
        return False

    def owns(self, name: str) -> bool:
        """Whether the selection is ours, by the server's word."""
        owner = self._connection.display.get_selection_owner(self._atom(name))
        return bool(owner) and owner.id == self._connection.window.id and self._atom(name) in self._held

    def held(self, name: str) -> Holding | None:
        """What it holds, when it is ours."""
        return self._held.get(self._atom(name)) if self.owns(name) else None

    def drop(self, name: str) -> None:
        """Own it no more, and leave it empty."""
        from Xlib import X
        from Xlib.protocol import request

        holding = self._held.pop(self._atom(name), None)
        if holding is not None:
            server = self._connection.display.display
            request.SetSelectionOwner(server, selection=self._atom(name), window=X.NONE, time=holding.since)

    def _cleared(self, event: Any) -> None:
        holding = self._held.get(event.atom)
        if holding is None or event.time < holding.since:  # an echo of an ownership before this one
            return
        if self.owns(self._connection.display.get_atom_name(event.atom)):
            return
        del self._held[event.atom]
        if holding.lost is not None:
            holding.lost(self._connection.display.get_atom_name(event.atom))

    def _requested(self, event: Any) -> None:
        from Xlib import X
        from Xlib.protocol import event as events

        prop = event.property or event.target  # a client from before ICCCM gives none
        holding = self._held.get(event.selection)
        given = holding is not None and self._answer(event.requestor, prop, event.target, holding)
        notice = events.SelectionNotify(
            time=event.time,
            requestor=event.requestor,
            selection=event.selection,
            target=event.target,
            property=prop if given else X.NONE,
        )
        event.requestor.send_event(notice)

    def _answer(self, requestor: Any, prop: int, target: int, holding: Holding) -> bool:
        """Write what was asked for into the requestor's property; False when it is not to be had."""
        from Xlib import Xatom

        name = self._connection.display.get_atom_name(target)
        if name == "TARGETS":
            offered = [self._atom(n) for n in ("TARGETS", "TIMESTAMP", "MULTIPLE", *holding.contents)]
            requestor.change_property(prop, Xatom.ATOM, 32, offered)
        elif name == "TIMESTAMP":
            requestor.change_property(prop, Xatom.INTEGER, 32, [holding.since])
        elif name == "MULTIPLE":
            return self._answer_several(requestor, prop, holding)
        elif name in holding.contents:
            self._transfers.give(
                requestor, prop, holding.contents[name], _reading(holding, name, requestor.id)
            )
        else:
            return False
        return True

    def _answer_several(self, requestor: Any, prop: int, holding: Holding) -> bool:
        """MULTIPLE: pairs of target and property lie in the requestor's property; those that fail become None."""
        from Xlib import X

        asked = requestor.get_full_property(prop, X.AnyPropertyType)
        if asked is None or asked.format != 32:
            return False
        pairs = list(asked.value)
        for i in range(0, len(pairs) - 1, 2):
            if not self._answer(requestor, pairs[i + 1], pairs[i], holding):
                pairs[i + 1] = X.NONE
        requestor.change_property(prop, self._atom("ATOM_PAIR"), 32, pairs)
        return True


def _reading(holding: Holding, name: str, window: int) -> Callable[[], None]:
    """What to do when somebody has the contents; those who ask only for a hint have read nothing."""

    def tell() -> None:
        if holding.read is not None and name in TEXT_FORMATS:
            holding.read(window)

    return tell
