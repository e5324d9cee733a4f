"""The loudspeaker: a virtual card plays, and what it played is recorded and compared with what was asked for."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from common.audio_host import AudioError, AudioLost, AudioUnavailable
from common.clock import LiveClock
from common.devices.rules import Lost, Restored
from pipeline.sinks.speaker import Speaker
from tests.kit.pulse import PulseServer, note, private_sound  # noqa: F401  # a fixture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from common.devices.rules import Told
    from pipeline.sinks.base import AudioSink
    from tts import Int16


async def test_a_speaker_that_is_not_open_refuses_and_closes_twice() -> None:
    speaker: AudioSink = Speaker(LiveClock(), None, hold_s=1.0)
    speaker.pause()
    assert speaker.paused
    assert speaker.abort() == 0
    with pytest.raises(AudioLost, match="not open"):
        await speaker.write(np.ones(10, np.int16))
    await speaker.aclose()
    await speaker.aclose()


def tone(speaker: Speaker, seconds: float) -> Int16:
    count = round(speaker.sample_rate * seconds)
    return (10_000 * np.sin(2 * np.pi * 440 * np.arange(count) / speaker.sample_rate)).astype(np.int16)


@asynccontextmanager
async def opened(device: str = "prism-speaker", hold_s: float = 20.0) -> AsyncIterator[Speaker]:
    speaker = Speaker(LiveClock(), device, hold_s=hold_s)
    await speaker.open()
    try:
        yield speaker
    finally:
        await speaker.aclose()


def recorded(raw: Path) -> Int16:
    return np.fromfile(raw, np.int16)


def loud_ms(sound: Int16, rate: int) -> float:
    loud = np.flatnonzero(np.abs(sound.astype(float)) > 200)
    return float(1000 * (loud[-1] - loud[0]) / rate) if len(loud) else 0.0


def steady(speaker: Speaker) -> None:
    """A machine that cannot feed its sound card in time proves nothing about us."""
    if speaker.underflows or speaker.gaps:
        pytest.skip(f"too busy to play: {speaker.underflows} underflows, {speaker.gaps} gaps")


@pytest.mark.real
async def test_it_plays_all_of_a_tone_and_tells_when(pulse: PulseServer, tmp_path: Path) -> None:
    async with opened() as speaker:
        raw, rate = tmp_path / "out.raw", speaker.sample_rate
        with pulse.recording(raw, rate):
            sound = tone(speaker, 1.0)
            clock = speaker._clock
            began = clock.now()
            for part in np.array_split(sound, 9):
                await speaker.write(part)
            at = await speaker.reached(0)
            returned_late = clock.now() - at
            half = await speaker.reached(rate // 2)
            await speaker.drain()
            drained = clock.now()
            await asyncio.sleep(0.2)
            count = speaker.abort()
        played = recorded(raw)
        note(
            f"{rate} Hz, first sample {1000 * (at - began):.0f} ms after write, told {1000 * returned_late:.1f} ms "
            f"late, drained {1000 * (drained - at):.0f} ms after it; {loud_ms(played, rate):.0f} ms recorded, "
            f"underflows {speaker.underflows}, gaps {speaker.gaps}"
        )
        steady(speaker)
        assert loud_ms(played, rate) == pytest.approx(1000, abs=5)
        assert np.abs(played.astype(int)).max() == pytest.approx(10_000, rel=0.05)
        assert count == len(sound)
        # A sound server that is busy reports times that are off by this much, and a loop that is wakes up late.
        assert half - at == pytest.approx(0.5, abs=0.1)
        assert drained - at == pytest.approx(1.0, abs=0.1)
        assert returned_late < 0.1


@pytest.mark.real
async def test_an_abort_is_silent_soon_and_its_count_is_what_was_heard(
    pulse: PulseServer, tmp_path: Path
) -> None:
    async with opened() as speaker:
        raw, rate = tmp_path / "out.raw", speaker.sample_rate
        with pulse.recording(raw, rate):
            await speaker.write(tone(speaker, 3.0))
            due = await speaker.reached(round(0.7 * rate))
            late_ms = 1000 * (speaker._clock.now() - due)
            before = raw.stat().st_size // 2  # samples on the tape at this moment
            count = speaker.abort()
            await asyncio.sleep(0.3)
            assert speaker.abort() == 0
            await speaker.write(tone(speaker, 0.2))
            await speaker.drain()
            assert speaker.abort() == round(0.2 * rate)
            await asyncio.sleep(0.1)
        played, buffer_ms = recorded(raw).astype(float), 1000 * speaker.latency
    loud = np.flatnonzero(np.abs(played) > 200)
    pause = int(np.argmax(np.diff(loud)))
    first, last = loud[0], loud[pause]
    tape_ms, count_ms = 1000 * (last - first) / rate, 1000 * count / rate
    after_ms = 1000 * (last - before) / rate
    note(f"counted {count_ms:.0f} ms, tape {tape_ms:.0f} ms, sound until {after_ms:.0f} ms after the abort")
    steady(speaker)
    assert count_ms == pytest.approx(700 + late_ms, abs=40)
    # The device plays what its buffer holds, and that is larger on a busy machine.
    assert 0 <= tape_ms - count_ms < 40 + 1.3 * buffer_ms
    assert after_ms < 60 + 1.3 * buffer_ms


@pytest.mark.real
async def test_a_pause_is_silence_and_loses_nothing(pulse: PulseServer, tmp_path: Path) -> None:
    async with opened() as speaker:
        raw, rate = tmp_path / "out.raw", speaker.sample_rate
        with pulse.recording(raw, rate):
            await speaker.write(tone(speaker, 0.6))
            await speaker.reached(round(0.3 * rate))
            speaker.pause()
            await asyncio.sleep(0.4)
            speaker.resume()
            await speaker.drain()
            await asyncio.sleep(0.15)
            assert speaker.abort() == round(0.6 * rate)
        played = np.abs(recorded(raw).astype(float))
    steady(speaker)
    loud = np.flatnonzero(played > 200)
    longest = 1000 * np.diff(loud).max() / rate
    sounding = loud_ms(played.astype(np.int16), rate) - longest
    note(f"{sounding:.0f} ms of sound round {longest:.0f} ms of silence")
    assert sounding == pytest.approx(600, abs=10)
    assert longest == pytest.approx(400, abs=30)


@pytest.mark.real
async def test_write_waits_while_the_hold_is_full(pulse: PulseServer) -> None:
    async with opened("default", hold_s=0.2) as speaker:
        began = time.monotonic()
        for _ in range(8):
            await speaker.write(tone(speaker, 0.1))
        took = time.monotonic() - began
        assert 0.5 - 1.3 * speaker.latency < took < 0.9  # 0.6 s, less what the device takes in advance
        assert speaker._ring.queued <= 0.2 * speaker.sample_rate
    assert pulse.process.poll() is None


@pytest.mark.real
async def test_whoever_waits_for_a_sample_of_an_ended_session_is_told(pulse: PulseServer) -> None:
    async with opened() as speaker:
        await speaker.write(tone(speaker, 1.0))
        asyncio.get_running_loop().call_later(0.05, speaker.abort)
        with pytest.raises(AudioError, match="ended before sample"):
            await speaker.reached(20_000)
    assert pulse.process.poll() is None


@pytest.mark.real
@pytest.mark.parametrize("how", ["kill", "freeze"])
@pytest.mark.parametrize("wait", ["drain", "reached", "write"])
async def test_a_sound_server_that_does_not_come_back_is_told_and_never_a_hang(
    pulse: PulseServer, how: str, wait: str
) -> None:
    speaker = Speaker(LiveClock(), "prism-speaker", hold_s=2.0, restore_s=0.5)
    await speaker.open()
    await speaker.write(tone(speaker, 2.0))
    await speaker.reached(0)
    waiting: Callable[[], Awaitable[object]] = {
        "drain": speaker.drain,
        "reached": lambda: speaker.reached(40_000),
        "write": lambda: speaker.write(tone(speaker, 2.0)),
    }[wait]
    getattr(pulse, how)()
    since = time.monotonic()
    with pytest.raises(AudioLost, match="the speaker 'prism-speaker' was lost and there is no other"):
        await waiting()
    lost_after = time.monotonic() - since
    assert speaker.abort() < 2.0 * speaker.sample_rate
    await speaker.aclose()
    closed_after = time.monotonic() - since - lost_after
    note(f"{how}, {wait}: told after {1000 * lost_after:.0f} ms, closed in {1000 * closed_after:.0f} ms")
    assert lost_after < 3.5
    assert closed_after < 4


@pytest.mark.real
@pytest.mark.parametrize("how", ["kill", "freeze", "unplug"])
async def test_a_reply_goes_on_at_the_right_sample_when_there_is_a_device_again(
    pulse: PulseServer, how: str
) -> None:
    told: list[Told] = []
    async with opened() as speaker:
        speaker.follow_device(told.append)
        await speaker.write(tone(speaker, 2.0))
        await speaker.reached(round(0.7 * speaker.sample_rate))
        await asyncio.to_thread(
            {"kill": pulse.kill, "freeze": pulse.freeze}.get(how, lambda: pulse.remove("speaker"))
        )
        began = time.monotonic()
        await asyncio.sleep(1.6)
        missing = speaker.played, speaker.stalled
        await asyncio.to_thread(
            {"kill": pulse.restart, "freeze": pulse.thaw}.get(how, lambda: pulse.plug("speaker"))
        )
        await speaker.drain()
        played = time.monotonic() - began
        assert speaker.abort() == 2 * speaker.sample_rate
    note(f"{how}: {told}, {missing}, the rest was heard {played:.2f} s after the loss")
    assert [type(news) for news in told][:2] == [Lost, Restored]
    assert not speaker.stalled
    if how == "unplug":  # the sound server has taken another device at once
        assert missing == (2 * speaker.sample_rate, False)
    else:
        assert missing[1]
        assert missing[0] == pytest.approx(0.7 * speaker.sample_rate, rel=0.15)
        assert played > 1.6 + 1.1


@pytest.mark.real
async def test_no_server_is_one_clear_sentence(pulse: PulseServer) -> None:
    pulse.kill()
    with pytest.raises(AudioUnavailable, match=r"could not open 'prism-speaker' \(.+\): see that"):
        await Speaker(LiveClock(), "prism-speaker", hold_s=1.0).open()
