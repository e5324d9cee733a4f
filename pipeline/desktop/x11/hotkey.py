"""A hotkey under X11: a grab for a key, alone or with modifiers; raw events for a key that is a modifier itself.

A grab takes the key away from every other program; a modifier cannot be taken, only watched. The server repeats a held
key as release and press of the same time, and in the middle of such a pair the key still counts as down. That tells it
from the real release without waiting for what comes next: a release counts when the key is up, and a press of the same
time as a release that counted is the late half of a pair.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError
from pipeline.desktop.edges import Edges
from pipeline.desktop.x11.connection import GONE, Connection
from pipeline.desktop.x11.keyboard import Keyboard, modifiers_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pipeline.desktop.base import KeyEdge
    from pipeline.desktop.chords import Chord

log = logging.getLogger(__name__)


class X11Hotkey:
    """One hotkey. Raises DesktopError at once when there is no display or no such key."""

    def __init__(self, chord: Chord) -> None:
        self._chord = chord
        self._connection = Connection("hotkey")
        self._keyboard = Keyboard(self._connection)
        self._codes: frozenset[int] = frozenset()
        self._grabs: set[tuple[int, int]] = set()
        self._companions: frozenset[int] = frozenset()
        self._state = 0
        self._was_down = False
        self._released_at = -1
        self._edges = Edges()
        self._connection.on_lost(lambda: self._edges.end(GONE))

    def edges(self) -> AsyncGenerator[KeyEdge, None]:
        """The key's edges. Raises DesktopError when another program has taken the key, or the server goes."""
        return self._edges.read(lambda: self._connection.call(self._watch))

    async def is_down(self) -> bool | None:
        """Whether the key is physically down."""
        return await self._connection.call(lambda: bool(self._keyboard.pressed(self._codes)))

    async def aclose(self) -> None:
        """End the grab and the edges; twice is fine."""
        await asyncio.to_thread(self._connection.close)
        self._edges.close()

    # ------------------------------------------------------------------ in the connection's thread

    def _watch(self) -> None:
        from Xlib import X

        self._look_up()
        if self._chord.modifier_only:
            self._watch_raw()
            return
        self._connection.on(X.KeyPress, self._pressed)
        self._connection.on(X.KeyRelease, self._released)
        self._connection.on(X.MappingNotify, lambda _: self._regrab())
        self._grab()

    def _look_up(self) -> None:
        self._codes = frozenset(
            self._keyboard.codes(self._chord.key)[: 2 if self._chord.modifier_only else 1]
        )
        companions = [self._keyboard.codes(name) for name in modifiers_of(self._chord)]
        self._companions = frozenset(code for codes in companions for code in codes)

    def _wanted_grabs(self) -> set[tuple[int, int]]:
        self._state = 0
        for name in modifiers_of(self._chord):
            self._state |= self._keyboard.mask(name)
        return {(code, self._state | lock) for code in self._codes for lock in self._keyboard.lock_masks()}

    def _grab(self) -> None:
        """Grab the key with every combination of locks. Raises DesktopError when one is refused."""
        from Xlib import X, error

        self._grabs = self._wanted_grabs()
        refused = error.CatchError(error.BadAccess)
        for code, state in self._grabs:
            self._connection.root.grab_key(
                code, state, True, X.GrabModeAsync, X.GrabModeAsync, onerror=refused
            )
        self._connection.display.sync()
        if refused.get_error():
            self._ungrab()
            raise DesktopError(
                f"Another program has taken the key {self._chord}; choose another one, or free it there."
            )

    def _ungrab(self) -> None:
        for code, state in self._grabs:
            self._connection.root.ungrab_key(code, state)
        self._grabs = set()

    def _regrab(self) -> None:
        """The layout has changed, so the key may be elsewhere; typing tools change it all the time."""
        try:
            self._look_up()
            if self._wanted_grabs() != self._grabs:
                self._ungrab()
                self._grab()
        except DesktopError as problem:
            log.warning("the hotkey is lost with the new keyboard layout: %s", problem)

    def _pressed(self, event: Any) -> None:
        held = event.state & self._state == self._state  # a repeat after a modifier was released is no press
        if event.detail in self._codes and held and event.time != self._released_at:
            self._tell(down=True)

    def _released(self, event: Any) -> None:
        """During a grab, releases of every key come here; those of the chord's modifiers end it too."""
        if event.detail in self._companions or (
            event.detail in self._codes and not self._keyboard.pressed(self._codes)
        ):
            self._released_at = event.time
            self._tell(down=False)

    def _watch_raw(self) -> None:
        """Raw events of XInput 2: every key of every keyboard, whoever has the focus."""
        from Xlib.ext import ge, xinput

        display = self._connection.display
        if not display.has_extension("XInputExtension"):
            raise DesktopError(
                "This X server has no XInput, so a modifier cannot be the hotkey; choose another key."
            )
        display.xinput_query_version()
        self._connection.root.xinput_select_events(
            [(xinput.AllMasterDevices, xinput.RawKeyPressMask | xinput.RawKeyReleaseMask)]
        )
        self._connection.on(ge.GenericEventCode, self._raw)

    def _raw(self, event: Any) -> None:
        """Which key it was does not matter: the keymap says whether ours is down."""
        from Xlib.ext import xinput

        if event.evtype in {xinput.RawKeyPress, xinput.RawKeyRelease}:
            self._tell(down=bool(self._keyboard.pressed(self._codes)))

    def _tell(self, *, down: bool) -> None:
        if down != self._was_down:
            self._was_down = down
            self._edges.tell(down=down)
