"""A speaker that somebody else holds: whoever embeds Prism takes the sound out as it is due.

The timeline decides what sounds when, exactly as for a recording; ``blocks`` hands it out in real time, silence left
out, each block with its place on the conversation's clock. A block that has been handed out counts as heard.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.sinks.timeline import RATE, TimelineSink

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from common.clock import Clock
    from tts import Int16

KEPT_S = 10.0
"""Seconds of sound that are kept for a taker who does not come; older sound is dropped, as a speaker would."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """A stretch of the assistant's voice."""

    at: float
    """Position of its first sample on the conversation's clock, seconds."""
    samples: Int16
    """Mono, int16."""
    sample_rate: int
    """Hertz."""


class StreamSink(TimelineSink):
    """An AudioSink whose sound is taken by ``blocks``."""

    def __init__(self, clock: Clock, *, hold_s: float) -> None:
        self._position = 0
        self._ready: deque[AudioBlock] = deque()
        self._closed = False
        super().__init__(clock, hold_s=hold_s, record=self._keep)

    async def blocks(self, every_s: float = 0.02) -> AsyncGenerator[AudioBlock, None]:
        """The sound as it becomes due, looked for ``every_s`` seconds; ends when the sink is closed."""
        due = self._clock.now()
        while not self._closed:
            due = max(due + every_s, self._clock.now())
            await self._clock.sleep_until(due)
            self._advance()
            while self._ready:
                yield self._ready.popleft()

    async def aclose(self) -> None:
        """Play up to now; the taker's loop ends."""
        await super().aclose()
        self._closed = True

    def _keep(self, samples: Int16) -> None:
        start, self._position = self._position, self._position + len(samples)
        if samples.any():
            self._ready.append(AudioBlock(start / RATE, samples, RATE))
        while self._ready and self._ready[0].at < self._position / RATE - KEPT_S:
            self._ready.popleft()
