"""Contest ``dictation``: from the release of the key to the words, after 5 and after 60 seconds of speech.

Shipped recordings, joined by short pauses over the noise of a room, are spoken at their speed into a real dictation
with its journal on the disk; the key is released a moment after the last word. The sink takes no time of its own, so
that the figure is recognition and journal. Short and long dictations take turns.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import (
    Dictation,
    DictationDelivered,
    DictationIO,
    DictationText,
    Journal,
    Receipt,
    Start,
    Stop,
)
from stt import SAMPLE_RATE, AudioFrame, STTManager
from ui.bench.figures import Goal
from ui.bench.user import noise, shipped

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pipeline import PipelineEvent
    from stt import Int16
    from ui.bench.effort import Effort
    from ui.bench.figures import Board

SHORT_S, LONG_S = 5.0, 60.0
PAUSE_S = 0.35
"""Between two recordings: as long as between sentences, too short to end a piece."""
RELEASE_S = 0.15
"""From the last word to the release."""
RATIO = Goal("p50", 1.3)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    asyncio.run(_held(effort, board))


def speech(seconds: float, first: int) -> Int16:
    """So much speech in one language, beginning with recording ``first``; it ends with a word."""
    takes = [take for take in shipped() if take.name.startswith("fr")]
    parts: list[Int16] = []
    length = 0.0
    for take in itertools.islice(itertools.cycle(takes), first, None):
        begin, end = round(take.start_s * SAMPLE_RATE), round(take.end_s * SAMPLE_RATE)
        parts += [
            take.samples[max(0, begin - 800) : end + 800],
            np.zeros(round(PAUSE_S * SAMPLE_RATE), np.int16),
        ]
        length += (end - begin) / SAMPLE_RATE + PAUSE_S
        if length >= seconds:
            break
    joined = np.concatenate(parts[:-1])
    room = noise(len(joined) / SAMPLE_RATE + 1, seed=first)[: len(joined)]
    mixed: Int16 = np.clip(joined.astype(np.int32) + room, -32768, 32767).astype(np.int16)
    return mixed


class _Speaker:
    """A live source: the samples at their speed, then the quiet room until it is closed."""

    live = True

    def __init__(self, samples: Int16) -> None:
        self._samples = np.concatenate([samples, noise(30.0)])
        self._closed = asyncio.Event()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for start in range(0, len(self._samples) - size, size):
            try:
                async with asyncio.timeout_at(began + (start + size) / SAMPLE_RATE):
                    await self._closed.wait()
            except TimeoutError:
                pass
            yield AudioFrame(self._samples[start : start + size], SAMPLE_RATE, loop.time())
            if self._closed.is_set():
                return

    async def aclose(self) -> None:
        self._closed.set()


class _Sink:
    """Takes words at once."""

    name = "bench"

    async def begin(self) -> str | None:
        return "the bench"

    async def commit(self, text: str) -> Receipt:
        del text
        return Receipt("confirmed", "the bench")

    async def aclose(self) -> None:
        """Nothing is held."""


class _Watch:
    """When the words came, and what they were."""

    def __init__(self) -> None:
        self.delivered = asyncio.Event()
        self.at = 0.0
        self.doubts = 0

    def notify(self, event: PipelineEvent) -> None:
        if isinstance(event, DictationText) and event.doubt:
            self.doubts += 1
        if isinstance(event, DictationDelivered):
            self.at = asyncio.get_running_loop().time()
            self.delivered.set()


async def _held(effort: Effort, board: Board) -> None:
    settings = effort.settings
    stt = STTManager.from_settings(settings)
    watch = _Watch()
    spoken: list[Int16] = []
    try:
        await stt.warm()
        with tempfile.TemporaryDirectory(prefix="prism-bench-") as folder:
            journal = Journal(settings.journal, Path(folder))
            io = DictationIO(lambda: _Speaker(spoken[-1]), lambda _: _Sink())
            dictation = Dictation(io, stt, journal, settings, observers=[watch])
            async with asyncio.TaskGroup() as group:
                group.create_task(dictation.run(recovering=False))
                for number in range(effort.pick(1, 5)):
                    for seconds in (SHORT_S, LONG_S):
                        effort.tell(f"{seconds:.0f} s, {number + 1}")
                        spoken.append(speech(seconds, number))
                        took = await _one(dictation, watch, len(spoken[-1]) / SAMPLE_RATE)
                        board.figure(f"release to words, {seconds:.0f} s", "ms").add(took * 1000)
                dictation.finish()
            await journal.aclose()
    finally:
        await stt.aclose()
    short, long = (board.figure(f"release to words, {seconds:.0f} s", "ms") for seconds in (SHORT_S, LONG_S))
    board.figure("long over short, medians", "x", RATIO).add(long.at("p50") / short.at("p50"))
    board.remark(
        f"of each, {settings.dictation.tail_ms:.0f} ms are dictation.tail_ms, which is still recorded"
    )
    if watch.doubts:
        board.remark(f"{watch.doubts} dictations were in doubt and understood twice")


async def _one(dictation: Dictation, watch: _Watch, seconds: float) -> float:
    """Hold the key for one dictation; seconds from its release to the words."""
    watch.delivered.clear()
    dictation.post(Start("bench"))
    await asyncio.sleep(seconds + RELEASE_S)
    released = asyncio.get_running_loop().time()
    dictation.post(Stop())
    await watch.delivered.wait()
    return watch.at - released
