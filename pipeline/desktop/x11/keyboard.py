"""Keys on X11: from names to the key codes of the layout in force, what is held, and pressing (XTEST).

A name is looked up as a symbol in the layout, so that a chord is right on any of them and with swapped keys. A symbol
that needs Shift or that no key has cannot be pressed, and that is said. Runs in a connection's thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import MODIFIERS, SIDED, Chord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.desktop.x11.connection import Connection

_SYMBOLS = {
    "ctrl": ("Control_L", "Control_R"),
    "alt": ("Alt_L", "Alt_R", "Meta_L"),
    "shift": ("Shift_L", "Shift_R"),
    "super": ("Super_L", "Super_R"),
    "left_ctrl": ("Control_L",),
    "right_ctrl": ("Control_R",),
    "left_alt": ("Alt_L",),
    "right_alt": ("Alt_R", "ISO_Level3_Shift"),
    "left_shift": ("Shift_L",),
    "right_shift": ("Shift_R",),
    "left_super": ("Super_L",),
    "right_super": ("Super_R",),
    "enter": ("Return",),
    "tab": ("Tab",),
    "escape": ("Escape",),
    "insert": ("Insert",),
    "delete": ("Delete",),
    "home": ("Home",),
    "end": ("End",),
    "page_up": ("Page_Up",),
    "page_down": ("Page_Down",),
    "left": ("Left",),
    "right": ("Right",),
    "up": ("Up",),
    "down": ("Down",),
    "pause": ("Pause",),
    "print": ("Print",),
    "menu": ("Menu",),
    "caps_lock": ("Caps_Lock",),
    "scroll_lock": ("Scroll_Lock",),
    "num_lock": ("Num_Lock",),
}
FIRST, LAST = 8, 255
"""Key codes of every X server."""
_LOCKS = ("Num_Lock", "Scroll_Lock")
"""Locks that sit on a modifier of the layout's choice; Caps Lock has its own."""


class Keyboard:
    """The keys of a display."""

    def __init__(self, connection: Connection) -> None:
        from Xlib import X

        self._connection = connection
        self._display = connection.display
        connection.on(X.MappingNotify, self._changed)

    def codes(self, key: str) -> list[int]:
        """Key codes that have this key unshifted, the first layout's first. Raises DesktopError when none has it."""
        from Xlib import XK

        found: list[tuple[int, int]] = []
        for name in _SYMBOLS.get(key, (key.upper() if key[0] == "f" and len(key) > 1 else key,)):
            symbol = XK.string_to_keysym(name)
            found += [(index, code) for code, index in self._display.keysym_to_keycodes(symbol) if symbol]
        usable = list(
            dict.fromkeys(code for index, code in sorted(found) if index % 2 == 0 or key in _SYMBOLS)
        )
        if not usable:
            raise DesktopError(f"Your keyboard layout has no key {key}; choose another one.")
        return usable

    def mask(self, modifier: str) -> int:
        """The bit of a modifier in the state of an event."""
        codes = set(self.codes(modifier))
        for index, row in enumerate(self._display.get_modifier_mapping()):
            if codes & set(row):
                return 1 << index
        raise DesktopError(f"Your keyboard layout has no modifier {modifier}; choose another key.")

    def lock_masks(self) -> list[int]:
        """Every combination of Caps Lock, Num Lock and Scroll Lock, none included: a grab must name each."""
        from Xlib import XK, X

        bits = {X.LockMask}
        for index, row in enumerate(self._display.get_modifier_mapping()):
            if {self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in _LOCKS} & (
                set(row) - {0}
            ):
                bits.add(1 << index)
        masks = [0]
        for bit in sorted(bits):
            masks += [mask | bit for mask in masks]
        return masks

    def pressed(self, codes: Iterable[int]) -> list[int]:
        """Those of these keys that are down now."""
        down = self._display.query_keymap()
        return [code for code in codes if down[code // 8] >> (code % 8) & 1]

    def held(self) -> list[int]:
        """Key codes that are down now. Not the modifiers alone: a hotkey that is still held would get the chord."""
        return self.pressed(range(FIRST, LAST + 1))

    def grabbed(self) -> bool:
        """Whether a program has all keys to itself (a locked screen, an open menu): they are taken for a moment."""
        from Xlib import X

        status = self._connection.root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        if status == X.GrabSuccess:
            self._display.ungrab_keyboard(X.CurrentTime)
            self._display.sync()
        return bool(status == X.AlreadyGrabbed)

    def let_go(self, codes: Iterable[int]) -> None:
        """Release keys for the user: held too long, they would change the chord."""
        from Xlib import X

        self._fake((X.KeyRelease, code) for code in codes)

    def press(self, chord: Chord) -> None:
        """Press and release a chord. Raises DesktopError when the layout has it not, or the server no XTEST."""
        from Xlib import X

        if not self._display.has_extension("XTEST"):
            raise DesktopError("This X server has no XTEST extension, so keys cannot be pressed for you.")
        codes = [self._modifier_code(name) for name in MODIFIERS if name in chord.modifiers]
        codes.append(self.codes(chord.key)[0])
        down = [(X.KeyPress, code) for code in codes]
        self._fake([*down, *((X.KeyRelease, code) for code in reversed(codes))])

    def _modifier_code(self, modifier: str) -> int:
        """A key that really acts as this modifier: with swapped keys the label says nothing."""
        codes = self.codes(modifier)
        rows = self._display.get_modifier_mapping()
        acting = [code for code in codes if any(code in row for row in rows)]
        return (acting or codes)[0]

    def _fake(self, strokes: Iterable[tuple[int, int]]) -> None:
        from Xlib.ext import xtest

        for kind, code in strokes:
            xtest.fake_input(self._display, kind, code)
        self._display.sync()

    def _changed(self, event: Any) -> None:
        self._display.refresh_keyboard_mapping(event)


def modifiers_of(chord: Chord) -> list[str]:
    """The modifiers of a chord that has a key of its own."""
    return [name for name in MODIFIERS if name in chord.modifiers and SIDED.get(chord.key, chord.key) != name]
