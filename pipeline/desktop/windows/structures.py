"""Windows' structures and how keys are packed into them. Pure: it can be checked on any platform.

Sizes are fixed by the system, so the fields have fixed widths here. INPUT holds a union whose largest member is the
mouse's; without that member the array has the wrong stride and SendInput takes nothing on any 64-bit machine.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, ClassVar

from pipeline.desktop.windows.calls import EXTENDED, Stroke

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OURS = 0x50524953
"""Mark of the keys that we send ("PRIS"): our own hook must not take them for the user's."""
_KEYBOARD = 1
_EXTENDED, _UP, _UNICODE = 0x1, 0x2, 0x4


class MouseInput(ctypes.Structure):
    """MOUSEINPUT."""

    _fields_: ClassVar = [
        ("dx", ctypes.c_int32),
        ("dy", ctypes.c_int32),
        ("data", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    ]


class KeyInput(ctypes.Structure):
    """KEYBDINPUT."""

    _fields_: ClassVar = [
        ("code", ctypes.c_uint16),
        ("scan", ctypes.c_uint16),
        ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    ]


class _Union(ctypes.Union):
    _fields_: ClassVar = [("mouse", MouseInput), ("key", KeyInput)]


class Input(ctypes.Structure):
    """INPUT."""

    _fields_: ClassVar = [("kind", ctypes.c_uint32), ("of", _Union)]


class HookedKey(ctypes.Structure):
    """KBDLLHOOKSTRUCT."""

    _fields_: ClassVar = [
        ("code", ctypes.c_uint32),
        ("scan", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("time", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    ]


def packed(strokes: Sequence[Stroke], scan_of: Callable[[int], int]) -> ctypes.Array[Input]:
    """Strokes as the array that SendInput takes; ``scan_of`` gives the scan code of a virtual key."""
    array = (Input * len(strokes))()
    for slot, stroke in zip(array, strokes, strict=True):
        slot.kind = _KEYBOARD
        key = slot.of.key
        key.extra = OURS
        key.flags = 0 if stroke.down else _UP
        if stroke.character:
            key.scan, key.flags = stroke.code, key.flags | _UNICODE
        else:
            key.code, key.scan = stroke.code, scan_of(stroke.code)
            key.flags |= _EXTENDED if stroke.code in EXTENDED else 0
    return array
