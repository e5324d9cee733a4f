"""Names of keys and chords, as users write them: ``f9``, ``ctrl+alt+d``, ``right_ctrl``. Pure.

One grammar for hotkeys and for the chord that pastes, on every desktop; each backend has its own table from these
names to its codes, and a name that is missing there is an error with the name in it.
"""

from __future__ import annotations

import difflib
import string
from dataclasses import dataclass

from pipeline.desktop.base import DesktopError

MODIFIERS = ("ctrl", "alt", "shift", "super")
"""In the order in which a chord is written."""
_SAME = {
    "control": "ctrl",
    "option": "alt",
    "meta": "super",
    "win": "super",
    "windows": "super",
    "cmd": "super",
    "command": "super",
    "esc": "escape",
    "return": "enter",
    "ins": "insert",
    "del": "delete",
    "pgup": "page_up",
    "pgdn": "page_down",
    "altgr": "right_alt",
    "capslock": "caps_lock",
    "scrolllock": "scroll_lock",
    "printscreen": "print",
    "break": "pause",
}
SIDED = {f"{side}_{name}": name for side in ("left", "right") for name in MODIFIERS}
"""Keys that are modifiers themselves, told apart by their side."""
KEYS = frozenset(
    {
        *string.ascii_lowercase,
        *string.digits,
        *(f"f{number}" for number in range(1, 25)),
        *("space", "enter", "tab", "escape", "insert", "delete", "home", "end", "page_up", "page_down"),
        *("left", "right", "up", "down", "pause", "print", "menu", "caps_lock", "scroll_lock", "num_lock"),
        *MODIFIERS,
        *SIDED,
    }
)


@dataclass(frozen=True, slots=True)
class Chord:
    """A key, and the modifiers that must be held with it."""

    modifiers: frozenset[str]
    key: str

    @property
    def modifier_only(self) -> bool:
        """Whether the key is itself a modifier: it cannot be taken from other programs, only watched."""
        return self.key in MODIFIERS or self.key in SIDED

    def __str__(self) -> str:
        return "+".join([*(name for name in MODIFIERS if name in self.modifiers), self.key])


def parse_chord(text: str) -> Chord:
    """``Ctrl+Shift+V`` as a chord. Raises DesktopError for a name that is no key."""
    names = [_name(part, text) for part in text.strip().lower().split("+")]
    *modifiers, key = names
    plain = [SIDED.get(name, name) for name in modifiers]
    wrong = [name for name in plain if name not in MODIFIERS]
    if wrong:
        raise DesktopError(
            f"{wrong[0]} in the key {text!r} is no modifier; write one key, after any of {', '.join(MODIFIERS)}."
        )
    return Chord(frozenset(plain), key)


def _name(part: str, whole: str) -> str:
    name = part.strip().replace(" ", "_").replace("-", "_")
    name = _SAME.get(name, name)
    if name in KEYS:
        return name
    near = difflib.get_close_matches(name, sorted(KEYS), 1)
    hint = f"did you mean {near[0]}?" if near else "examples are f9, ctrl+alt+d, right_ctrl."
    raise DesktopError(f"There is no key {part.strip()!r} (in {whole!r}); {hint}")


PASTE = parse_chord("ctrl+v")
PASTE_SHIFTED = parse_chord("ctrl+shift+v")
PASTE_INSERT = parse_chord("shift+insert")
"""The one that no layout can move; terminals read PRIMARY with it, others the clipboard."""
