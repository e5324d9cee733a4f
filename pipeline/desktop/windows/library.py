"""The functions of user32, kernel32 and advapi32 that are used, with their types: a handle is wider than an int.

Opened on Windows only. Nothing is decided here.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from pipeline.desktop.base import DesktopError

P, U, I, B = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int32, ctypes.c_int32  # noqa: E741
S = ctypes.c_wchar_p
_USER32: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "GetForegroundWindow": (P, ()),
    "IsWindow": (B, (P,)),
    "GetWindowTextW": (I, (P, P, I)),
    "GetWindowThreadProcessId": (U, (P, P)),
    "GetAsyncKeyState": (ctypes.c_int16, (I,)),
    "SendInput": (U, (U, P, I)),
    "MapVirtualKeyW": (U, (U, U)),
    "OpenClipboard": (B, (P,)),
    "CloseClipboard": (B, ()),
    "EmptyClipboard": (B, ()),
    "EnumClipboardFormats": (U, (U,)),
    "GetClipboardData": (P, (U,)),
    "SetClipboardData": (P, (U, P)),
    "GetClipboardOwner": (P, ()),
    "GetOpenClipboardWindow": (P, ()),
    "RegisterClipboardFormatW": (U, (S,)),
    "RegisterClassW": (ctypes.c_uint16, (P,)),
    "CreateWindowExW": (P, (U, S, S, U, I, I, I, I, P, P, P, P)),
    "DestroyWindow": (B, (P,)),
    "DefWindowProcW": (ctypes.c_ssize_t, (P, U, ctypes.c_size_t, ctypes.c_ssize_t)),
    "GetMessageW": (I, (P, P, U, U)),
    "TranslateMessage": (B, (P,)),
    "DispatchMessageW": (ctypes.c_ssize_t, (P,)),
    "PostThreadMessageW": (B, (U, U, ctypes.c_size_t, ctypes.c_ssize_t)),
    "PeekMessageW": (B, (P, P, U, U, U)),
    "SetTimer": (ctypes.c_size_t, (P, ctypes.c_size_t, U, P)),
    "SetWindowsHookExW": (P, (I, P, P, U)),
    "UnhookWindowsHookEx": (B, (P,)),
    "CallNextHookEx": (ctypes.c_ssize_t, (P, I, ctypes.c_size_t, ctypes.c_ssize_t)),
}
_KERNEL32: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "GetModuleHandleW": (P, (S,)),
    "GetCurrentThreadId": (U, ()),
    "GetCurrentProcessId": (U, ()),
    "OpenProcess": (P, (U, B, U)),
    "CloseHandle": (B, (P,)),
    "QueryFullProcessImageNameW": (B, (P, U, P, P)),
    "GlobalAlloc": (P, (U, ctypes.c_size_t)),
    "GlobalFree": (P, (P,)),
    "GlobalLock": (P, (P,)),
    "GlobalUnlock": (B, (P,)),
    "GlobalSize": (ctypes.c_size_t, (P,)),
}
_ADVAPI32: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "OpenProcessToken": (B, (P, U, P)),
    "GetTokenInformation": (B, (P, I, P, U, P)),
    "GetSidSubAuthority": (P, (P, U)),
    "GetSidSubAuthorityCount": (P, (P,)),
}


class Message(ctypes.Structure):
    """MSG."""

    _fields_ = (
        ("window", P),
        ("kind", U),
        ("wide", ctypes.c_size_t),
        ("long", ctypes.c_ssize_t),
        ("time", U),
        ("x", I),
        ("y", I),
    )


class Library:
    """The functions by their names, as attributes. Raises DesktopError where there is no Windows."""

    def __init__(self) -> None:
        if sys.platform != "win32":
            raise DesktopError("This is not Windows; set paste.backend to auto.")
        for file, functions in (("user32", _USER32), ("kernel32", _KERNEL32), ("advapi32", _ADVAPI32)):
            opened = ctypes.WinDLL(file, use_last_error=True)
            for name, (result, arguments) in functions.items():
                function = getattr(opened, name)
                function.restype, function.argtypes = result, arguments
                setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
