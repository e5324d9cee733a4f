"""The session bus with a thread and an event loop of its own, and the portals' way of answering.

A portal answers in two steps: a call gives the path of a request, and a signal from that path brings the result. The
path can be computed, so one listens before one asks. Every call has a time limit: a stale session can hang for ever.
The thread owns whatever must go on by itself (handing over clipboard data), so that a busy dictation delays no paste.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from common.worker import cancelled_from_below
from pipeline.desktop.base import DesktopError
from pipeline.desktop.wayland.entry import APP_ID, install_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
log = logging.getLogger(__name__)

PORTAL = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
GONE = "The connection to the session bus has ended; start Prism anew."
CALL_S = 2.0
"""Longest wait for the answer to a plain call."""
CONSENT_S = 120.0
"""Longest wait for the user to answer the desktop's question."""
_MISSING = ("UnknownMethod", "UnknownInterface", "ServiceUnknown", "UnknownObject", "NameHasNoOwner")
_tokens = itertools.count(1)


class Bus:
    """A connection to the session bus, registered under our app id. Made by ``open``."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="portal", daemon=True)
        self._ready = threading.Event()
        self._problem: str | None = None
        self._handlers: list[tuple[str, str, str, Callable[[list[Any]], None]]] = []
        self._answers: dict[str, asyncio.Future[list[Any]]] = {}
        self._mourners: list[Callable[[], None]] = []
        self._loop: Any = None
        self._stop: Any = None
        self._group: Any = None
        self._bus: Any = None
        self._posted: dict[Future[Any], Coroutine[Any, Any, Any]] = {}
        self._over = False

    async def open(self) -> None:
        """Connect and register. Raises DesktopError when there is no session bus."""
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        if self._problem is not None:
            raise DesktopError(self._problem)

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the bus's own loop. Raises what it raises, and DesktopError when the bus has gone."""
        return await _told(asyncio.wrap_future(self.post(work)))

    async def result(self, posted: Future[T]) -> T:
        """What posted work gives, which goes on when its waiter gives up. Raises as ``do``."""
        return await _told(asyncio.shield(asyncio.wrap_future(posted)))

    def post(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """The same for whoever waits later, or not; errors lie in the future."""
        if self._loop is None or self._over:
            return _gone(work)
        try:
            posted = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # it has ended since the look
            return _gone(work)
        self._posted[posted] = work
        posted.add_done_callback(lambda done: self._posted.pop(done, None))
        if self._over:
            self._leave()
        return posted

    async def aclose(self) -> None:
        """End the connection and its thread; twice is fine."""
        if self._thread.is_alive() and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
            await asyncio.to_thread(self._thread.join, CALL_S)

    # ------------------------------------------------------------------ in the bus's own loop

    def on(self, interface: str, member: str, handler: Callable[[list[Any]], None], path: str = "") -> None:
        """Have ``handler`` called with the body of each such signal, of one object where a ``path`` is given."""
        self._handlers.append((interface, member, path, handler))

    def on_lost(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called when the session bus has gone, and not when we have."""
        self._mourners.append(tell)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that nobody waits for; it belongs to the connection."""
        self._group.create_task(work)

    async def call(
        self,
        interface: str,
        member: str,
        signature: str,
        *body: Any,
        limit_s: float = CALL_S,
        path: str = PATH,
    ) -> Any:
        """Call a portal; the whole reply. Raises DesktopError when it refuses, is not there, or takes too long."""
        from dbus_fast import Message, MessageType

        message = Message(PORTAL, path, interface, member, signature=signature, body=list(body))
        name = interface.rpartition(".")[2]
        try:
            async with asyncio.timeout(limit_s):
                reply = await self._bus.call(message)
        except TimeoutError as late:
            raise DesktopError(f"The desktop's {name} portal did not answer within {limit_s:g} s.") from late
        except (OSError, EOFError) as gone:
            raise DesktopError("The session bus has gone; log in again.") from gone
        if reply.message_type is MessageType.ERROR:
            raise DesktopError(_refusal(name, reply.error_name, reply.body))
        return reply

    async def version(self, portal: str) -> int:
        """Which version of a portal this desktop has. Raises DesktopError when it has none."""
        interface = f"org.freedesktop.portal.{portal}"
        try:
            reply = await self.call("org.freedesktop.DBus.Properties", "Get", "ss", interface, "version")
        except DesktopError as problem:
            raise DesktopError(
                f"This desktop has no {portal} portal; install the xdg-desktop-portal of your desktop."
            ) from problem
        number: int = reply.body[0].value
        return number

    async def request(
        self, interface: str, member: str, signature: str, *body: Any, limit_s: float = CALL_S
    ) -> dict[str, Any]:
        """Ask for something that may take the user's consent; the results. ``body`` ends with the options."""
        from dbus_fast import Variant

        token = f"prism{os.getpid()}_{next(_tokens)}"
        sender = self._bus.unique_name.lstrip(":").replace(".", "_")
        path = f"{PATH}/request/{sender}/{token}"
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._answers[path] = answer
        try:
            *before, options = body
            options = {**options, "handle_token": Variant("s", token)}
            reply = await self.call(interface, member, signature, *before, options, limit_s=limit_s)
            if reply.body[0] != path:  # a portal from before 0.9 chooses its own path
                self._answers[reply.body[0]] = answer
            async with asyncio.timeout(limit_s):
                code, results = await answer
        except TimeoutError as late:
            raise DesktopError(f"Nobody answered the desktop's question within {limit_s:g} s.") from late
        finally:
            for known in [known for known, waiting in self._answers.items() if waiting is answer]:
                del self._answers[known]
        if code:
            name = interface.rpartition(".")[2]
            told = "you declined it" if code == 1 else "the desktop ended the question"
            raise DesktopError(
                f"{name} is not allowed: {told}; start again and allow it when the desktop asks."
            )
        return {key: value.value for key, value in results.items()}

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except DesktopError as problem:
            self._problem = str(problem)
        finally:
            self._over = True
            self._ready.set()
            self._leave()

    def _leave(self) -> None:
        """The loop is over: say so to whoever came too late for it."""
        for posted, work in tuple(self._posted.items()):
            with suppress(InvalidStateError):  # it has its answer
                posted.set_exception(DesktopError(GONE))
            work.close()

    async def _live(self) -> None:
        self._bus = await _connected()
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._bus.add_message_handler(self._heard)
        try:
            await self._introduce()
            async with asyncio.TaskGroup() as self._group:
                self._ready.set()
                watch = self._group.create_task(self._until_gone())
                await self._stop.wait()
                watch.cancel()
        finally:
            self._bus.disconnect()

    async def _until_gone(self) -> None:
        """End with the session bus, and say so to whoever watches."""
        with suppress(OSError, EOFError):
            await self._bus.wait_for_disconnect()
        self._over = True  # from now on nobody is let in: the loop still runs for a moment
        log.info("the session bus has gone")
        for tell in self._mourners:
            tell()
        self._stop.set()

    async def _introduce(self) -> None:
        """Listen to the portals, and tell them who we are; those from before 1.20 do not ask."""
        from dbus_fast import Message

        rule = f"type='signal',sender='{PORTAL}'"
        bus = "org.freedesktop.DBus"
        await self._bus.call(
            Message(bus, "/org/freedesktop/DBus", bus, "AddMatch", signature="s", body=[rule])
        )
        try:
            install_entry()
            await self.call("org.freedesktop.host.portal.Registry", "Register", "sa{sv}", APP_ID, {})
        except (DesktopError, OSError) as problem:
            log.info("not registered with the portals: %s", problem)

    def _heard(self, message: Any) -> None:
        from dbus_fast import MessageType

        if message.message_type is not MessageType.SIGNAL:
            return
        waiting = self._answers.get(message.path)
        if message.member == "Response" and waiting is not None and not waiting.done():
            waiting.set_result(message.body)
        for interface, member, path, handler in tuple(self._handlers):
            if (message.interface, message.member) == (interface, member) and path in {"", message.path}:
                handler(message.body)


async def _told(answer: asyncio.Future[T]) -> T:
    try:
        return await answer
    except asyncio.CancelledError:
        if cancelled_from_below():  # the bus's loop has ended
            raise DesktopError(GONE) from None
        raise


def _gone(work: Coroutine[Any, Any, T]) -> Future[T]:
    """What becomes of work that there is no loop for any more."""
    work.close()
    failed: Future[T] = Future()
    failed.set_exception(DesktopError(GONE))
    return failed


async def _connected() -> Any:
    try:
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import AuthError, InvalidAddressError
    except ImportError as missing:
        raise DesktopError(
            "dbus-fast is not installed; get it with: pip install 'prism-voice[desktop]'"
        ) from missing
    try:
        async with asyncio.timeout(CALL_S):
            return await MessageBus(negotiate_unix_fd=True).connect()
    except (OSError, EOFError, AuthError, InvalidAddressError, TimeoutError) as problem:
        raise DesktopError(
            "There is no session bus (DBUS_SESSION_BUS_ADDRESS); start Prism inside your session."
        ) from problem


def _refusal(name: str, error: str | None, body: list[Any]) -> str:
    if (error or "").rpartition(".")[2] in _MISSING:
        return f"This desktop has no {name} portal; install the xdg-desktop-portal of your desktop."
    reason = body[0] if body and isinstance(body[0], str) else error
    return f"The desktop's {name} portal refused: {reason}"
