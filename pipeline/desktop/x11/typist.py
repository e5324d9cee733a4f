"""Typing any text on X11: characters that the layout lacks are put on spare keys first. Runs in a connection's thread.

A program looks a key up in the layout when it gets round to it, not when the key was pressed. Who changes a key for
each character (as xdotool does) is misread by every program that is a little late: accents are lost. So all that a text
needs is put on keys before its first key is pressed, and a key keeps its character until another text needs it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.desktop.x11.connection import Connection

SETTLE_S = 0.15
"""Given to programs to fetch a layout that was changed."""
_NAMED = {"\n": 0xFF0D, "\t": 0xFF09}
Stroke = tuple[int, bool]
"""A key code, and whether Shift goes with it."""


class Typist:
    """Types on one display."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._display = connection.display
        self._given: dict[int, int] = {}
        """Symbol on each spare key, the longest unused first."""

    def type(self, text: str, delay_s: float) -> None:
        """Press the keys of a text, ``delay_s`` apart. Raises DesktopError when the server cannot."""
        if not self._display.has_extension("XTEST"):
            raise DesktopError("This X server has no XTEST extension, so keys cannot be pressed for you.")
        for part in self._parts(text):
            self._prepare(part)
            for character in part:
                self._press(self._stroke(symbol_of(character)))
                time.sleep(delay_s)

    def give_back(self) -> None:
        """Empty the spare keys again."""
        for code in self._given:
            self._assign(code, 0)
        if self._given:
            time.sleep(SETTLE_S)  # what was typed last may still be looked up
        self._given.clear()

    def _parts(self, text: str) -> Iterator[str]:
        """The text in parts, each of which needs no more foreign symbols than there are spare keys."""
        spare = len(self._spare()) + len(self._given)
        if not spare:
            raise DesktopError("Your keyboard layout has no spare key to type with; use the sink paste.")
        start, needed = 0, set[int]()
        for i, character in enumerate(text):
            symbol = symbol_of(character)
            if self._layout_has(symbol):
                continue
            if symbol not in needed and len(needed) == spare:
                yield text[start:i]
                start, needed = i, set()
            needed.add(symbol)
        if start < len(text):
            yield text[start:]

    def _prepare(self, part: str) -> None:
        """Put on spare keys what this part needs and the layout lacks."""
        needed = dict.fromkeys(symbol_of(c) for c in part)
        missing = [s for s in needed if s not in self._given.values() and not self._layout_has(s)]
        if not missing:
            return
        free = self._spare() + [code for code, symbol in self._given.items() if symbol not in needed]
        for code, symbol in zip(free, missing, strict=False):
            self._given.pop(code, None)
            self._given[code] = symbol
            self._assign(code, symbol)
        self._display.sync()
        time.sleep(SETTLE_S)

    def _layout_has(self, symbol: int) -> bool:
        return any(i < 2 and c not in self._given for c, i in self._display.keysym_to_keycodes(symbol))

    def _stroke(self, symbol: int) -> Stroke:
        for code, given in self._given.items():
            if given == symbol:
                return code, False
        found = [(i, code) for code, i in self._display.keysym_to_keycodes(symbol) if i < 2]
        index, code = min(found)
        return code, index == 1

    def _press(self, stroke: Stroke) -> None:
        from Xlib import XK, X
        from Xlib.ext import xtest

        code, shifted = stroke
        shift = self._display.keysym_to_keycode(XK.XK_Shift_L)
        keys = [shift, code] if shifted else [code]
        for key in keys:
            xtest.fake_input(self._display, X.KeyPress, key)
        for key in reversed(keys):
            xtest.fake_input(self._display, X.KeyRelease, key)
        self._display.sync()

    def _spare(self) -> list[int]:
        """Key codes without any symbol."""
        first, last = self._display.display.info.min_keycode, self._display.display.info.max_keycode
        rows = self._display.get_keyboard_mapping(first, last - first + 1)
        return [first + i for i, row in enumerate(rows) if not any(row) and first + i not in self._given]

    def _assign(self, code: int, symbol: int) -> None:
        """The same symbol with and without Shift, in both layouts."""
        self._display.change_keyboard_mapping(code, [(symbol,) * 4])


def symbol_of(character: str) -> int:
    """The X symbol of a character: Latin-1 is itself, the rest stands in a plane of its own."""
    point = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return point if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF else 0x1000000 + point
