"""The real eSpeak: streaming, cutting off, many at once, voices, and the pure parts round it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import numpy as np
import pytest

from tests.tts.conftest import read
from tts import SpeechChunk, TTSRejected
from tts.backends.espeak import LATER_CHUNK_S, EspeakSynthesizer, Gather, candidates
from tts.espeak_library import load

pytest.importorskip("espeakng_loader", reason="eSpeak is not installed")

TEXTS = {
    "fr": "Bonjour à tous, il est quatorze heures trente et il fait beau.",
    "en": "Good morning everyone, it is half past two and the weather is fine.",
}


async def say(language: str, text: str = "", voice: str | None = None) -> list[SpeechChunk]:
    speech = EspeakSynthesizer().speak(text or TEXTS[language], language=language, voice=voice, speed=1.0)
    return await read(speech)


def joined(chunks: list[SpeechChunk]) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in chunks])


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_it_streams_a_small_first_chunk_then_larger_ones(language: str) -> None:
    chunks = await say(language)
    assert sum(chunk.duration for chunk in chunks) > 2
    assert 0 < chunks[0].duration <= 0.08
    assert all(LATER_CHUNK_S <= chunk.duration < LATER_CHUNK_S + 0.1 for chunk in chunks[1:-1])


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_it_begins_with_sound_and_at_the_common_loudness(language: str) -> None:
    samples = joined(await say(language)).astype(np.float64) / 32768
    assert np.flatnonzero(np.abs(samples) > 0.01)[0] < 0.02 * 22_050
    assert 0.05 < np.sqrt((samples**2).mean()) < 0.15


async def test_the_first_chunk_comes_before_the_whole_is_made() -> None:
    """eSpeak is stopped after the first of many chunks: far fewer blocks were made than the text has."""
    made = 0

    def count(_: np.ndarray) -> bool:
        nonlocal made
        made += 1
        return made < 3

    load().say(TEXTS["en"] * 50, ["en-us"], 1.0, count)
    assert made == 3


async def test_languages_sound_different_and_twice_the_same_sounds_alike() -> None:
    french, english = await say("fr", "Paris, Europe."), await say("en", "Paris, Europe.")
    again = await say("fr", "Paris, Europe.")
    assert abs(len(joined(french)) - len(joined(again))) < 0.01 * len(joined(french))
    assert len(joined(french)) != len(joined(english))


async def test_eight_speakers_at_once_get_their_own_speech() -> None:
    alone = {language: len(joined(await say(language))) for language in TEXTS}
    async with asyncio.TaskGroup() as group:
        tasks = [(language, group.create_task(say(language))) for language in [*TEXTS] * 4]
    for language, task in tasks:
        assert len(joined(task.result())) == pytest.approx(alone[language], rel=0.02)
        assert {chunk.text for chunk in task.result()} == {TEXTS[language]}


def test_eight_threads_do_not_crash_the_library() -> None:
    lengths: list[int] = []

    def speak() -> None:
        blocks: list[np.ndarray] = []

        def keep(block: np.ndarray) -> bool:
            blocks.append(block)
            return True

        load().say(TEXTS["fr"], ["fr"], 1.0, keep)
        lengths.append(sum(map(len, blocks)))

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lengths) == 8
    assert max(lengths) - min(lengths) < 0.02 * max(lengths)


async def test_cancelled_readers_leave_the_others_alone() -> None:
    async def leave() -> None:
        speech = EspeakSynthesizer().speak(TEXTS["fr"] * 30, language="fr", voice=None, speed=1.0)
        async with aclosing(speech) as chunks:
            async for _ in chunks:
                return

    async with asyncio.TaskGroup() as group:
        kept = group.create_task(say("en"))
        for _ in range(5):
            group.create_task(leave())
    assert kept.result()[-1].last_of_sentence


async def test_an_own_voice_is_used_for_its_language_only() -> None:
    usual, own = joined(await say("fr")), joined(await say("fr", voice="fr+f3"))
    assert not np.array_equal(usual[:5000] // 400, own[:5000] // 400)
    assert len(joined(await say("en", voice="fr+f3"))) == pytest.approx(
        len(joined(await say("en"))), rel=0.02
    )


async def test_a_language_it_does_not_know_is_rejected() -> None:
    with pytest.raises(TTSRejected, match="no voice named tlh"):
        await say("tlh", "Qapla'")


async def test_every_french_voice_it_lists_can_be_asked_for() -> None:
    names = [voice.name for voice in await EspeakSynthesizer().voices() if voice.language.startswith("fr")]
    assert len(names) >= 3
    for name in names:
        assert await say("fr", "Oui.", voice=name)


@pytest.mark.parametrize(
    ("voice", "language", "tried"),
    [
        (None, "fr", ("fr",)),
        (None, "en", ("en-us",)),
        (None, "de", ("de",)),
        ("fr-be", "fr", ("fr-be", "fr")),
        ("fr-be", "en", ("en-us",)),
        ("en-us+f3", "en", ("en-us+f3", "en-us")),
        ("fr_FR-siwis-medium", "en", ("en-us",)),
        ("Annie", "fr", ("Annie", "fr")),
    ],
)
def test_which_voices_are_tried(voice: str | None, language: str, tried: tuple[str, ...]) -> None:
    assert candidates(voice, language) == tried


def test_blocks_are_gathered_into_chunks() -> None:
    out: list[tuple[int, bool]] = []

    def put(part: np.ndarray, last: bool) -> bool:
        out.append((len(part), last))
        return True

    gather = Gather(1000, put)
    silence, sound = np.zeros(60, np.int16), np.full(60, 5000, np.int16)
    assert gather.add(silence)
    for _ in range(5):
        assert gather.add(sound)
    gather.finish(0.1)
    assert out == [(60, False), (180, False), (60 + 100, True)]


def test_a_reader_that_left_stops_the_gathering() -> None:
    gather = Gather(1000, lambda _part, _last: False)
    assert not gather.add(np.full(60, 5000, np.int16))
