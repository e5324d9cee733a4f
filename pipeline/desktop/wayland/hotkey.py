"""A hotkey on Wayland, by the GlobalShortcuts portal: the desktop watches the key and tells us both its edges.

Which key it is, is the user's choice in the desktop's own settings; ours is only preferred. Programs without the portal
(wlroots without a portal for it) bind a key of the compositor to ``prism ctl`` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import MODIFIERS, Chord
from pipeline.desktop.edges import Edges
from pipeline.desktop.wayland.bus import CONSENT_S, Bus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pipeline.desktop.base import KeyEdge

SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
SESSION = "org.freedesktop.portal.Session"
SHORTCUT = "dictate"
ENDED = "The desktop ended the hotkey; start Prism anew to ask for it again."
_MODIFIER = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "LOGO"}
_KEY = {
    "escape": "Escape",
    "enter": "Return",
    "tab": "Tab",
    "insert": "Insert",
    "delete": "Delete",
    "page_up": "Page_Up",
    "page_down": "Page_Down",
    "pause": "Pause",
    "print": "Print",
    "menu": "Menu",
    "caps_lock": "Caps_Lock",
    "scroll_lock": "Scroll_Lock",
    "num_lock": "Num_Lock",
    "right_ctrl": "Control_R",
    "right_alt": "Alt_R",
    "right_shift": "Shift_R",
    "right_super": "Super_R",
    "left_ctrl": "Control_L",
    "left_alt": "Alt_L",
    "left_shift": "Shift_L",
    "left_super": "Super_L",
}


class PortalHotkey:
    """One shortcut of the desktop."""

    def __init__(self, chord: Chord) -> None:
        self._chord = chord
        self._bus = Bus()
        self._opened = False
        self._session = ""
        self._edges = Edges()

    def edges(self) -> AsyncGenerator[KeyEdge, None]:
        """The shortcut's edges. Raises DesktopError when the desktop has no portal for it, refuses or ends it."""
        return self._edges.read(self._begin)

    async def is_down(self) -> bool | None:
        """Wayland tells nobody the state of the keys."""
        return None

    async def aclose(self) -> None:
        """Give the shortcut back; twice is fine."""
        if self._opened:
            await self._bus.aclose()
        self._edges.close()

    async def _begin(self) -> None:
        self._opened = True
        await self._bus.open()
        await self._bus.do(self._bind())

    async def _bind(self) -> None:
        from dbus_fast import Variant

        bus = self._bus
        bus.on(SHORTCUTS, "Activated", lambda body: self._tell(body, down=True))
        bus.on(SHORTCUTS, "Deactivated", lambda body: self._tell(body, down=False))
        bus.on(SESSION, "Closed", lambda _: self._edges.end(ENDED))
        bus.on_lost(lambda: self._edges.end(ENDED))
        options = {"session_handle_token": Variant("s", "prism_keys")}
        made = await bus.request(SHORTCUTS, "CreateSession", "a{sv}", options)
        self._session = made["session_handle"]
        wish = {
            "description": Variant("s", "Dictate"),
            "preferred_trigger": Variant("s", trigger_of(self._chord)),
        }
        shortcuts = [[SHORTCUT, wish]]
        bound = await bus.request(
            *(SHORTCUTS, "BindShortcuts", "oa(sa{sv})sa{sv}", self._session, shortcuts, "", {}),
            limit_s=CONSENT_S,
        )
        if SHORTCUT not in [entry[0] for entry in bound.get("shortcuts", [])]:
            raise DesktopError("The desktop bound no key to Prism; choose one in its settings for shortcuts.")

    def _tell(self, body: list[Any], *, down: bool) -> None:
        session, shortcut = body[:2]
        if (session, shortcut) == (self._session, SHORTCUT):
            self._edges.tell(down=down)


def trigger_of(chord: Chord) -> str:
    """A chord in the words of the XDG shortcuts specification: ``CTRL+ALT+d``."""
    key = chord.key.upper() if chord.key[0] == "f" and len(chord.key) > 1 else chord.key
    return "+".join([*(_MODIFIER[m] for m in MODIFIERS if m in chord.modifiers), _KEY.get(chord.key, key)])
