"""Which segment is decoded next: the work list of one recognizer. Pure but for the wake-up of its one reader.

One at a time, newest revision first. A newer pending revision of the same utterance replaces an older one; the decode
of an utterance that has ended is never dropped, because somebody waits for its words.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stt import SpeechPaused


class DecodeQueue:
    """Pending segments, at most one for each utterance."""

    def __init__(self) -> None:
        self._pending: dict[int, SpeechPaused] = {}
        self._changed = asyncio.Event()
        self._closed = False
        self.busy = False
        """Whether the reader works on a segment."""

    @property
    def idle(self) -> bool:
        """Whether nothing is pending or being decoded."""
        return not self._pending and not self.busy

    def offer(self, pause: SpeechPaused) -> None:
        """Add the newest revision of an utterance."""
        self._pending[pause.segment.utterance] = pause
        self._changed.set()

    def discard(self, utterance: int) -> None:
        """The speaker went on: the pending revision is of no use."""
        self._pending.pop(utterance, None)

    def close(self) -> None:
        """No more will come; what is pending is still decoded."""
        self._closed = True
        self._changed.set()

    def __aiter__(self) -> DecodeQueue:
        return self

    async def __anext__(self) -> SpeechPaused:
        self.busy = False
        while not self._pending:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        self.busy = True
        return self._pending.pop(max(self._pending))
