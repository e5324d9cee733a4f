"""A server that says bytes: it reads a request and answers with whatever the test wrote, however wrong that is.

``GET /v1/models`` is answered with 404, as by servers without a listing. Each ``POST`` takes the next answer, the last
one serves all that follow. An answer is a sequence of bytes to send, seconds to wait, and at its end HOLD (keep the
connection open until the client leaves) or RESET (break it off as a crash would); otherwise it is closed in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

HOLD, RESET = "hold", "reset"
Answer = Sequence[bytes | float | str]
_NO_LISTING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@dataclass
class RawServer:
    """One server."""

    answers: Sequence[Answer]
    posts: int = 0
    """Requests that were answered."""
    open: int = 0
    """Connections that the client has not left."""
    url: str = ""
    """Ends in /v1, while it runs."""
    gone: asyncio.Condition = field(default_factory=asyncio.Condition)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[RawServer]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            yield self

    async def left(self) -> None:
        """Return when no connection is open."""
        async with self.gone:
            await self.gone.wait_for(lambda: not self.open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while head := await _request(reader):
                if head.startswith(b"GET"):
                    writer.write(_NO_LISTING)
                    continue
                answer = self.answers[min(self.posts, len(self.answers) - 1)]
                self.posts += 1
                if not await _say(answer, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left in the middle: that is what some tests are about
        finally:
            writer.close()
            async with self.gone:
                self.open -= 1
                self.gone.notify_all()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """The head of a request whose body was read too; nothing when the client is gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    lines = [line.split(b":", 1) for line in head.lower().split(b"\r\n") if b":" in line]
    length = next((int(value) for name, value in lines if name == b"content-length"), 0)
    await reader.readexactly(length)
    return head


async def _say(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection may be used again."""
    for piece in answer:
        if isinstance(piece, bytes):
            writer.write(piece)
            await writer.drain()
        elif piece == HOLD:
            await reader.read()
        elif piece == RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            await asyncio.sleep(float(piece))
    return False
