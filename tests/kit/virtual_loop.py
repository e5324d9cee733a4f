"""An event loop on virtual time: sleeping costs nothing, and a dead-lock is an error instead of a hang.

Time jumps to the next timer whenever nothing is ready to run. When nothing is ready and nothing is scheduled, no
progress is possible for ever: that is raised as ``DeadLock``. Threads are not supported: whoever waits for one would
look like a dead-lock.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class DeadLock(AssertionError):
    """Every task waits for another one."""


class _Selector(selectors.DefaultSelector):
    """Never waits: the time it was asked to wait becomes the loop's."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise DeadLock("nothing is ready and nothing is scheduled")
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at time 0."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now = 0.0
        super().__init__(selector)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual seconds."""
        return self.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
