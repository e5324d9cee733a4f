"""What still works for a conversation outside the event loop: what ``--fast`` waits for before it feeds a frame.

Each wait on an engine or a server stands in ``with activity.outside():``. Waits on a channel or on the clock do not:
they end only when somebody else moves. When nothing works outside and the loop has nothing left to run, the stages
stand where their bounded channels put them, whatever their speed: the same file gives the same events every time.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SPINS = 12
"""Passes of the event loop that a chain of wake-ups through all stages can need."""


class Activity:
    """Counts work outside the loop and notices when all of it has come back."""

    def __init__(self) -> None:
        self._working = 0
        self._moves = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Mark a wait on something that is not a channel or the clock."""
        self._working += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._working -= 1
            self._moves += 1
            if not self._working:
                self._quiet.set()

    async def settled(self) -> None:
        """Return when nothing works outside and nothing in the loop moves any more."""
        while True:
            await self._quiet.wait()
            before = self._moves
            for _ in range(SPINS):
                await asyncio.sleep(0)
            if self._moves == before and not self._working:
                return
