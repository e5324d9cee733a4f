"""What is heard twice is decoded once; half a dictation is decoded again; text is polished on its way."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stt import SAMPLE_RATE, Line, ScriptedTranscriber, SpeechSegment, STTManager
from stt.cache import TranscriptCache
from stt.halves import quietest
from tests.kit.settings import settings
from tests.stt.material import noise, segment, silence, tone


def scripted(*lines: Line, **stt: object) -> tuple[STTManager, ScriptedTranscriber]:
    chosen = settings(**{f"stt__{key}": value for key, value in stt.items()})
    script = ScriptedTranscriber(lines)
    return STTManager(script, chosen.stt, chosen.vad), script


def voiced(seconds: float) -> SpeechSegment:
    return dataclasses.replace(segment(noise(seconds, 500)), voiced=seconds)


async def test_the_same_audio_is_decoded_once() -> None:
    manager, script = scripted(Line("one"), Line("two"), Line("three"))
    samples = noise(0.5, 500)
    texts = [(await manager.transcribe(segment(samples, n))).text for n in range(3)]
    other = await manager.transcribe(segment(samples), language="fr")
    assert (texts, other.text) == (["one"] * 3, "two"), "another language is another question"
    assert (await manager.transcribe(segment(samples + np.int16(1)))).text == "three"
    script.assert_complete()


async def test_without_a_cache_everything_is_decoded() -> None:
    manager, script = scripted(Line("one"), Line("two"), cache=0)
    samples = noise(0.5, 500)
    assert [(await manager.transcribe(segment(samples))).text for _ in range(2)] == ["one", "two"]
    script.assert_complete()


def test_the_cache_is_bounded_and_keeps_what_is_used() -> None:
    cache = TranscriptCache(2)
    keys = [cache.key(np.full(4, n, np.int16), None, None) for n in range(3)]
    for key in (keys[0], keys[1]):
        cache.put(key, object())  # type: ignore[arg-type]  # any value is kept
    cache.get(keys[0])
    cache.put(keys[2], object())  # type: ignore[arg-type]
    assert len(cache) == 2
    assert cache.get(keys[1]) is None
    assert cache.get(keys[0]) is not None


async def test_half_a_dictation_is_decoded_again_in_two_parts() -> None:
    manager, script = scripted(Line("Hello."), Line("Hello there my friend."), Line("How are you?"))
    heard = await manager.transcribe(voiced(6.0))
    assert heard.text == "Hello there my friend. How are you?"
    assert heard.segments[1].start == pytest.approx(script.calls[1].duration)
    assert sum(call.duration for call in script.calls[1:]) == pytest.approx(6.0)
    script.assert_complete()


async def test_when_the_parts_bring_no_more_the_whole_stands() -> None:
    manager, script = scripted(Line("Hello."), Line(""), Line("Oh."))
    heard = await manager.transcribe(voiced(6.0))
    assert heard.text == "Hello."
    script.assert_complete()


def test_the_cut_is_at_the_quietest_place() -> None:
    samples = np.concatenate([tone(1.0), silence(0.1), tone(1.0)])
    assert 1.0 <= quietest(samples, 0, len(samples)) / SAMPLE_RATE < 1.1
    assert quietest(silence(0.001), 5, 10) == 5


async def test_text_is_polished_by_the_settings() -> None:
    line = Line("salut olama virgule ça va ?", language="fr")
    manager, _ = scripted(
        line, typography=True, commands=True, vocabulary=["Ollama"], replacements={"salut": "Ave"}
    )
    assert (await manager.transcribe(segment(noise(1, 500)))).text == "Ave Ollama, ça va\u202f?"
    plain, _ = scripted(line)
    assert (await plain.transcribe(segment(noise(1, 500)))).text == line.text
