"""The microphone: cutting blocks into frames (pure), and a virtual card that plays a known file."""

from __future__ import annotations

import asyncio
import time
import wave
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from common.audio_host import AudioLost, AudioUnavailable
from common.devices.rules import Lost, Restored
from stt.microphone import FrameCutter, Gatherer, Microphone, mono
from stt.types import SAMPLE_RATE, AudioFrame
from tests.kit.pulse import PulseServer, note, private_sound  # noqa: F401  # a fixture

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from common.devices.rules import Told
    from stt.types import Int16

TONE_HZ = 440
TONE_S = 1.0
AMPLITUDE = 10_000


def tone(rate: int, seconds: float = TONE_S) -> Int16:
    return (AMPLITUDE * np.sin(2 * np.pi * TONE_HZ * np.arange(round(rate * seconds)) / rate)).astype(
        np.int16
    )


def cut(blocks: list[Int16], size: int, rate: int) -> list[AudioFrame]:
    cutter = FrameCutter(size, rate)
    frames: list[AudioFrame] = []
    fed = 0
    for block in blocks:
        fed += len(block)
        frames += cutter.feed(block, fed / rate)
    return frames + list(cutter.rest())


@pytest.mark.parametrize("size", [160, 320, 480, 512])
@pytest.mark.parametrize("blocks", [[320] * 10, [1000, 1, 0, 7, 2192], [3200]])
def test_every_sample_passes_once_and_only_the_last_frame_is_padded(size: int, blocks: list[int]) -> None:
    samples = np.arange(1, 3201, dtype=np.int16)
    frames = cut(np.split(samples, np.cumsum(blocks)[:-1]), size, SAMPLE_RATE)
    joined = np.concatenate([frame.samples for frame in frames])
    assert {len(frame.samples) for frame in frames} == {size}
    assert np.array_equal(joined[:3200], samples)
    assert len(joined) - 3200 < size
    assert not joined[3200:].any()


@pytest.mark.parametrize("size", [320, 512])
def test_a_frame_knows_when_its_last_sample_was_taken(size: int) -> None:
    frames = cut([np.ones(320, np.int16)] * 50, size, SAMPLE_RATE)
    ends = [frame.captured_at for frame in frames[:-1]]
    assert ends == pytest.approx([(n + 1) * size / SAMPLE_RATE for n in range(len(ends))])


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_another_rate_is_resampled_without_loss_or_shift(rate: int) -> None:
    sound = tone(rate)
    frames = cut(np.array_split(sound, 50), 320, rate)
    joined = np.concatenate([frame.samples for frame in frames]).astype(float)
    expected = tone(SAMPLE_RATE).astype(float)
    assert 0 <= len(joined) - len(expected) < 320
    middle = slice(1600, 14_400)
    error = joined[middle] - expected[middle]
    assert 20 * np.log10(AMPLITUDE / np.sqrt(2) / error.std()) > 60
    ends = np.array([frame.captured_at for frame in frames[:-2]])
    assert np.allclose(ends, (1 + np.arange(len(ends))) * 0.02, atol=1e-6)


@pytest.mark.parametrize(
    ("block", "heard_as"),
    [([[3], [-4]], [3, -4]), ([[100, 200], [-100, -300]], [150, -200]), ([[32767, 32767]], [32767])],
)
def test_channels_are_averaged_into_a_copy(block: list[list[int]], heard_as: list[int]) -> None:
    data = np.array(block, np.int16)
    result = mono(data)
    data[:] = 0
    assert result.tolist() == heard_as
    assert result.dtype == np.int16


@pytest.mark.parametrize("frame", [160, 320, 480, 512])
def test_blocks_are_handed_on_when_they_complete_a_frame_and_none_is_lost(frame: int) -> None:
    gatherer = Gatherer(frame)
    handed = 0
    for number in range(1, 51):
        handed += len(gatherer.add(bytes(640), 320)) // 2
        assert handed // frame == number * 320 // frame, "a frame that is complete must not wait"
    assert handed == 16_000


