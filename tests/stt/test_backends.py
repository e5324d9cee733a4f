"""The contract of recognizers, for every file in stt/backends: a new one is tested as soon as it is there."""

from __future__ import annotations

import asyncio
import importlib.util
import math
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import stt
from stt import (
    SAMPLE_RATE,
    STTError,
    STTRejected,
    STTUnavailable,
    Transcriber,
    create_transcriber,
    known_backends,
    load_audio,
)
from tests.kit.settings import settings
from tests.kit.speech_server import SpeechServer, speech_server
from tests.stt.material import noise, recording, segment, silence

SPOKEN = recording("fr_16k.wav")
SCRIPT = f"- text: {SPOKEN.text}\n  language: fr\n" * 6
MODELS = {"scripted": "script.yaml"}
"""``stt.model`` of backends that cannot use the model that comes with Prism."""


NEEDS = {"pocketsphinx": "pocketsphinx", "wyoming": "wyoming", "moonshine": "moonshine_voice"}
"""Packages of the extras."""
OWN_TESTS = {"pocketsphinx": "hears English only", "moonshine": "downloads its model"}
"""Backends that cannot say the words of this file; test_engines.py has theirs."""


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechServer]:
    with speech_server() as made:
        yield made


def make(name: str, folder: Path, server: SpeechServer) -> Transcriber:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    if name in OWN_TESTS:
        pytest.skip(f"{name} {OWN_TESTS[name]}")
    (folder / "script.yaml").write_text(SCRIPT, "utf-8")
    model = str(folder / MODELS[name]) if name in MODELS else "prism-tiny"
    chosen = settings(
        stt__backend=name,
        stt__model=model,
        stt__http_url=server.http_url,
        stt__wyoming_address=server.wyoming_address or "127.0.0.1:1",
    )
    return create_transcriber(chosen.stt, folder)


IN_PROCESS = {"scripted"}
"""Backends without an engine, whose promises are cheap to check."""


@pytest_asyncio.fixture(
    params=[
        pytest.param(name, marks=[] if name in IN_PROCESS else pytest.mark.real) for name in known_backends()
    ]
)
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path, server: SpeechServer
) -> AsyncIterator[Transcriber]:
    made = make(request.param, tmp_path, server)
    yield made
    await made.aclose()


def test_every_file_is_a_backend() -> None:
    assert stt.__file__ is not None
    files = {file.stem for file in (Path(stt.__file__).parent / "backends").glob("*.py")}
    assert set(known_backends()) == files - {"__init__"}
    assert {"faster_whisper", "scripted"} <= files


async def test_a_segment_becomes_a_transcript(backend: Transcriber) -> None:
    await backend.warm()
    samples = load_audio(SPOKEN.path)
    heard = await backend.transcribe(segment(samples), language="fr")
    assert (heard.text, heard.language, heard.is_final) == (SPOKEN.text, "fr", True)
    assert heard.audio_duration == pytest.approx(len(samples) / SAMPLE_RATE)
    assert 0 < heard.confidence <= 1
    assert math.isfinite(heard.rtf)
    assert heard.model
    assert heard.backend in known_backends()
    assert all(0 <= part.start <= part.end for part in heard.segments)


async def test_an_empty_segment_is_rejected(backend: Transcriber) -> None:
    with pytest.raises(STTRejected, match="no audio"):
        await backend.transcribe(segment(silence(0)))


@pytest.mark.parametrize(
    "samples", [silence(0.01), silence(65), noise(1, 9000)], ids=["short", "long", "noise"]
)
async def test_odd_audio_gives_a_transcript(backend: Transcriber, samples: stt.Int16) -> None:
    heard = await backend.transcribe(segment(samples))
    assert heard.audio_duration == pytest.approx(len(samples) / SAMPLE_RATE)


async def test_a_cancelled_caller_leaves_at_once_and_the_next_is_served(backend: Transcriber) -> None:
    await backend.warm()
    samples = load_audio(SPOKEN.path)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(backend.transcribe(segment(samples), language="fr"))
        await asyncio.sleep(0)
        task.cancel()
    heard = await backend.transcribe(segment(samples, 2), language="fr")
    assert heard.text == SPOKEN.text


async def test_close_twice_is_fine_and_closed_is_closed(backend: Transcriber) -> None:
    await backend.aclose()
    await backend.aclose()
    with pytest.raises(STTUnavailable, match="closed"):
        await backend.transcribe(segment(silence(0.1)))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("faster-whisper", "did you mean faster_whisper?"),
        ("whisper", "faster_whisper"),
        ("zzz", "known are "),
    ],
)
def test_an_unknown_backend_meets_its_nearest(name: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(STTError) as caught:
        create_transcriber(settings(stt__backend=name).stt, tmp_path)
    assert hint in str(caught.value)
