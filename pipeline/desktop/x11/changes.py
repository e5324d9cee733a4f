"""Whether a selection has changed hands since one last looked (XFixes). Runs in the connection's thread.

It makes reading ahead safe: what was read when the user began to speak is what lies there when they are done, or the
server has told otherwise. A server without the extension counts as one where everything has changed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.desktop.x11.connection import Connection

_ANY_CHANGE = 0b111
"""Another owner, the owner's window gone, the owner's program gone (SelectionNotify masks)."""


class Changes:
    """Counts the changes of selections."""

    def __init__(self, connection: Connection, names: tuple[str, ...]) -> None:
        self._connection = connection
        self._counts: Counter[int] = Counter()
        self.watches = bool(connection.display.has_extension("XFIXES"))
        if not self.watches:
            return
        connection.display.xfixes_query_version()  # the server answers nothing before it
        for name in names:
            connection.display.xfixes_select_selection_input(
                connection.window, connection.atom(name), _ANY_CHANGE
            )
        connection.on(connection.display.extension_event.SetSelectionOwnerNotify[0], self._changed)

    def count(self, name: str) -> int:
        """A number that is another one when the selection has changed."""
        return self._counts[self._connection.atom(name)]

    def _changed(self, event: Any) -> None:
        self._counts[event.selection] += 1
