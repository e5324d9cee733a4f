"""A connection to the X server and the one thread that uses it.

Everything that talks X lives in that thread: it sleeps in ``select`` until the server, a caller or a timer wakes it, so
a paste is served while the event loop is busy, and a server that is grabbed by somebody blocks nobody but us. Callers
come in by ``call``; a job may itself wait for events (``pump``), and meanwhile events go on being handled. The thread
starts with the first call, and nobody else may use the display from then on: python-xlib's ``flush`` never ends when
another thread sends at the same time. Whatever asks the server while it is made must be made before.

What belongs here is traffic. What events mean belongs to whoever registered for them with ``on``.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import os
import select
import socket
import threading
import time
from collections import defaultdict, deque
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pipeline.desktop.base import DesktopError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

GONE = "The X server closed the connection; log in again, or start Prism anew in the running session."
CLOSE_LIMIT_S = 2.0
"""How long closing waits for the thread to finish what it does."""
STAMP_LIMIT_S = 2.0
"""How long the server may take to tell its time."""


class Connection:
    """One display connection, its thread, and a window of our own that nobody sees.

    Raises DesktopError when the display cannot be opened.
    """

    def __init__(self, name: str) -> None:
        self.display = _opened()
        from Xlib import X

        screen = self.display.screen()
        self.root = screen.root
        self.window = self.root.create_window(
            0, 0, 1, 1, 0, 0, window_class=X.InputOnly, event_mask=X.PropertyChangeMask
        )
        self._stamp_atom = self.atom("PRISM_TIME")
        self._stamps: list[int] = []
        self._handlers: dict[int, list[Callable[[Any], None]]] = defaultdict(list)
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._closing = False
        self._lost = False
        self._mourners: list[Callable[[], None]] = []
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self.on(X.PropertyNotify, self._told_time)
        self._thread = threading.Thread(target=self._run, name=f"x11-{name}", daemon=True)
        self._started = False

    def atom(self, name: str) -> int:
        """The server's number for a name; asked once."""
        number: int = self.display.get_atom(name)
        return number

    def on(self, event_type: int, handler: Callable[[Any], None]) -> None:
        """Have ``handler`` called in the thread for events of this type."""
        self._handlers[event_type].append(handler)

    def on_lost(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called in the thread when the server has gone, and not when we have."""
        self._mourners.append(tell)

    # ------------------------------------------------------------------ from the event loop

    async def call(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``job`` in the thread. Raises what it raises, and DesktopError when the server has gone."""
        return await asyncio.wrap_future(self.post(job, *args, **kwargs))

    def post(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The same for whoever does not wait; errors lie in the future."""
        future: Future[T] = Future()
        if self._lost or self._closing:
            future.set_exception(DesktopError(GONE))
            return future
        self._calls.append((future, lambda: job(*args, **kwargs)))
        self._ring()
        self._start()
        if self._lost:  # it ended between the look and the call
            self._refuse_calls()
        return future

    def close(self) -> None:
        """End the thread and the connection, and with it everything that is owned and grabbed; twice is fine."""
        self._closing = True
        self._ring()
        self._start()
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_LIMIT_S)

    # ------------------------------------------------------------------ in the thread

    def later(self, delay_s: float, job: Callable[[], None]) -> None:
        """Run ``job`` in the thread after a while."""
        heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._order), job))

    def pump(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Handle events until ``done``; False when that took too long."""
        give_up = time.monotonic() + limit_s
        while True:
            self._handle_events()
            if done():
                return True
            left = give_up - time.monotonic()
            if left <= 0:
                return False
            self._sleep(left)

    def server_time(self) -> int:
        """The server's clock now, milliseconds: ownership must be taken with it (ICCCM 2.1)."""
        from Xlib import Xatom

        self._stamps.clear()
        self.window.change_property(self._stamp_atom, Xatom.STRING, 8, b"")
        if not self.pump(lambda: bool(self._stamps), STAMP_LIMIT_S):
            raise DesktopError("The X server does not answer; try again once the desktop reacts.")
        return self._stamps[-1]

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._thread.start()

    def _told_time(self, event: Any) -> None:
        if event.atom == self._stamp_atom:
            self._stamps.append(event.time)

    def _run(self) -> None:
        from Xlib import error

        try:
            while not self._closing:
                self._handle_events()
                self._run_calls()
                self._run_timers()
                if not self._calls and not self.display.pending_events():
                    self._sleep(self._until_timer())
            self.display.close()
        except (error.ConnectionClosedError, OSError) as problem:
            log.info("the X connection ended: %s", problem)
            for tell in self._mourners:
                tell()
        finally:
            self._lost = True
            self.display.display.socket.close()
            self._refuse_calls()
            self._ear.close()
            self._bell.close()

    def _refuse_calls(self) -> None:
        with suppress(IndexError):  # the deque is emptied from both sides
            while True:
                future, _ = self._calls.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_exception(DesktopError(GONE))

    def _handle_events(self) -> None:
        """Until none is left. The last look comes after the last flush, which may itself have brought events in."""
        from Xlib import error

        while True:
            self.display.flush()
            if not self.display.pending_events():
                return
            event = self.display.next_event()
            for handler in self._handlers.get(event.type, ()):
                try:
                    handler(event)
                except error.XError as problem:  # whoever asked may be gone by now
                    log.debug("an event of a window that has gone: %s", problem)

    def _run_calls(self) -> None:
        from Xlib import error

        while self._calls:
            future, job = self._calls.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job()
                self.display.flush()
            except (error.ConnectionClosedError, OSError):
                future.set_exception(DesktopError(GONE))
                raise
            except BaseException as problem:  # noqa: BLE001  # it belongs to the caller, whatever it is
                future.set_exception(problem)
            else:
                future.set_result(result)

    def _run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()
            self.display.flush()

    def _until_timer(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _sleep(self, limit_s: float | None) -> None:
        """Until the server sends, somebody calls, or time is up."""
        select.select([self.display.fileno(), self._ear], [], [], limit_s)
        try:
            while self._ear.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _ring(self) -> None:
        with suppress(OSError):  # the thread has ended
            self._bell.send(b"\0")


def _opened() -> Any:
    try:
        from Xlib import display, error
    except ImportError as missing:
        raise DesktopError(
            "python-xlib is not installed; get it with: pip install 'prism-voice[desktop]'"
        ) from missing
    try:
        opened = display.Display()
    except (error.DisplayError, error.XauthError, OSError) as problem:
        name = os.environ.get("DISPLAY") or "none"
        raise DesktopError(
            f"The X display {name} cannot be opened ({problem}); set DISPLAY and XAUTHORITY as in your session."
        ) from problem
    opened.set_error_handler(lambda problem, _request: log.debug("X error: %s", problem))
    return opened
