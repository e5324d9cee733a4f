"""What lies on a clipboard: one thing in several formats, byte for byte. Pure.

Formats are named as the desktop names them (X11 targets, MIME types). Which of them are worth keeping, and how much,
is decided here, so that putting a clipboard back can be tested as a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HINT = "x-kde-passwordManagerHint"
"""A format whose value ``secret`` asks clipboard managers not to remember; Klipper and others honor it."""
TEXT_FORMATS = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "STRING", "TEXT")
_NO_CONTENT = {
    *("TARGETS", "TIMESTAMP", "MULTIPLE", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY"),
    *("INCR", "ATOM_PAIR", "ADOBE_PRIVATE", "NULL", "LENGTH", "HOST_NAME", "CLIENT_WINDOW", "OWNER_OS"),
}
"""Targets that answer questions about the owner, or ask something of it."""
_BULKY = ("bmp", "tiff", "ico", "ppm", "pnm", "xbm", "xpm", "tga", "jp2", "avif", "webp")
"""Pictures that programs convert to on demand: large, slow, and there for whoever has the picture as PNG."""


@dataclass(frozen=True, slots=True)
class Item:
    """The contents in one format."""

    type: str
    """The type of the data; mostly the format's own name."""
    width: int
    """Bits of a unit: 8, 16 or 32."""
    data: Sequence[int]
    """Units; of eight bits, bytes."""

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data) * self.width // 8


def of_text(text: str, *, private: bool) -> dict[str, Item]:
    """Text in every format that readers ask for. ``private`` asks clipboard managers to forget it."""
    raw = text.encode("utf-8")
    found = {
        "UTF8_STRING": Item("UTF8_STRING", 8, raw),
        "text/plain;charset=utf-8": Item("text/plain;charset=utf-8", 8, raw),
        "text/plain": Item("text/plain", 8, raw),
        "TEXT": Item("UTF8_STRING", 8, raw),
        "STRING": Item("STRING", 8, text.encode("latin-1", "replace")),
    }
    if private:
        found[HINT] = Item(HINT, 8, b"secret")
    return found


def worth_keeping(formats: Iterable[str]) -> list[str]:
    """Which formats of a clipboard to read before it is replaced, the most telling first."""
    wanted = [name for name in dict.fromkeys(formats) if name not in _NO_CONTENT]
    return sorted(wanted, key=_rank)


def _rank(name: str) -> int:
    if name in TEXT_FORMATS or name.startswith(("text/", "x-special/", "application/x-")) or name == HINT:
        return 0
    if name == "image/png":
        return 1
    return 3 if any(word in name.lower() for word in _BULKY) else 2


def within(contents: Mapping[str, Item], budget: int) -> int:
    """Bytes that are left of ``budget``."""
    return budget - sum(item.size for item in contents.values())
