"""The real system calls of macOS, by pyobjc. No test runs them: what is decided stands in ``desk``."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any

from pipeline.desktop.base import DesktopError, Window
from pipeline.desktop.macos.calls import Contents

if TYPE_CHECKING:
    from collections.abc import Sequence


class System:
    """Calls. Raises DesktopError where pyobjc is missing."""

    def __init__(self) -> None:
        try:
            import AppKit
            import Quartz
        except ImportError as missing:
            raise DesktopError(
                "pyobjc is not installed; get it with: pip install 'prism-voice[desktop]'"
            ) from missing
        self._appkit: Any = AppKit
        self._quartz: Any = Quartz

    def trusted(self) -> bool:
        services = ctypes.CDLL("/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices")
        services.AXIsProcessTrusted.restype = ctypes.c_bool
        return bool(services.AXIsProcessTrusted())

    def frontmost(self) -> Window | None:
        """By the windows on the screen, which come front to back: NSWorkspace notices a change only in a program whose
        main thread runs a run loop, and a terminal program has none."""
        quartz = self._quartz
        wanted = quartz.kCGWindowListOptionOnScreenOnly | quartz.kCGWindowListExcludeDesktopElements
        windows = quartz.CGWindowListCopyWindowInfo(wanted, quartz.kCGNullWindowID) or ()
        front = next((window for window in windows if window.get(quartz.kCGWindowLayer) == 0), None)
        if front is None:
            return None
        pid = int(front[quartz.kCGWindowOwnerPID])
        app = self._appkit.NSRunningApplication.runningApplicationWithProcessIdentifier_(pid)
        bundle = app.bundleIdentifier() if app is not None else None
        return Window(
            str(pid), str(bundle or "").lower(), str(front.get(quartz.kCGWindowOwnerName) or ""), pid
        )

    def running(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def key_down(self, code: int) -> bool:
        quartz = self._quartz
        return bool(quartz.CGEventSourceKeyState(quartz.kCGEventSourceStateHIDSystemState, code))

    def press(self, code: int, flags: int) -> None:
        quartz = self._quartz
        for down in (True, False):
            event = quartz.CGEventCreateKeyboardEvent(None, code, down)
            quartz.CGEventSetFlags(event, flags)
            quartz.CGEventPost(quartz.kCGHIDEventTap, event)

    def type(self, text: str) -> None:
        quartz = self._quartz
        for down in (True, False):
            event = quartz.CGEventCreateKeyboardEvent(None, 0, down)
            quartz.CGEventKeyboardSetUnicodeString(event, len(text.encode("utf-16-le")) // 2, text)
            quartz.CGEventPost(quartz.kCGHIDEventTap, event)

    def release(self, codes: Sequence[int]) -> None:
        quartz = self._quartz
        for code in codes:
            quartz.CGEventPost(quartz.kCGHIDEventTap, quartz.CGEventCreateKeyboardEvent(None, code, False))

    def contents(self, budget: int) -> Contents:
        found: Contents = []
        for item in self._appkit.NSPasteboard.generalPasteboard().pasteboardItems() or ():
            kept: dict[str, bytes] = {}
            for kind in item.types():
                data = item.dataForType_(kind)
                if data is not None and data.length() <= budget:
                    kept[str(kind)] = bytes(data)
                    budget -= data.length()
            found.append(kept)
        return found

    def put(self, contents: Contents) -> int:
        appkit = self._appkit
        board = appkit.NSPasteboard.generalPasteboard()
        board.clearContents()
        items = []
        for kept in contents:
            item = appkit.NSPasteboardItem.alloc().init()
            for kind, data in kept.items():
                item.setData_forType_(appkit.NSData.dataWithBytes_length_(data, len(data)), kind)
            items.append(item)
        board.writeObjects_(items)
        return self.change_count()

    def change_count(self) -> int:
        return int(self._appkit.NSPasteboard.generalPasteboard().changeCount())