@pytest.mark.parametrize(("before", "after"), [(16_000, 16_000), (16_000, 48_000), (44_100, 16_000)])
def test_another_device_goes_on_where_it_belongs_in_time(before: int, after: int) -> None:
    """One second from one device, half a second of nothing, one from another: two and a half, the sounds in place."""
    cutter = FrameCutter(512, before)
    frames = list(cutter.feed(tone(before), 101.0))
    frames += cutter.silence(101.2)
    frames += cutter.follow(after, 101.5)
    for end, block in enumerate(np.split(tone(after), 10), 1):
        frames += cutter.feed(block, 101.5 + end / 10)
    frames += cutter.rest()
    sound = np.concatenate([frame.samples for frame in frames]).astype(float)
    loud = np.flatnonzero(np.abs(sound) > 100)
    gap = int(np.argmax(np.diff(loud)))
    assert len(sound) == pytest.approx(2.5 * SAMPLE_RATE, abs=512)
    assert loud[gap] / SAMPLE_RATE == pytest.approx(1.0, abs=0.005)
    assert loud[gap + 1] / SAMPLE_RATE == pytest.approx(1.5, abs=0.005)
    ends = np.array([frame.captured_at for frame in frames[:-1]])
    assert np.allclose(ends, 100 + (1 + np.arange(len(ends))) * 0.032, atol=1e-3)


def test_a_night_of_sleep_is_a_minute_of_silence() -> None:
    cutter = FrameCutter(512, 48_000)
    assert len(list(cutter.feed(tone(48_000), 101.0))) < 32
    woken = 101.0 + 8 * 3600
    frames = list(cutter.silence(woken))
    assert sum(frame.duration for frame in frames) == pytest.approx(60, abs=0.1)
    assert frames[-1].captured_at == pytest.approx(woken, abs=0.032)
    frames = list(cutter.follow(16_000, woken + 0.1)) + list(cutter.feed(tone(16_000), woken + 1.1))
    assert frames[-1].captured_at == pytest.approx(woken + 1.1, abs=0.032)


def test_before_the_first_sample_there_is_no_gap() -> None:
    """A device that was opened and then replaced before it gave anything: the clock's zero is not its beginning."""
    cutter = FrameCutter(512, 16_000)
    assert list(cutter.silence(86_400.0)) == list(cutter.follow(48_000, 86_401.0)) == []
    frames = list(cutter.feed(tone(48_000), 86_402.0)) + list(cutter.rest())
    assert sum(frame.duration for frame in frames) == pytest.approx(1.0, abs=0.032)


async def test_a_closed_microphone_gives_nothing_and_closes_twice() -> None:
    microphone = Microphone()
    await microphone.aclose()
    await microphone.aclose()
    assert [frame async for frame in microphone.frames(512)] == []
    assert not microphone.ready.is_set()


def saved(path: Path, sound: Int16, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound.tobytes())
    return path


async def heard(microphone: Microphone, seconds: float) -> list[AudioFrame]:
    async with aclosing(microphone.frames(512)) as frames:
        collected: list[AudioFrame] = []
        async for frame in frames:
            collected.append(frame)
            if len(collected) * 512 / SAMPLE_RATE >= seconds:
                break
        return collected


