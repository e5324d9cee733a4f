"""What every engine promises, whichever it is: each file of tts/backends is found and held to it."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.kit.settings import settings
from tests.kit.speech_services import openai_speech, wyoming_speech
from tests.tts.conftest import read
from tts import (
    SpeechChunk,
    Synthesizer,
    TTSError,
    TTSRejected,
    TTSUnavailable,
    create_synthesizer,
    known_backends,
)
from tts.system_programs import programs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from config import Settings

ROOT = Path(__file__).parents[2]
NAMES = sorted(file.stem for file in (ROOT / "tts/backends").glob("[a-z]*.py"))
LONG = "Ceci est une longue phrase, qui ne finit pas de finir. " * 20


@contextmanager
def surroundings(name: str, voices_dir: Path) -> Iterator[Settings]:
    """Settings with which an engine works, and the service that it needs while the block runs."""
    chosen = settings(models__dir=str(voices_dir))
    with ExitStack() as stack:
        if name == "openai_http":
            found = {
                "base_url": stack.enter_context(openai_speech()).url,
                "model": "m",
                "voice": None,
                "api_key": None,
            }
            chosen = settings(tts__openai_http=found)
        elif name == "wyoming":
            pytest.importorskip("wyoming", reason="the wyoming package is not installed")
            chosen = settings(tts__wyoming={"uri": stack.enter_context(wyoming_speech()).url})
        elif name == "system" and not any(map(shutil.which, programs(sys.platform))):
            pytest.skip("this system has no speech program (Debian: espeak-ng)")
        yield chosen


IN_PROCESS = {"espeak", "piper", "scripted", "silent"}
"""Engines whose promises are cheap to check; the others start a program or need a service."""


@pytest.fixture(
    params=[pytest.param(name, marks=[] if name in IN_PROCESS else pytest.mark.real) for name in NAMES]
)
async def engine(request: pytest.FixtureRequest, voices_dir: Path) -> AsyncIterator[Synthesizer]:
    with surroundings(request.param, voices_dir) as chosen:
        made = create_synthesizer(request.param, chosen)
        yield made
        await made.aclose()


async def say(engine: Synthesizer, text: str, language: str = "fr", speed: float = 1.0) -> list[SpeechChunk]:
    return await read(engine.speak(text, language=language, voice=None, speed=speed))


def seconds(chunks: list[SpeechChunk]) -> float:
    return sum(chunk.duration for chunk in chunks)


def test_the_files_are_the_names() -> None:
    assert list(known_backends()) == NAMES
    assert {"espeak", "piper", "scripted", "silent"} <= set(NAMES)


@pytest.mark.parametrize(("wrong", "said"), [("pipper", "piper"), ("Espeak", "espeak"), ("qqq", "known are")])
def test_an_unknown_name_is_refused_with_the_nearest(wrong: str, said: str) -> None:
    with pytest.raises(TTSUnavailable, match=said):
        create_synthesizer(wrong, settings())


async def test_it_has_its_file_s_name(engine: Synthesizer, request: pytest.FixtureRequest) -> None:
    assert engine.name == request.node.callspec.params["engine"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_it_speaks_both_languages(engine: Synthesizer, language: str) -> None:
    await engine.warm(language)
    chunks = await say(engine, "Paris, Berlin, Madrid.", language)
    assert 0.3 < seconds(chunks) < 10
    assert [chunk.last_of_sentence for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert {chunk.text for chunk in chunks} == {"Paris, Berlin, Madrid."}
    assert {chunk.backend for chunk in chunks} == {engine.name}


async def test_twice_the_speed_takes_about_half_the_time(engine: Synthesizer) -> None:
    if engine.name == "wyoming":
        with pytest.raises(TTSRejected, match="no speed"):
            await say(engine, LONG, speed=2.0)
        return
    slow, fast = await say(engine, LONG), await say(engine, LONG, speed=2.0)
    assert 0.35 < seconds(fast) / seconds(slow) < 0.65


@pytest.mark.parametrize("text", ["", "  ", "...", "\n", "\u200b"])
async def test_text_without_sound_gives_one_last_chunk(engine: Synthesizer, text: str) -> None:
    chunks = await say(engine, text)
    assert chunks[-1].last_of_sentence
    assert not any(np.any(chunk.samples) for chunk in chunks)
    assert seconds(chunks) < 1


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800 hélas", "😀 👩‍👩‍👧", "[[haɪ]] <b>&amp;", "中文 и русский", "x" * 500]
)
async def test_odd_text_is_no_crash(engine: Synthesizer, text: str) -> None:
    chunks = await say(engine, text)
    assert chunks[-1].last_of_sentence


async def test_leaving_in_mid_stream_leaves_it_usable(engine: Synthesizer) -> None:
    before = await say(engine, "Un, deux, trois.")
    for _ in range(3):
        async with aclosing(engine.speak(LONG, language="fr", voice=None, speed=1.0)) as chunks:
            assert (await anext(chunks)).samples.size
    after = await say(engine, "Un, deux, trois.")
    assert seconds(after) == pytest.approx(seconds(before), rel=0.05)


async def test_a_voice_that_it_does_not_have_means_its_own(engine: Synthesizer) -> None:
    usual = await say(engine, "Bonjour à tous.")
    other = await read(engine.speak("Bonjour à tous.", language="fr", voice="Zarathustra", speed=1.0))
    assert seconds(other) == pytest.approx(seconds(usual), rel=0.05)


async def test_its_voices_name_it(engine: Synthesizer) -> None:
    voices = await engine.voices()
    assert {voice.backend for voice in voices} <= {engine.name}
    assert len({voice.name for voice in voices}) == len(voices)


async def test_closing_twice_is_fine(engine: Synthesizer) -> None:
    assert await say(engine, "Un.")
    await engine.aclose()
    await engine.aclose()


LIBRARIES = [
    (name, module, package)
    for name in NAMES
    for module, package in getattr(importlib.import_module(f"tts.backends.{name}"), "LIBRARIES", {}).items()
]


@pytest.mark.parametrize(("name", "module", "package"), LIBRARIES)
async def test_a_missing_library_is_one_sentence_with_the_command(
    name: str, module: str, package: str, voices_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    made = create_synthesizer(name, settings(models__dir=str(voices_dir)))
    with pytest.raises(TTSError) as caught:
        await made.warm("fr")
    await made.aclose()
    assert type(caught.value).__name__ == "TTSBackendMissing"
    assert f"`pip install {package}`" in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_the_face_of_the_room_loads_no_engine() -> None:
    heavy = {"onnxruntime", "piper", "espeakng_loader", "soxr", "pydantic", "httpx", "wyoming"}
    probe = f"import sys, tts; tts.SentenceSplitter; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
