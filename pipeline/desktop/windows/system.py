"""The real system calls of Windows, by ctypes. No test runs them: what is decided stands in ``desk`` and ``hotkey``."""

from __future__ import annotations

import ctypes
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from pipeline.desktop.windows.clipboard import ClipboardWindow
from pipeline.desktop.windows.library import Library
from pipeline.desktop.windows.structures import Input, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.desktop.windows.calls import Stroke

_LIMITED, _QUERY_TOKEN, _INTEGRITY = 0x1000, 0x8, 25


class System:
    """Calls. Raises DesktopError where there is no Windows."""

    def __init__(self) -> None:
        library = Library()
        self._library: Any = library
        self._clipboard = ClipboardWindow(library, lambda window: self.process(window)[0])

    def foreground(self) -> int:
        return self._library.GetForegroundWindow() or 0

    def is_window(self, window: int) -> bool:
        return bool(self._library.IsWindow(window))

    def title(self, window: int) -> str:
        room = ctypes.create_unicode_buffer(512)
        self._library.GetWindowTextW(window, room, len(room))
        return room.value

    def process(self, window: int) -> tuple[int, str]:
        pid = ctypes.c_uint32()
        self._library.GetWindowThreadProcessId(window, ctypes.byref(pid))
        handle = self._library.OpenProcess(_LIMITED, 0, pid.value)
        if not handle:
            return pid.value, ""
        try:
            room, size = ctypes.create_unicode_buffer(1024), ctypes.c_uint32(1024)
            told = self._library.QueryFullProcessImageNameW(handle, 0, room, ctypes.byref(size))
            return pid.value, PureWindowsPath(room.value).name.lower() if told else ""
        finally:
            self._library.CloseHandle(handle)

    def integrity(self, pid: int | None) -> int | None:
        library = self._library
        handle = library.OpenProcess(_LIMITED, 0, library.GetCurrentProcessId() if pid is None else pid)
        if not handle:
            return None
        token = ctypes.c_void_p()
        try:
            if not library.OpenProcessToken(handle, _QUERY_TOKEN, ctypes.byref(token)):
                return None
            room, size = ctypes.create_string_buffer(256), ctypes.c_uint32()
            if not library.GetTokenInformation(token, _INTEGRITY, room, len(room), ctypes.byref(size)):
                return None
            sid = ctypes.c_void_p.from_buffer(
                room
            ).value  # TOKEN_MANDATORY_LABEL begins with the SID's address
            count = ctypes.c_uint8.from_address(library.GetSidSubAuthorityCount(sid)).value
            return ctypes.c_uint32.from_address(library.GetSidSubAuthority(sid, count - 1)).value
        finally:
            if token.value:
                library.CloseHandle(token)
            library.CloseHandle(handle)

    def key_down(self, code: int) -> bool:
        return bool(self._library.GetAsyncKeyState(code) & 0x8000)

    def send(self, strokes: list[Stroke]) -> int:
        array = packed(strokes, lambda code: self._library.MapVirtualKeyW(code, 0))
        taken: int = self._library.SendInput(len(strokes), array, ctypes.sizeof(Input))
        return taken

    def copy(self, text: str, *, private: bool, read: Callable[[int], None] | None) -> None:
        self._clipboard.do(lambda: self._clipboard.copy(text, private=private, read=read))

    def contents(self, budget: int) -> dict[int, bytes]:
        return self._clipboard.do(lambda: self._clipboard.contents(budget))

    def put(self, contents: Mapping[int, bytes]) -> None:
        self._clipboard.do(lambda: self._clipboard.put(contents))

    def owns_clipboard(self) -> bool:
        return self._clipboard.owns()

    def close(self) -> None:
        self._clipboard.close()
