"""How the daemon comes to be reachable: a Unix socket that only this user can open, or a named pipe on Windows.

Both give the server the same two streams for each peer. The socket is made by us, in a folder that is checked first,
and listens only when its rights are set.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ui.control.place import pipe_name, private, socket_path
from ui.control.protocol import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Connected: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]

BACKLOG = 16


class Listening(Protocol):
    """What can be closed so that nobody connects any more."""

    def close(self) -> None:
        """Stop listening; connections stay."""


Listen: TypeAlias = "Callable[[Connected], Awaitable[Listening]]"


def usual_listen() -> Listen:
    """The way of this system."""
    return (
        partial(listen_pipe, pipe_name()) if sys.platform == "win32" else partial(listen_unix, socket_path())
    )


async def listen_unix(path: Path, connected: Connected) -> Listening:
    """Listen at ``path``; whoever holds the daemon's lock may call this: a socket found there is a dead one's.

    Raises PlaceUnsafe or OSError.
    """
    server = await asyncio.start_unix_server(connected, sock=_bound(path), limit=MAX_LINE)
    return _UnixListening(server, path)


def _bound(path: Path) -> socket.socket:
    private(path.parent)
    path.unlink(missing_ok=True)
    with ExitStack() as undo:
        sock = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        sock.bind(str(path))
        path.chmod(0o600)
        sock.listen(BACKLOG)
        undo.pop_all()
    return sock


class _UnixListening:
    def __init__(self, server: asyncio.Server, path: Path) -> None:
        self._server = server
        self._path = path

    def close(self) -> None:
        self._server.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


async def listen_pipe(name: str, connected: Connected) -> Listening:
    """Listen at a named pipe; only the event loop that Windows has by default can do it."""
    loop: Any = asyncio.get_running_loop()

    def protocol() -> asyncio.StreamReaderProtocol:
        reader = asyncio.StreamReader(limit=MAX_LINE, loop=loop)
        return asyncio.StreamReaderProtocol(reader, connected, loop=loop)

    (listening,) = await loop.start_serving_pipe(protocol, name)
    return listening  # type: ignore[no-any-return]  # the method is missing from the types of other systems
