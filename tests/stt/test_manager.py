"""The manager: language policy, files piece by piece, the gate, one-line failures."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from config import find_model
from stt import (
    SAMPLE_RATE,
    AudioUnreadable,
    Line,
    ScriptedTranscriber,
    SpeechSegment,
    STTManager,
    STTUnavailable,
    Transcript,
    load_audio,
)
from tests.kit.model_hub import model_hub
from tests.kit.settings import settings
from tests.stt.material import recording, segment, silence

FR, EN = recording("fr_16k.wav"), recording("en_16k.wav")


def scripted(*lines: Line, language: str = "auto") -> tuple[STTManager, ScriptedTranscriber]:
    chosen = settings(stt__language=language, vad__backend="scripted")
    script = ScriptedTranscriber(lines)
    return STTManager(script, chosen.stt, chosen.vad), script


async def collect(
    manager: STTManager, path: Path, language: str | None = None
) -> list[tuple[float, Transcript]]:
    async with aclosing(manager.transcribe_file(path, language)) as found:
        return [item async for item in found]


@pytest.fixture
def three_words(tmp_path: Path) -> Path:
    """Three tones of a second at 1, 4 and 7 s."""
    samples = np.tile(np.concatenate([silence(1), np.full(SAMPLE_RATE, 500, np.int16), silence(1)]), 3)
    file = tmp_path / "three.wav"
    soundfile.write(file, samples, SAMPLE_RATE)
    return file


@pytest.mark.parametrize(
    ("setting", "asked", "expected"),
    [("auto", None, None), ("fr", None, "fr"), ("auto", "en", "en"), ("fr", "en", "en")],
)
async def test_the_language_is_asked_for_set_or_heard(
    setting: str, asked: str | None, expected: str | None
) -> None:
    manager, script = scripted(Line("Oui."), language=setting)
    await manager.transcribe(segment(silence(0.5)), language=asked)
    assert script.calls[0].language == expected


class OneAtATime(ScriptedTranscriber):
    """As an engine in a thread: the lease ends with the work."""

    def __init__(self, *lines: Line, guess_delay: float) -> None:
        super().__init__(lines, guess_delay)
        self.lock = asyncio.Lock()

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        async with self.lock:
            return await super().transcribe(segment, language=language, prompt=prompt)


async def test_a_guess_gives_way_to_a_decode() -> None:
    chosen = settings(vad__backend="scripted")
    manager = STTManager(OneAtATime(Line("Oui."), guess_delay=60.0), chosen.stt, chosen.vad)
    going_on = dataclasses.replace(segment(silence(1.0)), partial=True)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        guess = group.create_task(manager.guess(going_on))
        await asyncio.sleep(0)
        assert (await manager.transcribe(segment(silence(1.0)))).text == "Oui."
        assert await guess is None


async def test_a_guess_is_not_begun_beside_a_decode_and_tells_no_failure() -> None:
    manager, script = scripted(Line("Oui.", delay=0.05), Line("Non."))
    going_on = dataclasses.replace(segment(silence(1.0)), partial=True)
    async with asyncio.TaskGroup() as group:
        decode = group.create_task(manager.transcribe(segment(silence(1.0))))
        await asyncio.sleep(0)
        assert await manager.guess(going_on) is None
        assert (await decode).text == "Oui."
    assert script.guesses == []
    heard = await manager.guess(going_on)
    assert heard is not None
    assert heard.text == "Non."
    await manager.aclose()
    assert await manager.guess(going_on) is None


async def test_a_file_comes_piece_by_piece_with_its_places(three_words: Path) -> None:
    manager, script = scripted(Line("un"), Line("deux"), Line("trois"))
    found = await collect(manager, three_words)
    assert [heard.text for _, heard in found] == ["un", "deux", "trois"]
    assert [start for start, _ in found] == pytest.approx([0.7, 3.7, 6.7], abs=0.07)
    assert [call.utterance for call in script.calls] == [1, 2, 3]
    script.assert_complete()


async def test_what_the_gate_rejects_is_left_out(three_words: Path) -> None:
    manager, script = scripted(Line("un"), Line("..."), Line("trois"))
    assert [heard.text for _, heard in await collect(manager, three_words)] == ["un", "trois"]
    script.assert_complete()


async def test_whoever_stops_early_leaves_nothing_running(three_words: Path) -> None:
    manager, script = scripted(Line("un"), Line("deux"))
    async with aclosing(manager.transcribe_file(three_words)) as found:
        assert (await anext(found))[1].text == "un"
    assert len(script.calls) == 1
    assert len(asyncio.all_tasks()) == 1


async def test_a_bad_file_is_told(tmp_path: Path) -> None:
    manager, _ = scripted()
    with pytest.raises(AudioUnreadable, match="There is no file"):
        await collect(manager, tmp_path / "none.wav")


async def test_silence_gives_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    soundfile.write(file, silence(2), SAMPLE_RATE)
    assert await collect(scripted()[0], file) == []


@pytest.mark.real
async def test_two_languages_in_one_file_are_heard_by_the_real_engine(tmp_path: Path) -> None:
    parts = [load_audio(FR.path), silence(0.6), load_audio(EN.path), silence(0.6), load_audio(FR.path)]
    file = tmp_path / "both.flac"
    soundfile.write(file, np.repeat(np.concatenate(parts)[:, None], 2, axis=1), SAMPLE_RATE)
    manager = STTManager.from_settings(settings(stt__model="prism-tiny", models__dir=tmp_path))
    found = await collect(manager, file)
    assert [(heard.text, heard.language) for _, heard in found] == [
        (FR.text, "fr"),
        (EN.text, "en"),
        (FR.text, "fr"),
    ]
    second = FR.duration + 0.6 + EN.speech[0]
    assert found[1][0] == pytest.approx(second - 0.3, abs=0.15)
    await manager.aclose()
    await manager.aclose()


async def test_a_model_that_cannot_be_had_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    manager = STTManager.from_settings(settings(stt__model="base", models__dir=tmp_path))
    with pytest.raises(STTUnavailable, match=r"prism models pull base.*stt\.model=prism-tiny") as caught:
        await manager.warm()
    assert "\n" not in str(caught.value)
    await manager.aclose()


def test_each_conversation_has_its_own_detector() -> None:
    manager, _ = scripted()
    assert manager.detector() is not manager.detector()


async def test_a_missing_model_is_fetched_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = find_model("prism-tiny").bundled_path
    assert source is not None
    files = {file.name: file.read_bytes() for file in source.iterdir() if file.is_file()}
    seen: list[str] = []
    with model_hub(files) as (_, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        chosen = settings(stt__model="tiny", models__dir=tmp_path)
        manager = STTManager.from_settings(chosen, progress=lambda *step: seen.append(step[0]))
        await manager.warm()
    heard = await manager.transcribe(segment(load_audio(FR.path)))
    assert (heard.text, heard.model) == (FR.text, "tiny")
    assert "model.bin" in seen
    await manager.aclose()
