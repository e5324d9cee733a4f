"""The edges of a hotkey on their way from a desktop's own thread to the event loop that reads them.

A thread may tell edges, or that none will come any more, at any moment: before somebody reads, and after the loop has
ended. How a key is watched is each desktop's business.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from common.channel import Policy, Receiver, ReceiverGone, Sender, channel
from pipeline.desktop.base import DesktopError, KeyEdge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

EDGES = 64
"""Edges that may wait for their reader; a finger makes ten a second at most."""


class Edges:
    """Those of one hotkey, for one reader."""

    def __init__(self) -> None:
        self._sender: Sender[KeyEdge] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: str | None = None

    async def read(self, begin: Callable[[], Awaitable[object]]) -> AsyncGenerator[KeyEdge, None]:
        """The edges from when ``begin`` has the key watched until ``close``.

        Raises what ``begin`` raises, and DesktopError with the reason when they ended by themselves.
        """
        ends: tuple[Sender[KeyEdge], Receiver[KeyEdge]] = channel(EDGES, Policy.DROP_OLDEST, name="hotkey")
        self._sender, self._loop = ends[0], asyncio.get_running_loop()
        with ends[1]:
            await begin()
            async for edge in ends[1]:
                yield edge
        if self._ended is not None:
            raise DesktopError(self._ended)

    def tell(self, *, down: bool) -> None:
        """The key went down or came up just now. From any thread."""
        edge = KeyEdge(down, time.monotonic())
        self._hand_over(lambda: self._offer(edge))

    def end(self, reason: str) -> None:
        """None will come any more, for this reason. From any thread."""
        self._ended = reason
        self._hand_over(self.close)

    def close(self) -> None:
        """Nobody wants more; twice is fine. From the loop that reads."""
        if self._sender is not None:
            self._sender.close()

    def _hand_over(self, act: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended before the thread
                self._loop.call_soon_threadsafe(act)

    def _offer(self, edge: KeyEdge) -> None:
        if self._sender is not None and self._sender.is_open:
            with suppress(ReceiverGone):
                self._sender.offer(edge)
