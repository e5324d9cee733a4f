"""Windows' clipboard, owned by an invisible window in a thread of its own.

Delayed rendering asks the owner's window when somebody reads, and that window lives in the thread that pumps its
messages; so everything about the clipboard is done there. Pictures come back as DIB, files as CF_HDROP: plain memory.
Formats that are handles of the drawing system, and those that Windows makes from others, are left out.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.desktop.base import DesktopError
from pipeline.desktop.windows.library import Library, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
log = logging.getLogger(__name__)

UNICODE = 13
_HANDLES = {2, 3, 9, 14, 0x80, 0x82, 0x83, 0x8E, *range(0x200, 0x400)}
"""Bitmaps, metafiles, palettes, owner-drawn and private formats: no memory blocks."""
_DERIVED = {1, 7, 16}
"""Text in old code pages and its locale: Windows makes them from the Unicode text."""
_PRIVATE = (
    "ExcludeClipboardContentFromMonitorProcessing",
    "CanIncludeInClipboardHistory",
    "CanUploadToCloudClipboard",
)
"""Formats that keep words out of the clipboard history and the cloud; a value of 0 says no."""
_RENDER, _RENDER_ALL, _WAKE, _QUIT = 0x0305, 0x0306, 0x8000, 0x0012
_MOVEABLE = 0x2
TRIES = 20
PAUSE_S = 0.01
"""Between tries to open the clipboard, which only one program can at a time."""
_MESSAGE_ONLY = ctypes.c_void_p(-3)
_PROCEDURE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t, ctypes.c_ssize_t
)


class _WindowClass(ctypes.Structure):
    _fields_ = (
        ("style", ctypes.c_uint32),
        ("procedure", _PROCEDURE),
        ("class_extra", ctypes.c_int32),
        ("window_extra", ctypes.c_int32),
        ("instance", ctypes.c_void_p),
        ("icon", ctypes.c_void_p),
        ("cursor", ctypes.c_void_p),
        ("background", ctypes.c_void_p),
        ("menu", ctypes.c_wchar_p),
        ("name", ctypes.c_wchar_p),
    )


class ClipboardWindow:
    """The window and its thread."""

    def __init__(self, library: Library, pid_of: Callable[[int], int]) -> None:
        self._library: Any = library
        self._pid_of = pid_of
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._promised: tuple[str, Callable[[int], None]] | None = None
        self._window: Any = None
        self._procedure = _PROCEDURE(self._message)
        self._ready = threading.Event()
        self._thread_id = 0
        self._thread = threading.Thread(target=self._run, name="clipboard", daemon=True)
        self._thread.start()
        self._ready.wait()

    def do(self, job: Callable[[], T]) -> T:
        """Run a job in the window's thread and wait for it. Raises what it raises."""
        future: Future[T] = Future()
        self._jobs.append((future, job))
        self._library.PostThreadMessageW(self._thread_id, _WAKE, 0, 0)
        return future.result(timeout=30)

    def copy(self, text: str, *, private: bool, read: Callable[[int], None] | None) -> None:
        """Put text there, or promise it."""
        with _Opened(self._library, self._window):
            self._library.EmptyClipboard()
            self._promised = (text, read) if read is not None else None
            if private:
                for name in _PRIVATE:
                    self._set(self._library.RegisterClipboardFormatW(name), bytes(4))
            if read is None:
                self._set(UNICODE, _text(text))
            else:
                self._library.SetClipboardData(UNICODE, None)

    def contents(self, budget: int) -> dict[int, bytes]:
        """Everything that can be copied."""
        found: dict[int, bytes] = {}
        with _Opened(self._library, self._window):
            kind = 0
            while kind := self._library.EnumClipboardFormats(kind):
                if kind in _HANDLES or (kind in _DERIVED and UNICODE in found):
                    continue
                data = self._get(kind)
                if data is not None and len(data) <= budget:
                    found[kind] = data
                    budget -= len(data)
        return found

    def put(self, contents: Mapping[int, bytes]) -> None:
        """Put everything back."""
        with _Opened(self._library, self._window):
            self._library.EmptyClipboard()
            self._promised = None
            for kind, data in contents.items():
                self._set(kind, data)

    def owns(self) -> bool:
        """Whether our window is the owner."""
        owner = self._library.GetClipboardOwner()
        return bool(owner) and owner == self._window

    def close(self) -> None:
        """Keep what was promised, and end the thread."""
        self._library.PostThreadMessageW(self._thread_id, _QUIT, 0, 0)
        self._thread.join(2)

    def _run(self) -> None:
        library = self._library
        self._thread_id = library.GetCurrentThreadId()
        instance = library.GetModuleHandleW(None)
        kind = _WindowClass(procedure=self._procedure, instance=instance, name="PrismClipboard")
        library.RegisterClassW(ctypes.byref(kind))
        self._window = library.CreateWindowExW(
            0, "PrismClipboard", "Prism", 0, 0, 0, 0, 0, _MESSAGE_ONLY, None, instance, None
        )
        message = Message()
        library.PeekMessageW(ctypes.byref(message), None, 0, 0, 0)  # makes the thread's queue
        self._ready.set()
        while library.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.kind == _WAKE:
                self._run_jobs()
            else:
                library.DispatchMessageW(ctypes.byref(message))
        library.DestroyWindow(self._window)

    def _run_jobs(self) -> None:
        while self._jobs:
            future, job = self._jobs.popleft()
            try:
                result = job()
            except BaseException as problem:  # noqa: BLE001  # it belongs to the caller, whatever it is
                future.set_exception(problem)
            else:
                future.set_result(result)

    def _message(self, window: Any, kind: int, wide: int, long: int) -> int:
        if kind == _RENDER and self._promised is not None:
            text, read = self._promised
            self._set(UNICODE, _text(text))
            reader = self._library.GetOpenClipboardWindow()
            read(self._pid_of(reader) if reader else 0)
            return 0
        if kind == _RENDER_ALL and self._promised is not None:
            with _Opened(self._library, self._window):
                if self.owns():
                    self._set(UNICODE, _text(self._promised[0]))
            return 0
        result: int = self._library.DefWindowProcW(window, kind, wide, long)
        return result

    def _set(self, kind: int, data: bytes) -> None:
        """Into memory that the system owns from then on."""
        block = self._library.GlobalAlloc(_MOVEABLE, len(data))
        place = self._library.GlobalLock(block)
        ctypes.memmove(place, data, len(data))
        self._library.GlobalUnlock(block)
        if not self._library.SetClipboardData(kind, block):
            self._library.GlobalFree(block)

    def _get(self, kind: int) -> bytes | None:
        block = self._library.GetClipboardData(kind)
        place = self._library.GlobalLock(block) if block else None
        if not place:
            return None
        try:
            return ctypes.string_at(place, self._library.GlobalSize(block))
        finally:
            self._library.GlobalUnlock(block)


class _Opened:
    """The clipboard, open for as long as the block lasts. Raises DesktopError when others keep it open."""

    def __init__(self, library: Any, window: Any) -> None:
        self._library = library
        self._window = window

    def __enter__(self) -> None:
        for _ in range(TRIES):
            if self._library.OpenClipboard(self._window):
                return
            time.sleep(PAUSE_S)
        raise DesktopError("Another program keeps the clipboard open; close clipboard tools and try again.")

    def __exit__(self, *_: object) -> None:
        self._library.CloseClipboard()


def _text(text: str) -> bytes:
    return (text.replace("\n", "\r\n") + "\0").encode("utf-16-le")
