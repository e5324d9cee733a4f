"""The arithmetic sound card, on the frame clock: what is played when, and what lands in the recording."""

from __future__ import annotations

import asyncio

import numpy as np

from common.clock import FrameClock
from pipeline.sinks.timeline import RATE, TimelineSink
from tests.kit.virtual_loop import run_virtual

BLOCK = RATE // 10
"""A tenth of a second."""


class Recorded:
    """A sink whose every sample is kept."""

    def __init__(self, hold_s: float = 10.0) -> None:
        self.clock = FrameClock()
        self.blocks: list[np.ndarray] = []
        self.sink = TimelineSink(self.clock, hold_s=hold_s, record=self.blocks.append)

    def at(self, tenths: int) -> None:
        self.clock.tick(tenths / 10)

    def picture(self) -> str:
        """One digit for each tenth of a second: the value that was played."""
        self.sink.pause()
        samples = np.concatenate(self.blocks) if self.blocks else np.zeros(0, np.int16)
        return "".join(str(samples[i + BLOCK // 2]) for i in range(0, len(samples), BLOCK))


def tenths(*values: int) -> np.ndarray:
    return np.repeat(np.array(values, np.int16), BLOCK)


def test_what_is_written_plays_from_now_on() -> None:
    async def main() -> str:
        card = Recorded()
        card.at(2)
        await card.sink.write(tenths(1, 2, 3))
        card.at(8)
        return card.picture()

    assert run_virtual(main()) == "00123000"


def test_pause_and_resume_go_on_with_the_very_next_sample() -> None:
    async def main() -> str:
        card = Recorded()
        await card.sink.write(tenths(1, 2, 3, 4))
        card.at(2)
        card.sink.pause()
        card.at(5)
        card.sink.resume()
        card.at(8)
        return card.picture()

    assert run_virtual(main()) == "12000340"


def test_abort_counts_what_was_played_and_drops_the_rest() -> None:
    async def main() -> tuple[int, int, str]:
        card = Recorded()
        await card.sink.write(tenths(1, 2, 3, 4))
        card.at(2)
        first, second = card.sink.abort(), card.sink.abort()
        card.at(4)
        await card.sink.write(tenths(7))
        card.at(6)
        return first, second, card.picture()

    assert run_virtual(main()) == (2 * BLOCK, 0, "120070")


def test_reached_tells_when_a_sample_left_also_across_a_pause() -> None:
    async def main() -> tuple[float, float]:
        card = Recorded()
        card.at(1)
        await card.sink.write(tenths(1, 2, 3))
        async with asyncio.TaskGroup() as group:
            early = group.create_task(card.sink.reached(0))
            late = group.create_task(card.sink.reached(2 * BLOCK))
            for step in range(2, 9):
                if step == 3:
                    card.sink.pause()
                if step == 6:
                    card.sink.resume()
                await asyncio.sleep(0)
                card.at(step)
                await asyncio.sleep(0)
        return round(early.result(), 4), round(late.result(), 4)

    assert run_virtual(main()) == (0.1, 0.6)


def test_a_full_hold_makes_the_writer_wait_for_the_clock() -> None:
    async def main() -> float:
        card = Recorded(hold_s=0.2)
        await card.sink.write(tenths(1, 2))
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(card.sink.write(tenths(3)))
            await asyncio.sleep(0)
            assert not writing.done()
            card.at(1)
            await writing
            drained = group.create_task(card.sink.drain())
            for step in (2, 3, 4):
                card.at(step)
                await asyncio.sleep(0)
                if drained.done():
                    return step / 10
        return -1.0

    assert run_virtual(main()) == 0.3


def test_a_block_larger_than_the_hold_is_taken_when_nothing_else_is_queued() -> None:
    async def main() -> str:
        card = Recorded(hold_s=0.1)
        await asyncio.wait_for(card.sink.write(tenths(1, 2, 3)), 1)
        card.at(3)
        return card.picture()

    assert run_virtual(main()) == "123"
