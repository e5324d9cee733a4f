"""A recording as a microphone: the samples of a file, or of a stream, in frames.

The reader sets the pace. A stream is read in a thread of its own, a block ahead, so that a slow pipe never stalls the
event loop.
"""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np

from common.worker import Worker
from stt import SAMPLE_RATE, AudioFrame, Int16

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator


class BlockSource:
    """Frames from any blocking iterator of int16 blocks at 16 kHz."""

    live = False

    def __init__(self, blocks: Callable[[], Iterator[Int16]]) -> None:
        """``blocks`` is called in a thread when it is first wanted; its errors reach the reader of the frames."""
        self._make = blocks
        self._blocks: Iterator[Int16] | None = None
        self._first: list[Int16] = []
        self._worker = Worker("audio-file")

    async def open(self) -> None:
        """Read the first block, so that an unreadable file is known before anything slow begins."""
        await self._worker.run(self._prime)

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of ``size`` samples; the last one is padded with silence."""
        left = np.zeros(0, np.int16)
        async with aclosing(self._worker.stream(self._until)) as blocks:
            async for block in blocks:
                left = np.concatenate([left, block])
                whole = len(left) - len(left) % size
                for start in range(0, whole, size):
                    yield _frame(left[start : start + size])
                left = left[whole:]
        if len(left):
            yield _frame(np.concatenate([left, np.zeros(size - len(left), np.int16)]))

    async def aclose(self) -> None:
        """Let the thread go."""
        self._worker.close()

    def _prime(self) -> None:
        if self._blocks is None:
            self._blocks = self._make()
            self._first = [block for block in [next(self._blocks, None)] if block is not None]

    def _until(self, stop: threading.Event) -> Iterator[Int16]:
        self._prime()
        for block in itertools.chain(self._first, self._blocks or ()):
            if stop.is_set():
                return
            yield block


class NoSource:
    """No sound at all: a conversation that is typed."""

    live = False

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Nothing; the conversation feeds itself silence while it has something to say."""
        for _ in range(0):
            yield _frame(np.zeros(size, np.int16))

    async def aclose(self) -> None:
        """Nothing is held."""


def _frame(samples: Int16) -> AudioFrame:
    return AudioFrame(samples, SAMPLE_RATE, time.monotonic())
