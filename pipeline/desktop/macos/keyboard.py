"""Watching the keyboard of macOS: an event tap on a run loop of its own, never beside another toolkit's.

While a password is typed (Secure Input) macOS gives no keys to anybody; that is told. No test runs this: what is
decided stands in ``pipeline/desktop/hooked.py``.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError
from pipeline.desktop.macos.calls import MODIFIER_KEYS, Calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desktop.chords import Chord

_FLAG_OF = {
    54: 1 << 20,
    55: 1 << 20,
    56: 1 << 17,
    60: 1 << 17,
    58: 1 << 19,
    61: 1 << 19,
    59: 1 << 18,
    62: 1 << 18,
}
"""Which flag of a flagsChanged event belongs to which modifier key."""
_CARBON = "/System/Library/Frameworks/Carbon.framework/Carbon"
START_S = 3.0


class MacKeyboard:
    """A Keyboard. The hardware's state is told, whatever is swallowed."""

    tells_swallowed = True

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def key_down(self, code: int) -> bool:
        """Whether a key is down."""
        return self._calls.key_down(code)

    def watch(self, seen: Callable[[int, bool], bool], stale: Callable[[], bool]) -> Callable[[], None]:  # noqa: ARG002
        """Tap the keyboard; the tap itself sees to it that it lives on."""
        import Quartz

        carbon = ctypes.CDLL(_CARBON)
        carbon.IsSecureEventInputEnabled.restype = ctypes.c_bool
        if carbon.IsSecureEventInputEnabled():
            raise DesktopError(
                "A password field has the keyboard, so keys cannot be watched; leave it and start again."
            )
        return _Tap(Quartz, seen).end

    def swallowed(self, chord: Chord) -> None:
        """macOS needs nothing."""


class _Tap:
    """An event tap on a run loop of its own: never beside another toolkit's."""

    def __init__(self, quartz: Any, seen: Callable[[int, bool], bool]) -> None:
        self._quartz = quartz
        self._seen = seen
        self._tap: Any = None
        self._loop: Any = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hotkey", daemon=True)
        self._thread.start()
        self._ready.wait(START_S)
        if self._tap is None:
            raise DesktopError(
                "macOS does not let Prism watch keys; allow your terminal under Privacy & Security, Input Monitoring "
                "and Accessibility, then start again."
            )

    def end(self) -> None:
        if self._loop is not None:
            self._quartz.CFRunLoopStop(self._loop)
            self._thread.join(START_S)

    def _run(self) -> None:
        quartz = self._quartz
        kinds = (quartz.kCGEventKeyDown, quartz.kCGEventKeyUp, quartz.kCGEventFlagsChanged)
        mask = sum(quartz.CGEventMaskBit(kind) for kind in kinds)
        self._tap = quartz.CGEventTapCreate(
            quartz.kCGSessionEventTap,
            quartz.kCGHeadInsertEventTap,
            quartz.kCGEventTapOptionDefault,
            mask,
            self._event,
            None,
        )
        if self._tap is None:
            self._ready.set()
            return
        source = quartz.CFMachPortCreateRunLoopSource(None, self._tap, 0)
        self._loop = quartz.CFRunLoopGetCurrent()
        quartz.CFRunLoopAddSource(self._loop, source, quartz.kCFRunLoopCommonModes)
        quartz.CGEventTapEnable(self._tap, True)
        self._ready.set()
        quartz.CFRunLoopRun()

    def _event(self, _proxy: Any, kind: int, event: Any, _context: Any) -> Any:
        quartz = self._quartz
        if kind in {quartz.kCGEventTapDisabledByTimeout, quartz.kCGEventTapDisabledByUserInput}:
            quartz.CGEventTapEnable(self._tap, True)  # macOS takes it away when it was slow once
            return event
        code = int(quartz.CGEventGetIntegerValueField(event, quartz.kCGKeyboardEventKeycode))
        if kind == quartz.kCGEventFlagsChanged:
            if code not in MODIFIER_KEYS.values():
                return event
            down = bool(quartz.CGEventGetFlags(event) & _FLAG_OF[code])
        else:
            down = kind == quartz.kCGEventKeyDown
        return None if self._seen(code, down) else event
