"""Which X11 window has the keyboard, what it is called, and whose it is. Runs in a connection's thread.

The window manager says so (``_NET_ACTIVE_WINDOW``); without one the server's input focus does. Programs are told apart
by their connection, which stands in the upper bits of every id they make, and by the process behind it (X-Resource).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import Window

if TYPE_CHECKING:
    from pipeline.desktop.x11.connection import Connection

DEPTH = 32
"""Windows inside windows that are climbed at most."""


def active(connection: Connection) -> Window | None:
    """The window that has the keyboard, with its class and title."""
    from Xlib import X, error

    try:
        told = connection.root.get_full_property(connection.atom("_NET_ACTIVE_WINDOW"), X.AnyPropertyType)
        if told is not None and len(told.value):
            return described(connection, int(told.value[0])) if told.value[0] else None
        focus = connection.display.get_input_focus().focus
        return None if isinstance(focus, int) else described(connection, _top(connection, focus))
    except error.XError:  # it went while we asked
        return None


def described(connection: Connection, number: int) -> Window:
    """A window by its id. Raises XError when there is none."""
    window = connection.display.create_resource_object("window", number)
    names = window.get_wm_class()
    pid = window.get_full_property(connection.atom("_NET_WM_PID"), 0)
    return Window(
        id=f"{number:#x}",
        application=(names[1] if names else "").lower(),
        title=_title(connection, window),
        pid=int(pid.value[0]) if pid is not None and len(pid.value) else None,
    )


def exists(connection: Connection, window: Window) -> bool:
    """Whether the window is still there and shown."""
    from Xlib import X, error

    try:
        found = connection.display.create_resource_object("window", int(window.id, 16)).get_attributes()
    except error.XError:
        return False
    return bool(found.map_state != X.IsUnmapped)


class Owners:
    """Whether two windows belong to the same program; processes are asked for once per connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mask: int = ~connection.display.display.info.resource_id_mask
        self._pids: dict[int, int | None] = {}

    def same(self, one: int, other: int) -> bool:
        """By ids of windows: the same connection, or the same process."""
        if one & self._mask == other & self._mask:
            return True
        pid = self._pid(one)
        return pid is not None and pid == self._pid(other)

    def _pid(self, number: int) -> int | None:
        client = number & self._mask
        if client not in self._pids:
            self._pids[client] = self._asked(number)
        return self._pids[client]

    def _asked(self, number: int) -> int | None:
        from Xlib import error
        from Xlib.ext import res

        display = self._connection.display
        if not display.has_extension("X-Resource"):
            return None
        try:
            found = display.res_query_client_ids([{"client": number, "mask": res.LocalClientPIDMask}])
        except error.XError:
            return None
        values = [int(value) for told in found.ids for value in told.value]
        return values[0] if values else None


def _title(connection: Connection, window: Any) -> str:
    from Xlib import X

    for name in ("_NET_WM_NAME", "WM_NAME"):
        told = window.get_full_property(connection.atom(name), X.AnyPropertyType)
        if told is not None and told.format == 8:
            return bytes(told.value).decode("utf-8", "replace").strip("\0")
    return ""


def _top(connection: Connection, window: Any) -> int:
    """The window below the root that holds this one."""
    for _ in range(DEPTH):
        tree = window.query_tree()
        if tree.parent == connection.root or not tree.parent:
            break
        window = tree.parent
    return int(window.id)
