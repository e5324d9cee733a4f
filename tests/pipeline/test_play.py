"""The last stage of a turn: what reaches the sink, and when the first sound is told."""

from __future__ import annotations

import asyncio

import numpy as np

from common.channel import Policy, Receiver, Sender, channel
from common.clock import LiveClock
from pipeline import RATE, PipelineEvent, TimelineSink
from pipeline.context import TurnContext
from pipeline.latency import Timeline
from pipeline.play import Player
from pipeline.playback import Playback
from pipeline.stepping import Activity
from tests.kit.virtual_loop import run_virtual
from tts import SpeechChunk

CHUNK_S = 0.05
"""Seconds: as short as the first chunk of a fast engine, which is not more than a device holds."""


def speech(amplitude: int, *, last: bool = False) -> SpeechChunk:
    samples = np.full(round(CHUNK_S * RATE), amplitude, np.int16)
    return SpeechChunk(samples, RATE, "So.", last_of_sentence=last, backend="scripted")


def play(chunks: list[SpeechChunk]) -> tuple[list[str], list[float], int]:
    """Names and times of what is told, and samples that the sink was given before anything was heard."""

    async def main() -> tuple[list[str], list[float], int]:
        clock = LiveClock()
        sink = TimelineSink(clock, hold_s=1)
        told: list[PipelineEvent] = []
        playback = Playback(sink, clock, told.append)
        context = TurnContext(1, clock, told.append, Activity(), Timeline(0.0))
        player = Player(context, playback)
        ends: tuple[Sender[SpeechChunk], Receiver[SpeechChunk]] = channel(9, Policy.WAIT, name="speech")
        playback.open(1)
        async with asyncio.TaskGroup() as group:
            with ends[0]:
                for chunk in chunks:
                    ends[0].offer(chunk)
            group.create_task(player.run(ends[1]))
            group.create_task(player.watch())
            await asyncio.sleep(1.0)
            waiting = sink._queued
            context.commit()
            playback.commit()
        player.end()
        return [event.name for event in told], [round(event.t, 6) for event in told], waiting

    return run_virtual(main())


def test_all_there_is_waits_in_the_sink_before_the_first_sample_is_heard() -> None:
    names, times, waiting = play([speech(1000), speech(1000), speech(1000, last=True)])
    assert waiting == round(3 * CHUNK_S * RATE)
    assert (names, times) == (["audio.started", "audio.finished"], [1.0, 1.15])


def test_the_start_is_the_first_sample_that_can_be_heard() -> None:
    names, times, _ = play([speech(0), speech(1000, last=True)])
    assert (names, times) == (["audio.started", "audio.finished"], [1.05, 1.1])


def test_silence_is_not_told() -> None:
    assert play([speech(0), speech(0, last=True)])[0] == []
    assert play([])[0] == []
