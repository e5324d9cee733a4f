"""Hotkeys where every key of the keyboard passes by us (Windows' hook, macOS' tap): which events are ours, which edges.

The system waits while it asks, so the answer comes from a small state machine (``Watcher``, pure). How a keyboard is
watched is a backend's business.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pipeline.desktop.base import DesktopError
from pipeline.desktop.edges import Edges

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from pipeline.desktop.base import KeyEdge
    from pipeline.desktop.chords import Chord


@dataclass(slots=True)
class Watcher:
    """What a key event means for one chord. Modifiers held are followed from the events themselves."""

    keys: frozenset[int]
    modifiers: tuple[frozenset[int], ...]
    """For each modifier of the chord, the codes of its two keys."""
    swallows: bool
    """Whether other programs shall not see the key; a lone modifier they must."""
    held: set[int] = field(default_factory=set)
    down: bool = False
    swallowing: bool = False

    def see(self, code: int, *, down: bool) -> tuple[bool | None, bool]:
        """(the edge, if there is one; whether to swallow the event)."""
        if code in self.keys:
            return self._own(down=down)
        (self.held.add if down else self.held.discard)(code)
        if self.down and not self._complete():
            self.down = False
            return False, False
        return None, False

    def _own(self, *, down: bool) -> tuple[bool | None, bool]:
        if not down:
            edge = False if self.down else None
            swallow, self.down, self.swallowing = self.swallowing, False, False
            return edge, swallow
        if self.down or self.swallowing:  # a repeat
            return None, self.swallowing
        if not self._complete():
            return None, False
        self.down, self.swallowing = True, self.swallows
        return True, self.swallows

    def _complete(self) -> bool:
        return all(self.held & codes for codes in self.modifiers)


def watcher_of(chord: Chord, codes: Mapping[str, int], system: str) -> Watcher:
    """For a chord, by a system's table of key codes. Raises DesktopError for a key that it has not."""

    def both(name: str) -> frozenset[int]:
        return frozenset(codes[f"{side}_{name}"] for side in ("left", "right"))

    if chord.key in {"ctrl", "alt", "shift", "super"}:
        keys = both(chord.key)
    elif chord.key in codes:
        keys = frozenset({codes[chord.key]})
    else:
        raise DesktopError(f"{system} has no key {chord.key}; choose another one.")
    modifiers = tuple(both(name) for name in sorted(chord.modifiers))
    return Watcher(keys, modifiers, swallows=not chord.modifier_only)


class Keyboard(Protocol):
    """The keyboard of a system."""

    tells_swallowed: bool
    """Whether ``key_down`` knows of keys that were swallowed."""

    def key_down(self, code: int) -> bool:
        """Whether a key is down now."""

    def watch(self, seen: Callable[[int, bool], bool], stale: Callable[[], bool]) -> Callable[[], None]:
        """Have ``seen(code, down)`` say of every key whether to swallow it; ``stale`` says whether this is a good time
        to begin anew, should the system have ended it. Gives back what ends it. Raises DesktopError."""

    def swallowed(self, chord: Chord) -> None:
        """The press of this chord was swallowed: what the system then needs."""


class HookedHotkey:
    """One hotkey."""

    def __init__(self, chord: Chord, watcher: Watcher, keyboard: Keyboard) -> None:
        self._chord = chord
        self._watcher = watcher
        self._keyboard = keyboard
        self._end: Callable[[], None] | None = None
        self._edges = Edges()

    def edges(self) -> AsyncGenerator[KeyEdge, None]:
        """The key's edges. Raises DesktopError when the keyboard cannot be watched."""
        return self._edges.read(self._begin)

    async def is_down(self) -> bool | None:
        """The true state; of a key that the system never hears of, only its modifiers are known."""
        down = self._keyboard.key_down
        if self._keyboard.tells_swallowed or not self._watcher.swallows:
            return any(down(code) for code in self._watcher.keys)
        released = any(not any(down(code) for code in codes) for codes in self._watcher.modifiers)
        return False if released else None

    async def aclose(self) -> None:
        """Watch no more; twice is fine."""
        if self._end is not None:
            end, self._end = self._end, None
            await asyncio.to_thread(end)
        self._edges.close()

    async def _begin(self) -> None:
        self._end = await asyncio.to_thread(self._keyboard.watch, self._seen, lambda: not self._watcher.down)

    def _seen(self, code: int, down: bool) -> bool:
        """In the system's own thread: quick, or the system ends it."""
        edge, swallow = self._watcher.see(code, down=down)
        if edge is not None:
            self._edges.tell(down=edge)
            if edge and swallow:
                self._keyboard.swallowed(self._chord)
        return swallow
