"""How long a server may keep us waiting: so long for its first token, then so long for each next one, so long in all.

Only the time spent waiting counts: a reader that is held or paused between two tokens does not use it up. The
timeout stands round one awaited step and never round a ``yield``.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


class OutOfPatience(Exception):
    """The wait was too long; ``in_all`` says that it was the sum of all waits."""

    def __init__(self, *, in_all: bool) -> None:
        super().__init__("in all" if in_all else "for one sign of life")
        self.in_all = in_all


class Patience:
    """Seconds left to wait for one server's next sign of life, and for all of its reply."""

    def __init__(self, first_s: float, total_s: float = math.inf) -> None:
        self._left = first_s
        self._total = total_s

    def renew(self, seconds: float) -> None:
        """There was a sign of life: from here on wait so long again."""
        self._left = seconds

    async def wait(self, step: Awaitable[T]) -> T:
        """Await ``step`` for the time left. Raises OutOfPatience; the step is then cancelled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        in_all = self._total < self._left
        try:
            async with asyncio.timeout(min(self._left, self._total)):
                return await step
        except TimeoutError as error:
            raise OutOfPatience(in_all=in_all) from error
        finally:
            waited = loop.time() - began
            self._left -= waited
            self._total -= waited
