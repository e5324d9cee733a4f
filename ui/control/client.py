"""The asking side of the control socket: plain blocking calls, for ``prism ctl`` and for anybody's script.

It imports no event loop and nothing of the daemon, so that a key bound to ``prism ctl toggle`` acts at once.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol, Self

from ui.control.lock import is_held
from ui.control.place import lock_path, pipe_name, socket_path
from ui.control.protocol import MAX_ANSWER, PROTOCOL, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from ui.control.protocol import Verb

PIPE_BUSY = 231
"""Windows' number for that."""
ANSWER_S = 5.0
"""Seconds to wait for an answer: a daemon answers in milliseconds, a machine out of memory in seconds."""


class NoDaemon(Exception):
    """Nobody listens."""


class ControlError(Exception):
    """The daemon refused, or answered nothing that makes sense."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Stream(Protocol):
    """What is used of a socket's file, or a pipe's."""

    def readline(self, size: int, /) -> bytes: ...
    def write(self, data: bytes, /) -> int | None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Client:
    """A connection to the daemon; a ``with`` block closes it."""

    def __init__(self, stream: Stream, sock: socket.socket | None = None) -> None:
        self._stream = stream
        self._sock = sock
        self.hello = self._read()
        if self.hello.get("ok") is False:
            raise _told(self.hello)
        if self.hello.get("protocol") != PROTOCOL:
            raise ControlError("protocol", "The running Prism is of another version; restart it.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave; twice is fine."""
        self._stream.close()
        if self._sock is not None:
            self._sock.close()

    def ask(self, verb: Verb) -> dict[str, Any]:
        """The answer to one verb. Raises ControlError when it is refused, or does not come."""
        try:
            self._stream.write(line_of({"do": verb}))
            self._stream.flush()
            answer = self._read()
            while "ok" not in answer:  # an event may come in between
                answer = self._read()
        except OSError as error:
            raise ControlError("gone", f"The running Prism does not answer ({error}); restart it.") from error
        if answer["ok"] is not True:
            raise _told(answer)
        return answer

    def events(self) -> Iterator[dict[str, Any]]:
        """The present status, as ``ask`` gives it, and then each event as it comes, until the daemon ends."""
        yield self.ask("events")
        if self._sock is not None:
            self._sock.settimeout(None)
        while True:
            try:
                yield self._read()
            except ControlError:
                return

    def _read(self) -> dict[str, Any]:
        try:
            line = self._stream.readline(MAX_ANSWER)
            found = json.loads(line) if line.endswith(b"\n") else None
        except (OSError, ValueError) as error:
            raise ControlError("gone", f"The running Prism does not answer ({error}); restart it.") from error
        if not isinstance(found, dict):
            raise ControlError("gone", "The running Prism ended the connection; is it being stopped?")
        return found


def connect(timeout_s: float = ANSWER_S) -> Client:
    """Connect to this user's daemon. Raises NoDaemon, or ControlError when it does not answer."""
    try:
        return _piped() if sys.platform == "win32" else _dialed(timeout_s)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        if is_held(lock_path()):
            raise NoDaemon("Prism is just starting or ending; try again in a second.") from error
        raise NoDaemon("No dictation runs here; start it with: prism dictate") from error
    except OSError as error:
        raise ControlError("gone", f"The running Prism cannot be reached: {error}.") from error


def _piped() -> Client:
    """Windows refuses who comes while another one is being let in: there is room again in a moment."""
    give_up = time.monotonic() + ANSWER_S
    while True:
        try:
            return Client(open(pipe_name(), "r+b", buffering=0))  # noqa: PTH123  # a pipe, for as long as it is used
        except OSError as error:
            if getattr(error, "winerror", None) != PIPE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(0.02)


def _dialed(timeout_s: float) -> Client:
    with ExitStack() as undo:
        sock = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        sock.settimeout(timeout_s)
        sock.connect(str(socket_path()))
        stream = sock.makefile("rwb")
        undo.callback(stream.close)
        client = Client(stream, sock)
        undo.pop_all()
    return client


def _told(refused: dict[str, Any]) -> ControlError:
    return ControlError(str(refused.get("error", "refused")), str(refused.get("message", "It was refused.")))
