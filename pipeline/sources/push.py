"""A microphone that somebody else holds: whoever embeds Prism pushes samples in as they arrive.

The pusher sets the pace, in real time. It never waits: when the conversation is slower than the microphone, the oldest
block goes, and is counted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from common.channel import Policy, Receiver, Sender, channel
from stt import SAMPLE_RATE, AudioFrame, Int16

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

RING = 250
"""Blocks that may wait: 5 s of 20 ms."""


class PushSource:
    """An AudioSource that is fed by ``push``, from the event loop that runs the conversation."""

    live = True

    def __init__(self) -> None:
        ends: tuple[Sender[Int16], Receiver[Int16]] = channel(RING, Policy.DROP_OLDEST, name="pushed audio")
        self._sender, self._blocks = ends

    @property
    def dropped(self) -> int:
        """Blocks that were lost because nobody heard them in time."""
        return self._blocks.dropped

    def push(self, samples: Int16 | bytes) -> None:
        """Mono 16-bit samples at 16 kHz, of any length, as an array or as little-endian bytes.

        Raises ValueError for anything else. After ``end`` it is ignored.
        """
        block = np.frombuffer(samples, "<i2") if isinstance(samples, bytes | bytearray) else samples
        if block.dtype != np.int16 or block.ndim != 1:
            raise ValueError(f"mono int16 samples expected, got {block.dtype} with {block.ndim} dimensions")
        if self._sender.is_open and self._blocks.is_open:
            self._sender.offer(block)

    def end(self) -> None:
        """No more will come: the conversation ends when everything said has been answered. Twice is fine."""
        self._sender.close()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of ``size`` samples; what is left at the end is padded with silence."""
        left = np.zeros(0, np.int16)
        with self._blocks:
            async for block in self._blocks:
                left = np.concatenate([left, block])
                while len(left) >= size:
                    yield AudioFrame(left[:size], SAMPLE_RATE, self._now())
                    left = left[size:]
        if len(left):
            padded = np.concatenate([left, np.zeros(size - len(left), np.int16)])
            yield AudioFrame(padded, SAMPLE_RATE, self._now())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def aclose(self) -> None:
        """End it."""
        self.end()
