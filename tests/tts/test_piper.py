"""Piper itself, with voices of 5 kB: which one is chosen, how it speaks, and what is said when it cannot."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest

from config import ModelStore
from tests.tts.conftest import ENGLISH, FRENCH, read
from tests.tts.tone_voice import SAMPLE_RATE, SAMPLES_PER_PHONEME, install_voice, make_voice
from tts import SpeechChunk, TTSRejected, TTSUnavailable
from tts.backends.espeak import EspeakSynthesizer
from tts.backends.piper import PiperSynthesizer, locate

TWO = "Premier point. Second point."


@pytest.fixture
def piper(voices_dir: Path) -> PiperSynthesizer:
    return PiperSynthesizer(ModelStore(voices_dir))


async def say(
    piper: PiperSynthesizer, text: str, language: str = "fr", voice: str | None = None, speed: float = 1.0
) -> list[SpeechChunk]:
    return await read(piper.speak(text, language=language, voice=voice, speed=speed))


def peak(chunks: list[SpeechChunk]) -> int:
    return max(int(np.abs(chunk.samples.astype(np.int32)).max()) for chunk in chunks if chunk.samples.size)


async def test_a_chunk_per_sentence_and_an_empty_last_one(piper: PiperSynthesizer) -> None:
    chunks = await say(piper, TWO)
    assert [bool(chunk.samples.size) for chunk in chunks] == [True, True, False]
    assert [chunk.last_of_sentence for chunk in chunks] == [False, False, True]
    assert all(chunk.sample_rate == SAMPLE_RATE for chunk in chunks)
    assert all(len(chunk.samples) % SAMPLES_PER_PHONEME == 0 for chunk in chunks)


async def test_speed_stretches_the_phonemes(piper: PiperSynthesizer) -> None:
    normal, slow = await say(piper, TWO), await say(piper, TWO, speed=0.5)
    assert len(slow[0].samples) == 2 * len(normal[0].samples)


async def test_both_languages_at_once_each_with_its_voice(piper: PiperSynthesizer) -> None:
    french, english = await say(piper, "Paris", "fr"), await say(piper, "Paris", "en")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(say(piper, "Paris", language)) for language in ("fr", "en") * 4]
    for index, task in enumerate(tasks):
        expected = (french, english)[index % 2]
        assert np.array_equal(task.result()[0].samples, expected[0].samples)


async def test_it_shares_the_process_with_espeak(piper: PiperSynthesizer) -> None:
    alone = await say(piper, TWO)
    async with asyncio.TaskGroup() as group:
        robot = group.create_task(
            read(EspeakSynthesizer().speak(TWO * 5, language="en", voice=None, speed=1.0))
        )
        tasks = [group.create_task(say(piper, TWO)) for _ in range(4)]
    assert robot.result()[-1].last_of_sentence
    assert all(np.array_equal(task.result()[0].samples, alone[0].samples) for task in tasks)


async def test_a_voice_has_one_loudness_whatever_its_file_says(tmp_path: Path) -> None:
    quiet, loud = (make_voice(tmp_path / f"{level}.onnx", "fr", level=level) for level in (0.05, 0.9))
    piper = PiperSynthesizer(ModelStore(tmp_path))
    peaks = [peak(await say(piper, "Bonjour.", voice=str(voice))) for voice in (quiet, loud)]
    assert peaks[0] == pytest.approx(peaks[1], rel=0.02)
    assert peaks[0] == pytest.approx(0.1 * np.sqrt(2) * 32767, rel=0.25)  # sines of RMS 0.1, more or less


async def test_the_gain_is_that_of_the_voice_not_of_the_sentence(tmp_path: Path) -> None:
    voice = make_voice(tmp_path / "crowd.onnx", "fr", speakers=3)
    piper = PiperSynthesizer(ModelStore(tmp_path))
    first = peak(await say(piper, "Oui.", voice=f"{voice}#0"))
    third = peak(await say(piper, "Oui.", voice=f"{voice}#speaker2"))
    assert third == pytest.approx(3 * first, rel=0.02)  # the tone voice makes speaker n (n + 1) times as loud


async def test_an_unknown_speaker_is_rejected_by_name(tmp_path: Path) -> None:
    voice = make_voice(tmp_path / "crowd.onnx", "fr", speakers=2)
    with pytest.raises(TTSRejected, match="no speaker 'bob'; known are speaker0, speaker1"):
        await say(PiperSynthesizer(ModelStore(tmp_path)), "Oui.", voice=f"{voice}#bob")


@pytest.mark.parametrize(
    ("voice", "language", "chosen"),
    [
        (None, "fr", FRENCH),
        (None, "en", ENGLISH),
        (FRENCH, "fr", FRENCH),
        (FRENCH, "en", ENGLISH),  # a French voice does not read English
        ("Zarathustra", "en", ENGLISH),
        ("fr-be", "fr", FRENCH),  # eSpeak's name
    ],
)
def test_which_voice_is_chosen(voices_dir: Path, voice: str | None, language: str, chosen: str) -> None:
    assert locate(ModelStore(voices_dir), voice, language).stem == chosen


def test_any_installed_voice_of_the_language_will_do(tmp_path: Path) -> None:
    install_voice(tmp_path, "fr_FR-gilles-low", "fr")
    assert locate(ModelStore(tmp_path), None, "fr").stem == "fr_FR-gilles-low"


def test_a_folder_of_the_user_s_is_a_voice(tmp_path: Path) -> None:
    made = make_voice(tmp_path / "mine" / "anything.onnx", "fr")
    assert locate(ModelStore(tmp_path / "empty"), str(made.parent), "fr") == made


@pytest.mark.parametrize(
    ("voice", "language", "pull"),
    [(None, "fr", FRENCH), (None, "en", ENGLISH), ("fr_FR-tom-medium", "fr", "fr_FR-tom-medium")],
)
async def test_a_voice_that_is_not_installed_names_the_command(
    tmp_path: Path, voice: str | None, language: str, pull: str
) -> None:
    piper = PiperSynthesizer(ModelStore(tmp_path), voice)
    with pytest.raises(TTSUnavailable, match=f"`prism models pull {pull}`"):
        await piper.warm(language)
    with pytest.raises(TTSUnavailable, match=f"`prism models pull {pull}`"):
        await say(piper, "Oui.", language, voice)


async def test_a_language_without_a_voice_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(TTSRejected, match="'xx'"):
        await say(PiperSynthesizer(ModelStore(tmp_path)), "Oui.", "xx")


BROKEN = [
    ("no description", lambda model: model.with_name(f"{model.name}.json").unlink(), "lacks its file"),
    ("no JSON", lambda model: model.with_name(f"{model.name}.json").write_text("{"), "cannot be used"),
    ("empty JSON", lambda model: model.with_name(f"{model.name}.json").write_text("{}"), "cannot be used"),
    ("no model", lambda model: model.write_bytes(b"nonsense"), "cannot be used"),
    ("half a model", lambda model: model.write_bytes(model.read_bytes()[:700]), "cannot be used"),
]


@pytest.mark.parametrize(("damage", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
async def test_a_damaged_voice_is_one_clear_line(tmp_path: Path, damage: object, says: str) -> None:
    model = make_voice(tmp_path / "broken.onnx", "fr")
    assert callable(damage)
    damage(model)
    piper = PiperSynthesizer(ModelStore(tmp_path))
    with pytest.raises(TTSUnavailable, match=says) as caught:
        await say(piper, "Oui.", voice=str(model))
    assert "\n" not in str(caught.value)
    shutil.copy(make_voice(tmp_path / "good.onnx", "fr"), model)
    shutil.copy(tmp_path / "good.onnx.json", tmp_path / "broken.onnx.json")
    assert (await say(piper, "Oui.", voice=str(model)))[0].samples.size, "once repaired it speaks"


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TTSUnavailable, match=r"no voice file .*gone\.onnx"):
        await say(PiperSynthesizer(ModelStore(tmp_path)), "Oui.", voice=str(tmp_path / "gone.onnx"))


async def test_installed_voices_come_first(piper: PiperSynthesizer) -> None:
    voices = await piper.voices()
    assert {voice.name for voice in voices if voice.installed} == {FRENCH, ENGLISH}
    assert [voice.installed for voice in voices] == sorted(
        (voice.installed for voice in voices), reverse=True
    )
    assert any(not voice.installed for voice in voices)


async def test_a_closed_voice_is_not_loaded_again(piper: PiperSynthesizer) -> None:
    await piper.warm("en")
    await piper.aclose()
    with pytest.raises(TTSUnavailable, match="closed"):
        await say(piper, "Too late.", "en")
