"""A microphone that stays open between dictations: its first samples, its end, its loss, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from common.audio_host import AudioError, AudioLost
from pipeline.dictation.ear import PREROLL_S, OpenEar
from stt import AudioFrame
from tests.kit.conversation import Said
from tests.kit.dictation import FRAME_S, LiveSource
from tests.kit.virtual_loop import run_virtual


class Bench:
    """An ear on microphones that are lost when told, and how often one was opened."""

    def __init__(self, keep_open_s: float | None = 30.0, lost_at: float | None = None) -> None:
        self.opened: list[LiveSource] = []
        self._lost_at = lost_at
        self.ear = OpenEar(self._make, keep_open_s)

    def _make(self) -> LiveSource:
        self.opened.append(LiveSource([Said(0, 1000)], self._lost_at))
        return self.opened[-1]

    async def dictate(self, seconds: float) -> list[AudioFrame]:
        """The frames of one dictation."""
        source, heard = self.ear.source(), list[AudioFrame]()
        async with asyncio.TaskGroup() as group:

            async def stop() -> None:
                await asyncio.sleep(seconds)
                await source.aclose()

            stopping = group.create_task(stop())
            try:
                heard = [frame async for frame in source.frames(512)]
            except AudioError:
                stopping.cancel()
                raise
        return heard

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self.ear.run())
                await work
                running.cancel()
            assert all(source.closed for source in self.opened)

        run_virtual(main())


def test_the_second_dictation_has_its_first_samples_at_once_and_a_moment_from_before() -> None:
    bench = Bench()

    async def work() -> None:
        first = await bench.dictate(1.0)
        assert len(first) == pytest.approx(1.0 / FRAME_S, abs=1)
        await asyncio.sleep(5.0)
        second = await bench.dictate(1.0)
        assert len(second) == pytest.approx((1.0 + PREROLL_S) / FRAME_S, abs=2)
        assert len(bench.opened) == 1

    bench.run(work())


@pytest.mark.parametrize(("keep_open_s", "opened"), [(3.0, 2), (10.0, 1), (None, 1)])
def test_the_device_is_closed_when_nobody_has_wanted_it_for_long(
    keep_open_s: float | None, opened: int
) -> None:
    bench = Bench(keep_open_s)

    async def work() -> None:
        await bench.dictate(0.5)
        await asyncio.sleep(5.0)
        assert bool(bench.opened[0].closed) is (opened == 2)
        assert await bench.dictate(0.5)
        assert len(bench.opened) == opened

    bench.run(work())


def test_a_device_that_is_lost_ends_the_dictation_and_the_next_one_opens_another() -> None:
    bench = Bench(lost_at=1.0)

    async def work() -> None:
        with pytest.raises(BaseExceptionGroup) as caught:
            await bench.dictate(2.0)
        assert caught.group_contains(AudioLost)
        bench._lost_at = None
        assert await bench.dictate(0.5)
        assert len(bench.opened) == 2

    bench.run(work())


def test_a_device_that_is_lost_meanwhile_harms_nobody() -> None:
    bench = Bench(lost_at=1.0)

    async def work() -> None:
        await bench.dictate(0.5)
        await asyncio.sleep(2.0)
        bench._lost_at = None
        assert await bench.dictate(0.5)

    bench.run(work())


def test_a_source_that_was_closed_before_it_was_read_gives_nothing() -> None:
    bench = Bench()

    async def work() -> None:
        source = bench.ear.source()
        await source.aclose()
        assert [frame async for frame in source.frames(512)] == []
        assert bench.opened == []

    bench.run(work())
