"""Many conversations on one loop and shared engines: one that fails and one that hangs change nothing for the others.

On virtual time, where only waiting counts: what a conversation costs the processor is measured by ``prism bench many``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from llm import LLMUnavailable, Scripted, ScriptedReply, Step, say
from pipeline import ConversationIO, PipelineOrchestrator, Rooms, TimelineSink
from stt import Line, ScriptedTranscriber, STTManager
from tests.kit.conversation import Outcome, Said, ScriptedSource
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tts import ScriptedSynthesizer, SpeechChunk, SpeechScript, TTSManager

COUNT, TURNS = 24, 2
REPLY = "It is two in the afternoon. And so on."
HANGS = "This one hangs."
PATIENCE_S = 120.0
"""Virtual seconds after which the ill ones are given up: nobody waits for them."""


class Voice(ScriptedSynthesizer):
    """The script's, but for one text that never comes."""

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        if text == HANGS:
            await asyncio.sleep(1e6)
        async for chunk in super().speak(text, language=language, voice=voice, speed=speed):
            yield chunk


def mouth_to_ear(ill: tuple[ScriptedReply, ...]) -> list[float]:
    """Of all turns of the healthy conversations, milliseconds, sorted."""
    config = settings(vad__backend="scripted", stt__cache=0)

    async def main() -> list[float]:
        ears = ScriptedTranscriber([Line("Tell me the time.", delay=0.1)] * (COUNT + len(ill)) * TURNS)
        stt = STTManager(ears, config.stt, config.vad)
        tts = TTSManager([Voice(SpeechScript(first_chunk_s=0.06))])
        told = [Outcome() for _ in range(COUNT + len(ill))]

        async def converse(number: int, reply: ScriptedReply) -> None:
            rooms = Rooms(stt, Scripted([reply] * TURNS), tts, ("s", "s", "s"), False)
            begun = 0.4 + 0.013 * number
            said = [Said(begun + 8.0 * turn, begun + 1.0 + 8.0 * turn) for turn in range(TURNS)]
            io = ConversationIO(
                ScriptedSource(said), lambda clock: TimelineSink(clock, hold_s=20), (told[number],)
            )
            await PipelineOrchestrator(rooms, io, config).run()

        async with asyncio.TaskGroup() as everything:
            patients = [everything.create_task(converse(COUNT + at, reply)) for at, reply in enumerate(ill)]
            async with asyncio.TaskGroup() as healthy:
                for number in range(COUNT):
                    healthy.create_task(converse(number, say(REPLY, first_s=0.15, gap_s=0.02)))
            if patients:
                await asyncio.wait(patients, timeout=PATIENCE_S)
            for patient in patients:
                patient.cancel()
        done = [event for one in told[:COUNT] for event in one.all("turn.completed")]
        assert len(done) == COUNT * TURNS
        assert all(one.all("turn.completed") == [] for one in told[COUNT:])
        return sorted(event["latency"]["first_audio"] for event in done)

    return run_virtual(main())


def test_a_dead_model_and_a_hanging_voice_harm_nobody_else() -> None:
    dead = ScriptedReply((Step(LLMUnavailable("The script says that it is dead."), 0.1),))
    well, beside = mouth_to_ear(()), mouth_to_ear((dead, say(HANGS)))
    at = int(0.95 * len(well))
    assert beside[at] == pytest.approx(well[at], rel=0.1)
    assert beside[-1] < 1.1 * well[-1]


def test_news_of_shared_engines_reach_whoever_is_there_and_nobody_who_is_gone() -> None:
    config = settings(vad__backend="scripted")
    short, long = Outcome(), Outcome()

    async def main() -> None:
        stt = STTManager(ScriptedTranscriber([]), config.stt, config.vad)
        rooms = Rooms(stt, Scripted([]), TTSManager([Voice(SpeechScript())]))

        async def converse(told: Outcome, seconds: float) -> None:
            source = ScriptedSource([Said(seconds, seconds)])
            io = ConversationIO(source, lambda clock: TimelineSink(clock, hold_s=5), (told,))
            await PipelineOrchestrator(rooms, io, config).run()

        async with asyncio.TaskGroup() as group:
            group.create_task(converse(long, 4.0))
            group.create_task(converse(short, 1.0))
            for second in (0.5, 2.0):
                await asyncio.sleep(second)
                rooms.engines.restarted("stt", "engine", "it hangs")

    run_virtual(main())
    assert long.names == ["session.started", "engine.restarted", "engine.restarted", "session.ended"]
    assert short.names == ["session.started", "engine.restarted", "session.ended"]
