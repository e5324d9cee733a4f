"""The scripted voice keeps its script: times on the clock it was given, failures, and a closing account."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from common.clock import FrameClock
from tests.kit.virtual_loop import run_virtual
from tests.tts.conftest import read
from tts import Failure, ScriptedSynthesizer, SpeechChunk, SpeechScript, TTSError, TTSTimedOut
from tts.backends.scripted import render


async def say(voice: ScriptedSynthesizer, text: str) -> list[SpeechChunk]:
    return await read(voice.speak(text, language="fr", voice=None, speed=1.0))


def test_chunks_come_at_their_times_and_do_not_drift() -> None:
    script = SpeechScript(seconds_per_character=0.1, chunk_s=0.2, first_chunk_s=0.5, work_per_second=0.25)

    async def scene() -> list[float]:
        times = []
        loop = asyncio.get_running_loop()
        speech = ScriptedSynthesizer(script).speak("dix lettre", language="fr", voice=None, speed=1.0)
        async for _ in speech:
            times.append(loop.time())
            await asyncio.sleep(0.01)  # a slow reader moves nothing
        return times

    assert run_virtual(scene()) == pytest.approx([0.5, 0.55, 0.6, 0.65, 0.7])


async def test_a_clock_that_stands_still_decides() -> None:
    clock = FrameClock()
    voice = ScriptedSynthesizer(SpeechScript(first_chunk_s=0.5), clock=clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(say(voice, "Oui."))
        for position in (0.1, 0.3, 0.49):
            clock.tick(position)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        assert voice.active == 1
        clock.tick(0.6)
    assert task.result()[-1].last_of_sentence


def test_the_sound_shows_the_text() -> None:
    script = SpeechScript(seconds_per_character=0.01, sample_rate=1000)
    sounding = np.abs(render("ab, c", script)).reshape(-1, 10).max(axis=1) > 0
    assert sounding.tolist() == [True, True, False, False, True]


async def test_the_account_names_what_was_not_played() -> None:
    failure = Failure("Non.", 0, TTSTimedOut("Late."))
    voice = ScriptedSynthesizer(SpeechScript(expected=("Un.", "Deux."), failures=(failure,)))
    await say(voice, "Un.")
    with pytest.raises(AssertionError, match=r"Deux.*Non"):
        voice.assert_complete()
    await say(voice, "Deux.")
    with pytest.raises(TTSError, match="Late"):
        await say(voice, "Non.")
    voice.assert_complete()
    assert (await say(voice, "Non."))[-1].last_of_sentence, "a failure happens once"


def test_an_impossible_script_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a positive pace"):
        SpeechScript(chunk_s=0)
    with pytest.raises(ValueError, match="no negative time"):
        SpeechScript(first_chunk_s=-1)
