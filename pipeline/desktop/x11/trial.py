"""A window of our own that takes a paste as any program would: the proof that pasting works on this display.

It asks for the keyboard, waits for the keys that paste, and reads the clipboard when they come. Shown for a moment, by
``prism doctor``.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError, Window
from pipeline.desktop.x11 import windows
from pipeline.desktop.x11.connection import Connection
from pipeline.desktop.x11.selection import CLIPBOARD
from pipeline.desktop.x11.snapshot import Reader

if TYPE_CHECKING:
    from pipeline.desktop.base import Desk

TITLE = "Prism checks the clipboard"
SIZE = (360, 60)
"""Pixels."""
FOCUS_S = 3.0
ROOM = 1_000_000
LOOK_S = 0.02


class TrialWindow:
    """The window. Raises DesktopError when the display cannot be opened."""

    def __init__(self) -> None:
        self._connection = Connection("trial")
        self._reader = Reader(self._connection)
        self._pasted: Future[str | None] = Future()
        self._window: Any = None

    async def shown(self, desk: Desk) -> Window:
        """Show it and wait until it has the keyboard. Raises DesktopError when it does not get it."""
        number = await self._connection.call(self._show)
        try:
            async with asyncio.timeout(FOCUS_S):
                while True:
                    window = await desk.active()
                    if window is not None and window.id == f"{number:#x}":
                        return window
                    await asyncio.sleep(LOOK_S)
                    await self._connection.call(self._ask)
        except TimeoutError as late:
            raise DesktopError(
                "The check's own window did not get the keyboard; close full-screen programs."
            ) from late

    async def pasted(self, limit_s: float) -> str | None:
        """What was pasted into it; None when nothing came in time."""
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(self._pasted)
        except TimeoutError:
            return None

    async def aclose(self) -> None:
        """Take it away."""
        await asyncio.to_thread(self._connection.close)

    def _show(self) -> int:
        from Xlib import X, Xatom

        connection = self._connection
        screen = connection.display.screen()
        self._window = connection.root.create_window(
            *(0, 0, *SIZE, 0, screen.root_depth),
            background_pixel=screen.white_pixel,
            event_mask=X.KeyPressMask,
        )
        self._window.set_wm_name(TITLE)
        self._window.set_wm_class("prism-check", "Prism-check")
        self._window.change_property(
            connection.atom("_NET_WM_NAME"), connection.atom("UTF8_STRING"), 8, TITLE.encode()
        )
        self._window.change_property(
            connection.atom("_NET_WM_WINDOW_TYPE"),
            Xatom.ATOM,
            32,
            [connection.atom("_NET_WM_WINDOW_TYPE_DIALOG")],
        )
        self._window.map()
        connection.on(X.KeyPress, self._key)
        number: int = self._window.id
        return number

    def _ask(self) -> None:
        """Ask the window manager for the keyboard; without one, take it."""
        from Xlib import X
        from Xlib.protocol import event

        connection = self._connection
        if windows.active(connection) is not None:
            asked = event.ClientMessage(
                window=self._window,
                client_type=connection.atom("_NET_ACTIVE_WINDOW"),
                data=(32, [2, connection.server_time(), 0, 0, 0]),
            )
            mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
            connection.root.send_event(asked, event_mask=mask)
        else:
            self._window.set_input_focus(X.RevertToParent, connection.server_time())

    def _key(self, event: Any) -> None:
        from Xlib import XK

        symbol = self._connection.display.keycode_to_keysym(event.detail, 0)
        if symbol not in {XK.XK_v, XK.XK_Insert} or self._pasted.done():
            return
        read = self._reader.read(CLIPBOARD, ROOM)
        item = (read or {}).get("UTF8_STRING")
        self._pasted.set_result(bytes(item.data).decode() if item is not None else None)
