"""One connection of the control socket, from the daemon's side. Every bound is a size here, and nothing waits for it.

A peer reads as slowly as it likes: events queue up to a size, then the oldest go and the peer is told how many. A peer
that takes nothing at all for a while is left. Errors of the connection end the connection and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from common.channel import Policy, channel
from ui.control.protocol import MAX_LINE, Refused, line_of, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.channel import Receiver, Sender


LEAVE_S = 1.0
"""Seconds that a peer has to take the last line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may cost."""

    clients: int = 16
    idle_s: float = 30.0
    """Seconds between two requests, and for one; who follows events may be silent for ever."""
    stalled_s: float = 30.0
    """Seconds for which a peer may take nothing while there is something to take."""
    events: int = 256
    """Lines that wait for a slow reader: ten seconds of levels and more."""
    buffer: int = 64 * 1024
    """Bytes written that wait beside them, in this process."""


class Peer:
    """Whoever has connected."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        ends: tuple[Sender[bytes], Receiver[bytes]] = channel(
            limits.events, Policy.DROP_OLDEST, name="events to a peer"
        )
        self._events, self._waiting = ends
        self.follows = False
        """Whether it has asked for events."""
        writer.transport.set_write_buffer_limits(high=limits.buffer)

    async def line(self) -> bytes | None:
        """Its next request, or None when it has gone. Raises Refused for what is no line, or does not come."""
        try:
            async with asyncio.timeout(None if self.follows else self._limits.idle_s):
                return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            if end.partial.strip():
                raise Refused("bad_json", "The connection ended in the middle of a line.") from end
            return None
        except asyncio.LimitOverrunError as error:
            raise Refused("too_long", f"A request has at most {MAX_LINE} bytes.") from error
        except TimeoutError as error:
            raise Refused("idle", f"Nothing was asked for {self._limits.idle_s:g} seconds.") from error

    def offer(self, line: bytes) -> None:
        """An event for whoever follows; never waits, the oldest go first."""
        if self.follows and self._events.is_open:
            self._events.offer(line)

    async def tell(self, record: Mapping[str, Any]) -> None:
        """Write one record and wait until there is room for the next. Raises OSError when the peer takes nothing."""
        await self._write(line_of(record))

    async def pump(self) -> None:
        """Write events as they come, until the connection is left."""
        told = 0
        async for line in self._waiting:
            if (lost := self._waiting.dropped - told) > 0:
                told += lost
                await self.tell({"event": "events.dropped", "count": lost})
            await self._write(line)

    async def leave(self, because: Refused | None) -> None:
        """Say why, if that can still be said, and close; what a peer does not take within a second is dropped."""
        self._events.close()
        if because is not None and not self._writer.is_closing():
            self._writer.write(line_of(refusal(because)))
        self._writer.close()
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()

    async def _write(self, line: bytes) -> None:
        self._writer.write(line)
        async with asyncio.timeout(self._limits.stalled_s):
            await self._writer.drain()


class Socket(Protocol):
    """As much of a socket as can tell who is at its other end."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """As of ``socket.socket``."""


def is_foreign(sock: Socket | None) -> bool:
    """Whether another user is at the other end; False where the system does not tell, and the folder must do."""
    if sys.platform == "win32" or sock is None:
        return False
    if sys.platform == "darwin":
        head = sock.getsockopt(
            0, 1, 8
        )  # SOL_LOCAL, LOCAL_PEERCRED: struct xucred begins with version and uid
        (uid,) = struct.unpack_from("=I", head, 4)
    else:
        _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(uid != os.getuid())