@pytest.mark.real
async def test_it_hears_all_of_a_file_at_the_right_time(pulse: PulseServer, tmp_path: Path) -> None:
    file = saved(tmp_path / "tone.wav", tone(SAMPLE_RATE), SAMPLE_RATE)
    microphone = Microphone("prism-mic")
    before = time.monotonic()
    await microphone.open()
    playing_from = time.monotonic()
    player = pulse.play(file)
    frames = await heard(microphone, 1.8)
    await microphone.aclose()
    assert player.wait(5) == 0
    sound = np.concatenate([frame.samples for frame in frames]).astype(float)
    loud = np.flatnonzero(np.abs(sound) > AMPLITUDE / 20)
    length = (loud[-1] - loud[0]) / SAMPLE_RATE
    onset = frames[loud[0] // 512].captured_at - (512 - loud[0] % 512) / SAMPLE_RATE
    rms = np.sqrt(np.mean(sound[loud[0] : loud[-1]] ** 2))
    note(
        f"opened in {1000 * (playing_from - before):.0f} ms, onset {1000 * (onset - playing_from):.0f} ms after "
        f"launch of paplay, {1000 * length:.1f} ms heard, RMS {rms:.0f} of {AMPLITUDE / np.sqrt(2):.0f}"
    )
    assert microphone.ready.is_set()
    assert (microphone.dropped, microphone.overflows) == (0, 0)
    assert length == pytest.approx(TONE_S, abs=0.005)
    assert rms == pytest.approx(AMPLITUDE / np.sqrt(2), rel=0.03)
    assert 0 < onset - playing_from < 0.5


@pytest.mark.real
async def test_frames_come_in_real_time(pulse: PulseServer) -> None:
    microphone = Microphone("default")
    frames = await heard(microphone, 1.5)
    await microphone.aclose()
    steps = np.diff([frame.captured_at for frame in frames])
    note(
        f"frame steps: mean {1000 * steps.mean():.2f} ms, sd {1000 * steps.std():.2f}, max {1000 * steps.max():.1f}"
    )
    assert steps.mean() == pytest.approx(0.032, abs=0.003)
    assert pulse.process.poll() is None


@pytest.mark.real
async def test_a_slow_reader_loses_the_oldest_blocks_and_they_are_counted(pulse: PulseServer) -> None:
    microphone = Microphone("prism-mic")
    await microphone.open()
    microphone._blocks._core.size = 5  # 0.1 s instead of 10, so that the test need not wait so long
    await asyncio.sleep(0.5)
    frames = await heard(microphone, 0.1)
    await microphone.aclose()
    assert microphone.dropped > 5
    assert time.monotonic() - frames[0].captured_at < 0.3
    assert pulse.process.poll() is None


@pytest.mark.real
@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_sound_server_that_does_not_come_back_ends_it_with_a_sentence(
    pulse: PulseServer, how: str
) -> None:
    microphone = Microphone("prism-mic", restore_s=0.5)
    async with aclosing(microphone.frames(512)) as frames:
        await anext(frames)
        getattr(pulse, how)()
        since = time.monotonic()
        with pytest.raises(AudioLost, match="the microphone 'prism-mic' was lost and there is no other"):
            async for _ in frames:
                pass
    lost_after = time.monotonic() - since
    await microphone.aclose()
    await microphone.aclose()
    closed_after = time.monotonic() - since - lost_after
    note(f"{how}: told after {1000 * lost_after:.0f} ms, closed in {1000 * closed_after:.0f} ms")
    assert lost_after < 3.5
    assert closed_after < 5


@pytest.mark.real
@pytest.mark.parametrize("how", ["kill", "freeze", "unplug"])
async def test_time_goes_on_while_there_is_no_device_and_sound_when_it_is_back(
    pulse: PulseServer, how: str, tmp_path: Path
) -> None:
    told: list[Told] = []
    microphone = Microphone("prism-mic")
    microphone.follow_device(told.append)
    frames: list[AudioFrame] = []
    async with aclosing(microphone.frames(512)) as source, asyncio.TaskGroup() as group:
        group.create_task(_gather(source, frames))
        await _until(lambda: len(frames) > 15)
        await asyncio.to_thread(
            {"kill": pulse.kill, "freeze": pulse.freeze}.get(how, lambda: pulse.remove("mic"))
        )
        await _until(lambda: any(isinstance(news, Lost) for news in told))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(
            {"kill": pulse.restart, "freeze": pulse.thaw}.get(how, lambda: pulse.plug("mic"))
        )
        await _until(
            lambda: isinstance(told[-1], Restored) and told[-1].device.endswith(("mic", "mic.monitor"))
        )
        await asyncio.sleep(0.5)
        player = pulse.play(saved(tmp_path / "tone.wav", tone(SAMPLE_RATE, 0.5), SAMPLE_RATE))
        assert await asyncio.to_thread(player.wait, 5) == 0
        await asyncio.sleep(0.3)
        await microphone.aclose()
    steps = np.diff([frame.captured_at for frame in frames[:-1]])
    sound = np.concatenate([frame.samples for frame in frames]).astype(float)
    loud = np.flatnonzero(np.abs(sound) > AMPLITUDE / 20)
    note(f"{how}: {told}, frames every {1000 * steps.mean():.2f} ms, at most {1000 * steps.max():.0f}")
    assert [type(news) for news in told][:2] == [Lost, Restored]
    assert len(steps) * 0.032 == pytest.approx(frames[-2].captured_at - frames[0].captured_at, abs=0.1)
    assert steps.max() < 0.2
    assert (loud[-1] - loud[0]) / SAMPLE_RATE == pytest.approx(0.5, abs=0.02)


async def _gather(source: AsyncGenerator[AudioFrame, None], into: list[AudioFrame]) -> None:
    async for frame in source:
        into.append(frame)  # noqa: PERF401  # it is looked at meanwhile


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


@pytest.mark.real
async def test_no_server_is_one_clear_sentence(pulse: PulseServer) -> None:
    pulse.kill()
    microphone = Microphone("prism-mic")
    with pytest.raises(AudioUnavailable, match=r"could not open 'prism-mic' \(.+\): see that"):
        await anext(microphone.frames(512))
    await microphone.aclose()


@pytest.mark.real
async def test_an_unknown_name_is_answered_with_the_names_there_are(pulse: PulseServer) -> None:
    with pytest.raises(AudioUnavailable, match=r"no microphone 'nope': choose one of .*'prism-mic'"):
        await Microphone("nope").open()
    assert pulse.process.poll() is None
