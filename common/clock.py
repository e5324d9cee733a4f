"""The audio clock of a conversation: seconds since its first input sample.

Every decision and every time that Prism prints is on this clock, so that a conversation can be replayed. Two kinds:

* ``LiveClock``  runs with the event loop; a live source anchors it to the position of its samples.
* ``FrameClock`` stands still until a frame is fed (``--fast``): the frame counter is the only clock.

Nothing else may live here: no frames, no pacing policy.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from typing import Protocol

RESOLUTION_S = 1e-9
"""Timers of an event loop may fire this much early. Seconds."""
REANCHOR_S = 0.25
"""A source this far from the clock was suspended or restarted: the clock follows it. Seconds."""
REANCHOR_FRAMES = 60
"""Live frames in a row that must be so late: for about two seconds. Fewer are a backlog, which moves no clock."""
EARLY, LATE = 0.1, 0.002
"""Parts of a live frame's error by which the clock follows it: a frame can be told late by anything, early by nothing,
so the earliest ones are right. Enough for a device whose crystal is 100 ppm off."""


class Clock(Protocol):
    """The one audio clock of a conversation."""

    def now(self) -> float:
        """Seconds since the first input sample."""

    def tick(self, position: float, taken_at: float | None = None) -> None:
        """All input up to ``position`` (s) has been heard; a live source took that at ``taken_at`` (s, monotonic)."""

    async def sleep_until(self, when: float) -> None:
        """Return once ``now() >= when`` (s)."""


class LiveClock:
    """Follows the event loop's time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        self._late = 0

    def now(self) -> float:
        """Seconds since the clock was made, or since the anchor that a live source gave."""
        return self._loop.time() - self._origin

    def tick(self, position: float, taken_at: float | None = None) -> None:
        """Follow a live source by its own times, slowly. A paced one follows us: when it is late, that is lateness."""
        if taken_at is None:
            return
        error = taken_at - position - self._origin
        self._late = self._late + 1 if error > REANCHOR_S else 0
        if self._late >= REANCHOR_FRAMES:
            self.anchor(position, taken_at)
        elif error <= REANCHOR_S:
            self._origin += error * (EARLY if error < 0 else LATE)

    def anchor(self, position: float, taken_at: float | None = None) -> None:
        """Say that the input stands at ``position`` (s) right now, or stood there ``taken_at`` (s, monotonic)."""
        self._origin = (self._loop.time() if taken_at is None else taken_at) - position
        self._late = 0

    async def sleep_until(self, when: float) -> None:
        """Sleep to an absolute time, so that many short sleeps do not drift.

        The deadline is compared on the loop's own scale, and a nanosecond is no time: a difference lost in rounding, or
        within a timer's resolution, must not spin.
        """
        while (left := self._origin + when - self._loop.time()) > RESOLUTION_S:  # noqa: ASYNC110  # nobody could set an event
            await asyncio.sleep(left)


class FrameClock:
    """Moves only when a frame is fed."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds of input fed so far."""
        return self._now

    def tick(self, position: float, taken_at: float | None = None) -> None:  # noqa: ARG002
        """Advance to ``position`` (s) and wake, in order, who slept until then."""
        self._now = max(self._now, position)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)

    async def sleep_until(self, when: float) -> None:
        """Sleep until a frame at or beyond ``when`` (s) has been fed."""
        if when <= self._now:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, next(self._order), future))
        await future


def whole_frames(milliseconds: float, frame_s: float) -> int:
    """Frames of ``frame_s`` seconds that cover ``milliseconds``, rounded up; at least one for a positive time."""
    return max(0, math.ceil(milliseconds / 1000 / frame_s - 1e-9))
