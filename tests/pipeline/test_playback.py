"""The gate: one predicate decides what may sound. And the ears that work it, within the frame."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from common.clock import FrameClock
from common.devices.rules import Lost, Restored
from pipeline import PipelineEvent, TimelineSink, to_json
from pipeline.decodes import DecodeQueue
from pipeline.device_news import follow
from pipeline.hearing import Hearing
from pipeline.playback import Playback
from stt import SAMPLE_RATE, ScriptedDetector, Segmenter, SpeechFact, SpeechPaused, SpeechStarted
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.devices.rules import Told


class Gate:
    """A gate with its sink, and what it told."""

    def __init__(self) -> None:
        self.clock = FrameClock()
        self.sink = TimelineSink(self.clock, hold_s=10)
        self.events: list[PipelineEvent] = []
        self.playback = Playback(self.sink, self.clock, self.events.append)

    @property
    def told(self) -> list[str]:
        return [event.name for event in self.events]


def test_nothing_sounds_before_the_commit() -> None:
    gate = Gate()
    assert gate.sink.paused
    gate.playback.open(1)
    assert gate.sink.paused
    gate.playback.commit()
    assert not gate.sink.paused
    gate.playback.end()
    assert gate.sink.paused


def test_a_commit_under_a_hold_sounds_when_the_last_hold_is_gone() -> None:
    gate = Gate()
    gate.playback.open(1)
    gate.playback.hold(1, 0)
    gate.playback.onset(pending=True)
    gate.playback.commit()
    assert gate.sink.paused
    gate.playback.onset(pending=False)
    assert gate.sink.paused
    gate.playback.release(1)
    assert not gate.sink.paused


def test_a_stale_release_does_not_play_over_a_later_utterance() -> None:
    gate = Gate()
    gate.playback.open(1)
    gate.playback.commit()
    gate.playback.hold(1, 0)
    gate.playback.hold(2, 0)
    gate.playback.release(1)
    assert gate.sink.paused
    gate.playback.hold(2, 1)
    gate.playback.release(2)
    assert not gate.sink.paused


def test_pauses_are_told_only_while_it_sounds_and_once() -> None:
    gate = Gate()
    gate.playback.open(1)
    gate.playback.commit()
    gate.playback.onset(pending=True)
    gate.playback.onset(pending=False)
    assert gate.told == []
    gate.playback.started()
    gate.playback.onset(pending=True)
    gate.playback.hold(2, 0)
    gate.playback.onset(pending=False)
    gate.playback.release(2)
    assert gate.told == ["playback.paused", "playback.resumed"]


def test_the_end_gives_the_count_once() -> None:
    async def main() -> tuple[int, int]:
        gate = Gate()
        gate.playback.open(1)
        gate.playback.commit()
        await gate.sink.write(np.ones(gate.sink.sample_rate, np.int16))
        gate.clock.tick(0.25)
        return gate.playback.end(), gate.playback.end()

    assert run_virtual(main()) == (6000, 0)


class Ears:
    """The frame callback with everything around it, and no conversation to help."""

    def __init__(self) -> None:
        config = settings(vad__backend="scripted")
        self.gate = Gate()
        self.facts: list[SpeechFact] = []
        self.decodes = DecodeQueue()
        segmenter = Segmenter(config, 512, itertools.count(1))
        tell = (self.gate.clock, self.gate.events.append)
        self.hearing = Hearing(
            ScriptedDetector(), segmenter, self.gate.playback, self.decodes, self.facts.append, tell
        )
        self.gate.playback.open(9)
        self.gate.playback.commit()

    def hear(self, picture: str) -> str:
        """Which frames left the speaker silent."""
        out = ""
        for mark in picture:
            self.hearing.feed(np.full(512, 1 if mark == "#" else 0, np.int16))
            out += "_" if self.gate.sink.paused else "~"
        return out


def test_the_speaker_falls_silent_with_the_first_voiced_frame() -> None:
    assert Ears().hear("..#") == "~~_"


def test_a_rejected_onset_lets_it_go_on() -> None:
    assert Ears().hear("..#....") == "~~__~~~"


def test_confirmed_speech_keeps_it_silent_until_the_utterance_ends() -> None:
    """Whether or not the conversation has got round to interrupting the turn."""
    ears = Ears()
    assert ears.hear("####...###....") == "_" * 14
    assert ears.hear("." * 50).startswith("_" * 40)
    assert ears.hear(".") == "~"


def test_a_resumed_utterance_discards_its_pending_decode() -> None:
    async def main() -> list[int]:
        ears = Ears()
        ears.hear("####...")
        ears.hear("###")
        ears.hear("...")
        ears.decodes.close()
        return [pause.segment.revision async for pause in ears.decodes]

    assert run_virtual(main()) == [1]


def test_half_duplex_is_deaf_while_it_sounds_and_a_little_longer() -> None:
    ears = Ears()
    ears.hearing.half_duplex = True
    ears.gate.playback.started()
    ears.hear("#" * 30)
    assert ears.facts == []
    ears.gate.playback.end()
    ears.gate.clock.tick(0.2)
    ears.hear("#" * 30)
    assert ears.facts == []
    ears.gate.clock.tick(0.4)
    ears.hear("#" * 3)
    assert len(ears.facts) == 1


def test_a_canceller_that_is_doubted_while_a_voice_holds_the_reply_does_not_cut_the_voice() -> None:
    """The reply is silent then: there is nothing to be deaf for."""
    ears = Ears()
    ears.gate.playback.started()
    for frame in range(40):
        ears.gate.clock.tick(frame * 0.032)
        ears.hearing.half_duplex = frame > 12
        ears.hear("#")
    assert [type(fact) for fact in ears.facts] == [SpeechStarted]
    ears.gate.playback.release(1)
    ears.hear("#" * 30)
    assert SpeechPaused in map(type, ears.facts)


def test_half_duplex_keeps_the_first_word_of_an_answer_that_comes_at_once() -> None:
    """The room still echoes, so the onset is not believed; but the recognizer gets what was said in it."""
    ears = Ears()
    ears.hearing.half_duplex = True
    ears.gate.playback.started()
    ears.gate.playback.end()
    for at in range(32, 1000, 32):
        ears.gate.clock.tick(at / 1000)
        ears.hear("#" if 140 < at < 600 else ".")
    (pause,) = [fact for fact in ears.facts if isinstance(fact, SpeechPaused)]
    assert np.count_nonzero(pause.segment.samples) / SAMPLE_RATE == pytest.approx(0.46, abs=0.04)


def test_the_newest_utterance_is_decoded_first_and_none_that_ended_is_dropped() -> None:
    async def main() -> list[tuple[int, int]]:
        ears = Ears()
        ears.hear("####" + "." * 60 + "####..." + "####...")
        ears.decodes.close()
        return [(p.segment.utterance, p.segment.revision) async for p in ears.decodes]

    assert run_virtual(main()) == [(2, 1), (1, 0)]


def test_a_decode_queue_is_busy_until_the_next_is_asked_for() -> None:
    async def main() -> list[bool]:
        ears = Ears()
        idle = [ears.decodes.idle]
        ears.hear("####...")
        idle.append(ears.decodes.idle)
        async with asyncio.TaskGroup() as group:
            await anext(aiter(ears.decodes))
            idle.append(ears.decodes.idle)
            waiting = group.create_task(ears.decodes.__anext__())
            await asyncio.sleep(0)
            idle.append(ears.decodes.idle)
            waiting.cancel()
        return idle

    assert run_virtual(main()) == [True, False, False, True]


class Unplugged(TimelineSink):
    """A sink whose device may go away."""

    stalled = False


def test_a_speaker_without_a_device_makes_nobody_deaf() -> None:
    clock = FrameClock()
    sink = Unplugged(clock, hold_s=10)
    playback = Playback(sink, clock, lambda _: None)
    playback.open(1)
    playback.commit()
    playback.started()
    assert playback.silent_for() == 0
    sink.stalled = True
    assert playback.silent_for() > 1
    sink.stalled = False
    assert playback.silent_for() == 0


def test_what_happens_to_devices_is_told_on_the_clock() -> None:
    class Ears:
        def follow_device(self, told: Callable[[Told], None]) -> None:
            self.told = told

    clock, ears = FrameClock(), Ears()
    events: list[PipelineEvent] = []
    assert follow("microphone", ears, clock, events.append)
    assert not follow("speaker", object(), clock, events.append)
    clock.tick(2.5)
    ears.told(Lost(1, "USB", "unplugged"))
    clock.tick(3.0)
    ears.told(Restored(1, "default"))
    assert [to_json(event) for event in events] == [
        {"event": "device.lost", "t": 2.5, "kind": "microphone", "device": "USB", "reason": "unplugged"},
        {"event": "device.restored", "t": 3.0, "kind": "microphone", "device": "default"},
    ]
