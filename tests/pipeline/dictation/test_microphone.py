"""One device, many dictations, on virtual time: when it is opened, kept, closed, lost, and what each one hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest

from common.audio_host import AudioLost, AudioUnavailable
from pipeline.dictation.microphone import FRAME, HELD_FRAMES, RETRY_S, KeptMicrophone
from stt import AudioFrame
from tests.kit.virtual_loop import run_virtual

T = TypeVar("T")
FRAME_S = FRAME / 16_000


@dataclass
class Desk:
    """Counts what is done to the device; each sample is the number of its frame since the device was opened."""

    opening_s: float = 0.1
    lost_after: int = 1_000_000
    refuses: int = 0
    opened: int = 0
    closed: int = 0
    at: list[float] = field(default_factory=list)

    def device(self) -> Device:
        return Device(self)


@dataclass
class Device:
    """A scripted AudioSource."""

    desk: Desk
    live = True

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        desk, loop = self.desk, asyncio.get_running_loop()
        desk.opened += 1
        desk.at.append(loop.time())
        if desk.opened <= desk.refuses:
            raise AudioUnavailable("it is used by another program")
        await asyncio.sleep(desk.opening_s)
        for number in range(desk.lost_after):
            await asyncio.sleep(FRAME_S)
            yield AudioFrame(np.full(size, number, np.int16), 16_000, loop.time())
        raise AudioLost("it was lost")

    async def aclose(self) -> None:
        self.desk.closed += 1


def on(desk: Desk, keep_open_s: float | None, body: Callable[[KeptMicrophone], Awaitable[T]]) -> T:
    async def main() -> T:
        microphone = KeptMicrophone(desk.device, keep_open_s)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(microphone.run())
            result = await body(microphone)
            running.cancel()
        return result

    return run_virtual(main())


async def hear(microphone: KeptMicrophone, frames: int, size: int = FRAME) -> list[int]:
    """The first sample of each of so many frames."""
    source, heard = microphone.source(), []
    async with aclosing(source.frames(size)) as coming:
        async for frame in coming:
            heard.append(int(frame.samples[0]))
            if len(heard) == frames:
                break
    await source.aclose()
    return heard


def test_nothing_is_opened_before_somebody_dictates() -> None:
    desk = Desk()

    async def body(microphone: KeptMicrophone) -> None:
        await asyncio.sleep(60)
        assert not microphone.is_open

    on(desk, 30.0, body)
    assert desk.opened == 0


def test_it_stays_open_for_a_while_and_who_speaks_with_the_key_is_heard_from_before_it() -> None:
    desk = Desk()

    async def body(microphone: KeptMicrophone) -> None:
        assert await hear(microphone, 5) == [0, 1, 2, 3, 4]
        await asyncio.sleep(10)
        assert microphone.is_open
        heard = await hear(microphone, HELD_FRAMES + 3)
        assert heard == list(range(heard[0], heard[0] + HELD_FRAMES + 3))
        assert abs(heard[HELD_FRAMES] - (5 + 10 / FRAME_S)) <= 1
        await asyncio.sleep(29)
        assert microphone.is_open
        await asyncio.sleep(2)
        assert not microphone.is_open
        assert await hear(microphone, 2) == [0, 1]

    on(desk, 30.0, body)
    assert (desk.opened, desk.closed) == (2, 2)


def test_with_zero_it_is_closed_at_once() -> None:
    desk = Desk()

    async def body(microphone: KeptMicrophone) -> None:
        for _ in range(2):
            assert await hear(microphone, 3) == [0, 1, 2]
            await asyncio.sleep(0.1)
            assert not microphone.is_open

    on(desk, 0.0, body)
    assert (desk.opened, desk.closed) == (2, 2)


def test_with_null_it_is_opened_ahead_and_never_closed() -> None:
    desk = Desk()

    async def body(microphone: KeptMicrophone) -> None:
        await asyncio.sleep(900)
        assert microphone.is_open
        assert (await hear(microphone, 1))[0] > 880 / FRAME_S

    on(desk, None, body)
    assert (desk.opened, desk.closed) == (1, 1)


def test_a_second_dictation_may_begin_while_the_first_still_ends() -> None:
    async def body(microphone: KeptMicrophone) -> tuple[list[int], list[int]]:
        async with asyncio.TaskGroup() as group:
            first = group.create_task(hear(microphone, 20))
            await asyncio.sleep(0.1 + 5.5 * FRAME_S)
            second = group.create_task(hear(microphone, 20))
        return first.result(), second.result()

    first, second = on(Desk(), 0.0, body)
    assert first == list(range(20))
    assert second == list(range(5, 25))


def test_a_lost_device_ends_the_dictation_with_its_error_and_is_opened_for_the_next() -> None:
    desk = Desk(lost_after=10)

    async def body(microphone: KeptMicrophone) -> None:
        with pytest.raises(AudioLost, match="was lost"):
            await hear(microphone, 20)
        assert await hear(microphone, 5) == [0, 1, 2, 3, 4]

    on(desk, 30.0, body)
    assert desk.opened == 2


def test_a_device_that_refuses_is_said_to_whoever_dictates() -> None:
    async def body(microphone: KeptMicrophone) -> None:
        for _ in range(2):
            with pytest.raises(AudioUnavailable, match="another program"):
                await hear(microphone, 1)
        assert await hear(microphone, 1) == [0]

    on(Desk(refuses=2), 30.0, body)


def test_one_that_is_to_be_always_open_is_tried_again_and_again() -> None:
    desk = Desk(refuses=3)

    async def body(microphone: KeptMicrophone) -> None:
        await asyncio.sleep(3 * RETRY_S + 1)
        assert microphone.is_open

    on(desk, None, body)
    assert desk.at == [0, RETRY_S, 2 * RETRY_S, 3 * RETRY_S]


@pytest.mark.parametrize("size", [160, 512, 1000])
def test_frames_of_any_size_lose_no_sample(size: int) -> None:
    async def body(microphone: KeptMicrophone) -> list[int]:
        source, samples = microphone.source(), []
        async with aclosing(source.frames(size)) as frames:
            async for frame in frames:
                assert len(frame.samples) == size
                samples += frame.samples.tolist()
                if len(samples) >= 4000:
                    break
        await source.aclose()
        return samples

    samples = on(Desk(), 0.0, body)
    assert samples == [n // FRAME for n in range(len(samples))]
