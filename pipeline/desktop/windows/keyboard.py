"""Watching the keyboard of Windows: a low-level hook, which sees presses, releases and lone modifiers.

Windows takes away a hook that was slow once, without a word, so it is set anew every few seconds while the key is up.
Our own keys are marked and pass by. No test runs this: what is decided stands in ``pipeline/desktop/hooked.py``.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError
from pipeline.desktop.windows.calls import MASK_KEY, Calls, Stroke
from pipeline.desktop.windows.library import Library, Message
from pipeline.desktop.windows.structures import OURS, HookedKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desktop.chords import Chord

_LOW_LEVEL_KEYBOARD = 13
_KEY_UP_FLAG = 0x80
_TIMER, _QUIT = 0x0113, 0x0012
_TICK_MS = 5000
"""How often a hook that Windows may have taken away is set anew."""
_HOOK = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_int32, ctypes.c_size_t, ctypes.c_ssize_t)


class WindowsKeyboard:
    """A Keyboard. What is swallowed, Windows itself never hears of."""

    tells_swallowed = False

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def key_down(self, code: int) -> bool:
        """Whether a key is down, as far as Windows knows."""
        return self._calls.key_down(code)

    def watch(self, seen: Callable[[int, bool], bool], stale: Callable[[], bool]) -> Callable[[], None]:
        """Hook the keyboard."""
        return _Hook(Library(), seen, stale).end

    def swallowed(self, chord: Chord) -> None:
        """A Windows key that is released with nothing between opens the start menu, Alt a window's menu bar, where the
        words would go: give it something."""
        if chord.modifiers & {"super", "alt"}:
            self._calls.send([Stroke(MASK_KEY, down=True), Stroke(MASK_KEY, down=False)])


class _Hook:
    """A low-level keyboard hook and the thread whose messages keep it alive."""

    def __init__(self, library: Any, seen: Callable[[int, bool], bool], stale: Callable[[], bool]) -> None:
        self._library = library
        self._seen = seen
        self._stale = stale
        self._procedure = _HOOK(self._key)
        self._hook: Any = None
        self._thread_id = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hotkey", daemon=True)
        self._thread.start()
        self._ready.wait()
        if not self._hook:
            raise DesktopError(
                "Windows lets no program watch the keyboard here; bind a key to: prism ctl toggle"
            )

    def end(self) -> None:
        self._library.PostThreadMessageW(self._thread_id, _QUIT, 0, 0)
        self._thread.join(2)

    def _run(self) -> None:
        library = self._library
        self._thread_id = library.GetCurrentThreadId()
        self._set()
        library.SetTimer(None, 0, _TICK_MS, None)
        self._ready.set()
        message = Message()
        while library.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.kind == _TIMER and self._stale():
                library.UnhookWindowsHookEx(self._hook)
                self._set()
        library.UnhookWindowsHookEx(self._hook)

    def _set(self) -> None:
        module = self._library.GetModuleHandleW(None)
        self._hook = self._library.SetWindowsHookExW(_LOW_LEVEL_KEYBOARD, self._procedure, module, 0)

    def _key(self, code: int, wide: int, long: int) -> int:
        if code >= 0:
            key = HookedKey.from_address(long)
            if key.extra != OURS and self._seen(key.code, not key.flags & _KEY_UP_FLAG):
                return 1
        passed: int = self._library.CallNextHookEx(self._hook, code, wide, long)
        return passed
