"""A sound card made of arithmetic: it plays on the conversation's clock and can write what it played to a WAV file.

No task and no thread: at each call the timeline is brought up to ``clock.now()``, playing what is queued and silence
where nothing is. Sample 0 is input sample 0, and what was never played is never in the file. This is the sink of
``--output``, of ``--fast``, and of every test.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from pipeline.sinks.mixer import Mixer

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from tts import Int16

RATE = 24_000
"""Hertz. Above the 22.05 kHz of the engines, so that nothing of them is lost."""


class TimelineSink:
    """Plays at ``RATE`` on ``clock``; ``record`` is given every sample of the timeline, silence included."""

    live = False
    sample_rate = RATE

    def __init__(
        self,
        clock: Clock,
        *,
        hold_s: float,
        record: Callable[[Int16], None] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        """``hold_s``: seconds that may be queued; ``close`` is called once at the end."""
        self._clock = clock
        self._hold = int(hold_s * RATE)
        self._record = record
        self._close = close
        self._queue: deque[Int16] = deque()
        self._queued = 0
        self._cursor = 0
        self._written = self._played = 0
        self._runs: list[tuple[int, int]] = []
        self._changed = asyncio.Event()
        self._mixer = Mixer(RATE)
        self.paused = False

    async def open(self) -> None:
        """Nothing to take."""

    @property
    def played(self) -> int:
        """Samples of the session that were played until now."""
        self._advance()
        return self._played

    async def write(self, samples: Int16) -> None:
        """Queue samples; wait while more than the hold is queued."""
        self._advance()
        while self._queued and self._queued + len(samples) > self._hold:
            await self._until(min(self._written, self._written - self._hold + len(samples)))
        if len(samples):
            self._queue.append(samples)
            self._queued += len(samples)
            self._written += len(samples)
            self._wake()

    def pause(self) -> None:
        """Be silent from now on."""
        self._advance()
        self._mixer.hush()
        self.paused = True

    def resume(self) -> None:
        """Go on with the next sample."""
        self._advance()
        self.paused = False
        self._wake()

    @property
    def volume(self) -> float:
        """Share of full loudness, 0 to 1."""
        return self._mixer.volume

    @volume.setter
    def volume(self, level: float) -> None:
        self._advance()
        self._mixer.volume = level

    def duck(self, gain: float) -> None:
        """Play speech softer from now on (0 to 1), until it is told otherwise or the session ends."""
        self._advance()
        self._mixer.duck(gain)

    def overlay(self, sound: Int16) -> None:
        """Lay a short sound at ``RATE`` over whatever is played from now on."""
        self._advance()
        self._mixer.add(sound)

    async def drain(self) -> None:
        """Wait until everything written has been played."""
        await self._until(self._written)

    async def reached(self, sample: int) -> float:
        """Wait until that sample of the session has been played; when it was, on the clock, in seconds."""
        await self._until(sample + 1)
        start, cursor = next(run for run in reversed(self._runs) if run[0] <= sample)
        return (cursor + sample - start) / RATE

    def abort(self) -> int:
        """End the session; how many of its samples were played."""
        self._advance()
        played = self._played
        self._mixer.duck(1.0)
        self._queue.clear()
        self._queued = self._written = self._played = 0
        self._runs.clear()
        self._wake()
        return played

    async def aclose(self) -> None:
        """Play up to now and close the file."""
        self._advance()
        close, self._close = self._close, None
        self._record = None
        if close is not None:
            close()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, count: int) -> None:
        """Return when ``count`` samples of the session have been played."""
        self._advance()
        while self._played < count:
            if self.paused or not self._queued:
                await self._changed.wait()
            else:
                missing = min(count - self._played, self._queued)
                await self._clock.sleep_until((self._cursor + missing) / RATE)
            self._advance()

    def _advance(self) -> None:
        """Bring the timeline up to now."""
        # Half a sample of grace: sleep_until may return at the very instant that a division rounded down.
        now = int(self._clock.now() * RATE + 0.5)
        while self._cursor < now:
            due = now - self._cursor
            if self.paused or not self._queue:
                self._emit(np.zeros(due, np.int16))
                continue
            block = self._queue.popleft()
            if len(block) > due:
                self._queue.appendleft(block[due:])
                block = block[:due]
            if not self._runs or self._runs[-1][1] - self._runs[-1][0] != self._cursor - self._played:
                self._runs.append((self._played, self._cursor))
            self._played += len(block)
            self._queued -= len(block)
            self._emit(block)

    def _emit(self, block: Int16) -> None:
        self._cursor += len(block)
        if self._record is not None:
            self._record(self._mixer.mix(block))
