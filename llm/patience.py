"""How long a server may keep us waiting: so long for its first token, then so long for each next one.

Only the time spent waiting counts: a reader that is held or paused between two tokens does not use it up. The
timeout stands round one awaited step and never round a ``yield``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


class OutOfPatience(Exception):
    """The wait was too long."""


class Patience:
    """Seconds left to wait for one server's next sign of life."""

    def __init__(self, first_s: float) -> None:
        self._left = first_s

    def renew(self, seconds: float) -> None:
        """There was a sign of life: from here on wait so long again."""
        self._left = seconds

    async def wait(self, step: Awaitable[T]) -> T:
        """Await ``step`` for the time left. Raises OutOfPatience; the step is then cancelled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left):
                return await step
        except TimeoutError as error:
            raise OutOfPatience from error
        finally:
            self._left -= loop.time() - began
