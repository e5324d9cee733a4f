"""What the macOS desktop asks of the system: signatures and numbers only. The real ones are in ``system``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.desktop.base import Window

Contents = list[dict[str, bytes]]
"""What lies on the pasteboard: for each item, its data by type."""

PASTE_KEY = 9
"""The key of V by its place (kVK_ANSI_V): layouts such as "Dvorak - QWERTY ⌘" keep Cmd+V there."""
FLAGS = {"shift": 1 << 17, "ctrl": 1 << 18, "alt": 1 << 19, "super": 1 << 20}
"""CGEventFlags."""
MODIFIER_KEYS = {
    "left_super": 55,
    "right_super": 54,
    "left_shift": 56,
    "right_shift": 60,
    "left_alt": 58,
    "right_alt": 61,
    "left_ctrl": 59,
    "right_ctrl": 62,
}
KEYS = {
    **dict(zip("asdfhgzxcv", range(10), strict=True)),
    "b": 11,
    "q": 12,
    "w": 13,
    "e": 14,
    "r": 15,
    "y": 16,
    "t": 17,
    "o": 31,
    "u": 32,
    "i": 34,
    "p": 35,
    "l": 37,
    "j": 38,
    "k": 40,
    "n": 45,
    "m": 46,
    "1": 18,
    "2": 19,
    "3": 20,
    "4": 21,
    "6": 22,
    "5": 23,
    "9": 25,
    "7": 26,
    "8": 28,
    "0": 29,
    "f1": 122,
    "f2": 120,
    "f3": 99,
    "f4": 118,
    "f5": 96,
    "f6": 97,
    "f7": 98,
    "f8": 100,
    "f9": 101,
    "f10": 109,
    "f11": 103,
    "f12": 111,
    "f13": 105,
    "f14": 107,
    "f15": 113,
    "f16": 106,
    "f17": 64,
    "f18": 79,
    "f19": 80,
    "space": 49,
    "enter": 36,
    "tab": 48,
    "escape": 53,
    "delete": 117,
    "insert": 114,
    "home": 115,
    "end": 119,
    "page_up": 116,
    "page_down": 121,
    "left": 123,
    "right": 124,
    "down": 125,
    "up": 126,
    "caps_lock": 57,
    **MODIFIER_KEYS,
}
"""Virtual key codes (Carbon's Events.h): places on an ANSI keyboard."""


class Calls(Protocol):
    """The system. Every method may be called from any thread."""

    def trusted(self) -> bool:
        """Whether we may press keys (Accessibility). An update of the program can take this away silently."""

    def frontmost(self) -> Window | None:
        """The program in front; its process is its id."""

    def running(self, pid: int) -> bool:
        """Whether this program still runs."""

    def key_down(self, code: int) -> bool:
        """Whether a key is down now."""

    def press(self, code: int, flags: int) -> None:
        """Press and release a key with modifiers. Nothing tells whether it arrived."""

    def type(self, text: str) -> None:
        """Send characters, twenty at most."""

    def release(self, codes: Sequence[int]) -> None:
        """Release keys for the user."""

    def contents(self, budget: int) -> Contents:
        """Everything on the pasteboard, ``budget`` bytes at most."""

    def put(self, contents: Contents) -> int:
        """Put contents there; the pasteboard's count of changes after it."""

    def change_count(self) -> int:
        """The pasteboard's count of changes: another one than ours says that somebody has copied."""
