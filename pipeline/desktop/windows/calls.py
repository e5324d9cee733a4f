"""What the Windows desktop asks of the system: signatures and numbers only. The real ones are in ``user32``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEYS = {
    **{letter: 0x41 + i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")},
    **{digit: 0x30 + i for i, digit in enumerate("0123456789")},
    **{f"f{number}": 0x6F + number for number in range(1, 25)},
    "space": 0x20,
    "enter": 0x0D,
    "tab": 0x09,
    "escape": 0x1B,
    "insert": 0x2D,
    "delete": 0x2E,
    "home": 0x24,
    "end": 0x23,
    "page_up": 0x21,
    "page_down": 0x22,
    "left": 0x25,
    "up": 0x26,
    "right": 0x27,
    "down": 0x28,
    "pause": 0x13,
    "print": 0x2C,
    "menu": 0x5D,
    "caps_lock": 0x14,
    "scroll_lock": 0x91,
    "num_lock": 0x90,
    "left_shift": 0xA0,
    "right_shift": 0xA1,
    "left_ctrl": 0xA2,
    "right_ctrl": 0xA3,
    "left_alt": 0xA4,
    "right_alt": 0xA5,
    "left_super": 0x5B,
    "right_super": 0x5C,
}
"""Virtual-key codes (winuser.h)."""
SIDES = {name: (KEYS[f"left_{name}"], KEYS[f"right_{name}"]) for name in ("ctrl", "alt", "shift", "super")}
EXTENDED = {0x2D, 0x2E, 0x24, 0x23, 0x21, 0x22, 0x25, 0x26, 0x27, 0x28, 0xA3, 0xA5, 0x5B, 0x5C, 0x5D, 0x2C}
"""Keys that exist twice; without the mark the system takes the one of the number pad."""
MASK_KEY = 0xE8
"""A code that no key has: sent while the Windows key or Alt is held, it keeps their menus shut."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One key going down or up; with ``character``, a unit of UTF-16 instead of a key."""

    code: int
    down: bool
    character: bool = False


class Calls(Protocol):
    """The system. Every method may be called from any thread."""

    def foreground(self) -> int:
        """The window that has the keyboard; 0 is none."""

    def is_window(self, window: int) -> bool:
        """Whether it is there."""

    def title(self, window: int) -> str:
        """Its title."""

    def process(self, window: int) -> tuple[int, str]:
        """Its process, and the file name of its program, lower case; empty where that may not be known."""

    def integrity(self, pid: int | None) -> int | None:
        """How much a process may (0x2000 medium, 0x3000 administrator); None is this one. None: may not be known."""

    def key_down(self, code: int) -> bool:
        """Whether a key is down now."""

    def send(self, strokes: list[Stroke]) -> int:
        """Send them all at once; how many were taken."""

    def copy(self, text: str, *, private: bool, read: Callable[[int], None] | None) -> None:
        """Put text on the clipboard. With ``read`` it is only promised, and ``read`` is told the reader's process (0
        where it is not known), once. Raises DesktopError when the clipboard cannot be had."""

    def contents(self, budget: int) -> dict[int, bytes]:
        """Everything on the clipboard that can be copied, by format. Raises DesktopError."""

    def put(self, contents: Mapping[int, bytes]) -> None:
        """Put everything back. Raises DesktopError."""

    def owns_clipboard(self) -> bool:
        """Whether what is there is ours."""

    def close(self) -> None:
        """Give everything back."""
