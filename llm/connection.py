"""The connection below the client: how it is made, read without delay, and left ready for the next request.

Only httpx and sockets may be known here; what travels over it is the client's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from common.addresses import is_loopback, is_secure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CONNECT_S = 5.0
"""Reaching a server that is there takes milliseconds; the model's own slowness has its own limits."""
IDLE_S = 600.0
"""How long a connection that nobody uses is kept: a conversation has pauses, and httpx's own 5 s are shorter than one
answer is spoken. A server may close it earlier; that is noticed and a new one is made."""
DRAIN_S = 0.02
"""How long the end of the body may follow ``[DONE]``; once it is read, the connection can be used again."""


def new_client(base_url: str) -> httpx.AsyncClient:
    """A client that no proxy setting leads away from this machine; plain http needs no certificates."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=None, keepalive_expiry=IDLE_S),
        trust_env=not is_loopback(base_url),
        verify=is_secure(base_url),
    )


def is_url(text: str) -> bool:
    """Is it the address of a server, whether or not one is there?"""
    try:
        parts, url = urlsplit(text), httpx.URL(text)
        return parts.scheme in ("http", "https") and bool(url.host) and parts.port != 0
    except (ValueError, httpx.InvalidURL):  # a port that is no number, brackets without an address, ...
        return False


def acknowledger(response: httpx.Response) -> Callable[[], None]:
    """What to call after each piece, to have Linux acknowledge what has arrived now, and not 40 ms later.

    Servers on uvicorn with a socket of their own (vLLM, llama_cpp.server) do not switch Nagle's algorithm
    off, and then send no further word before the last one is acknowledged. The setting is not lasting,
    hence after each piece.
    """
    option = getattr(socket, "TCP_QUICKACK", None)
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None  # slow: asked for once

    def acknowledge() -> None:
        if option is not None and connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, option, 1)

    return acknowledge


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of a body that is over."""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
