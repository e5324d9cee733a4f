"""The example of docs/embedding.md, word for word, and the two ends that it uses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.audio_host import AudioLost
from common.clock import Clock, LiveClock
from llm import Scripted
from pipeline import (
    AudioBlock,
    AudioSink,
    ConversationIO,
    PipelineEvent,
    PipelineOrchestrator,
    PushSource,
    Rooms,
    StreamSink,
    TimelineSink,
    to_json,
)
from pipeline.sinks.wav import OutputUnwritable
from stt import AudioFrame, ScriptedTranscriber, STTManager
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tts import ScriptedSynthesizer, SpeechScript, TTSManager

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"
LONGEST = 40
"""Lines of Python that the example may have, imports and blank lines aside."""


def example() -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102  # our own page
    names["lines"] = [
        line for line in code.splitlines() if line.strip() and not re.match(r"(from|import) ", line)
    ]
    return names


class Listener:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))


async def microphone(recording: np.ndarray) -> AsyncIterator[bytes]:
    """20 ms blocks at the speed of speech."""
    for start in range(0, len(recording), 320):
        await asyncio.sleep(0.02)
        yield recording[start : start + 320].astype("<i2").tobytes()


def test_the_example_holds_a_conversation() -> None:
    import soundfile

    names = example()
    assert len(names["lines"]) < LONGEST
    speech, rate = soundfile.read(PAGE.parents[1] / "tests" / "audio" / "en_16k.wav", dtype="int16")
    assert rate == 16_000
    listener, played = Listener(), []

    async def main() -> Any:  # the example's own result
        sound = np.concatenate([np.zeros(8000, np.int16), speech, np.zeros(48_000, np.int16)])
        return await names["converse"](
            microphone(sound), lambda at, samples: played.append((at, samples)), listener
        )

    report = run_virtual(main())
    assert report.turns == 1
    assert [e["text"] for e in listener.events if e["event"] == "turn.completed"] == [
        "You said: Hello there."
    ]
    started = next(e["t"] for e in listener.events if e["event"] == "audio.started")
    assert played[0][0] == pytest.approx(started, abs=0.03)
    assert sum(len(samples) for _, samples in played) / 24_000 == pytest.approx(1.0, abs=0.05)


def test_what_is_pushed_comes_out_in_frames_and_the_rest_is_padded() -> None:
    async def main() -> list[list[int]]:
        source = PushSource()
        source.push(np.arange(5, dtype=np.int16))
        source.push(np.arange(5, 11, dtype=np.int16).tobytes())
        source.end()
        source.push(np.zeros(4, np.int16))
        return [frame.samples.tolist() async for frame in source.frames(4)]

    assert run_virtual(main()) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]]


@pytest.mark.parametrize("wrong", [np.zeros(4, np.float32), np.zeros((4, 2), np.int16)])
def test_wrong_audio_is_refused(wrong: Any) -> None:  # whatever is wrong
    with pytest.raises(ValueError, match="int16"):
        PushSource().push(wrong)


def test_a_slow_conversation_loses_the_oldest_and_counts_it() -> None:
    source = PushSource()
    for _ in range(260):
        source.push(np.zeros(320, np.int16))
    assert source.dropped == 10


def test_sound_comes_out_when_it_is_due_and_silence_does_not() -> None:
    async def main() -> list[tuple[float, int]]:
        sink = StreamSink(LiveClock(), hold_s=5)
        got: list[AudioBlock] = []

        async def take() -> None:
            async for block in sink.blocks(0.1):
                got.append(block)  # noqa: PERF401  # as it comes

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            await asyncio.sleep(0.25)
            await sink.write(np.ones(sink.sample_rate // 2, np.int16))
            await asyncio.sleep(1.0)
            await sink.aclose()
        return [(round(block.at, 2), len(block.samples)) for block in got]

    blocks = run_virtual(main())
    assert blocks[0][0] == 0.25
    assert sum(count for _, count in blocks) == 12_000
    assert blocks[-1][0] < 0.75


def stream(clock: Clock) -> StreamSink:
    return StreamSink(clock, hold_s=5)


def conversation(
    source: PushSource, *observers: Listener, sink: Callable[[Clock], AudioSink] = stream
) -> PipelineOrchestrator:
    """One that hears ``source`` and has nothing to say."""
    config = settings(vad__backend="scripted")
    rooms = Rooms(
        STTManager(ScriptedTranscriber([]), config.stt, config.vad),
        Scripted([]),
        TTSManager([ScriptedSynthesizer(SpeechScript())]),
    )
    io = ConversationIO(source, sink, observers)
    return PipelineOrchestrator(rooms, io, config)


class Unplugged(PushSource):
    """A microphone that is pulled out after a second."""

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        for _ in range(30):
            await asyncio.sleep(0.032)
            yield AudioFrame(np.zeros(size, np.int16), 16_000, asyncio.get_running_loop().time())
        raise AudioLost("The microphone is gone.")


def test_a_lost_microphone_is_told_before_it_ends_the_conversation() -> None:
    listener = Listener()

    async def main() -> None:
        await conversation(Unplugged(), listener).run()

    with pytest.raises(ExceptionGroup) as raised:
        run_virtual(main())
    assert raised.group_contains(AudioLost, depth=1)
    assert [e["event"] for e in listener.events] == ["session.started", "device.lost", "session.ended"]
    assert listener.events[-1]["reason"] == "failed"


def test_a_disk_that_is_full_is_no_lost_microphone() -> None:
    """The recording of the reply is brought up to date whenever a frame is heard: its error is not the microphone's."""
    listener = Listener()

    def full(block: np.ndarray) -> None:
        raise OutputUnwritable(f"No space left for {len(block)} samples.")

    async def main() -> None:
        source = PushSource()
        held = conversation(source, listener, sink=lambda clock: TimelineSink(clock, hold_s=5, record=full))
        source.push(np.ones(16_000, np.int16))
        await held.run()

    with pytest.raises(ExceptionGroup) as raised:
        run_virtual(main())
    assert raised.group_contains(OutputUnwritable, depth=1)
    assert [e["event"] for e in listener.events] == ["session.started", "session.ended"]


class Stubborn(PushSource):
    """A source of somebody else's that fails to close."""

    async def aclose(self) -> None:
        await super().aclose()
        raise OSError("It does not close.")


def test_a_source_that_fails_to_close_keeps_no_sink_open() -> None:
    async def main() -> None:
        source = Stubborn()
        held = conversation(source)
        async with asyncio.TaskGroup() as group:
            taken = group.create_task(_all(held.sink))
            source.push(np.zeros(320, np.int16))
            source.end()
            with pytest.raises(OSError, match="does not close"):
                await held.run()
            async with asyncio.timeout(5):
                assert await taken == []

    run_virtual(main())


async def _all(sink: AudioSink) -> list[AudioBlock]:
    assert isinstance(sink, StreamSink)
    return [block async for block in sink.blocks()]
