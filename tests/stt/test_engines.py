"""Recognizers behind servers and beside Whisper: what they send, and what they make of bad answers."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config import find_model
from stt import (
    STTBackendMissing,
    STTError,
    STTRejected,
    STTUnavailable,
    Transcriber,
    create_transcriber,
    load_audio,
)
from tests.kit.settings import settings
from tests.kit.speech_server import SpeechServer, speech_server
from tests.stt.material import noise, recording, recordings, segment, silence

SPOKEN, ENGLISH = recording("fr_16k.wav"), recording("en_16k.wav")


def make(**stt: object) -> Transcriber:
    return create_transcriber(settings(**{f"stt__{key}": value for key, value in stt.items()}).stt)


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechServer]:
    with speech_server() as made:
        yield made


@pytest.mark.real
async def test_openai_http_sends_what_it_knows_and_gets_figures(server: SpeechServer) -> None:
    server.mood = "verbose"
    made = make(backend="openai_http", http_url=server.http_url, http_model="tiny", http_key="secret")
    heard = await made.transcribe(segment(load_audio(SPOKEN.path)), language="fr", prompt="Prism")
    assert (heard.text, heard.language, heard.model) == (SPOKEN.text, "fr", "tiny")
    assert server.requests[-1]["prompt"] == "Prism"
    assert heard.segments[0].avg_logprob < 0
    await made.aclose()


@pytest.mark.real
async def test_a_server_without_verbose_json_is_asked_for_plain_json_from_then_on(
    server: SpeechServer,
) -> None:
    server.mood = "plain"
    made = make(backend="openai_http", http_url=server.http_url)
    before = len(server.requests)
    for _ in range(2):
        heard = await made.transcribe(segment(load_audio(ENGLISH.path)), language="en")
        assert (heard.text, heard.confidence) == (ENGLISH.text, 1.0)
    formats = [request["response_format"] for request in server.requests[before:]]
    assert formats == ["verbose_json", "json", "json"]
    await made.aclose()


@pytest.mark.parametrize(
    ("mood", "kind", "message"),
    [
        ((401, ""), STTUnavailable, r"does not accept stt\.http_key"),
        ((404, "no"), STTUnavailable, r"no model 'whisper-1'; set stt\.http_url"),
        ((400, "bad audio"), STTRejected, "400: bad audio"),
        ((400, "no hush"), STTRejected, r"at http://127\S+ refuses .*no \*+\)"),
        ((503, "loading"), STTUnavailable, r"failed \(503: loading\)"),
        ((200, "<html>"), STTUnavailable, "without JSON"),
        ((200, "[]"), STTUnavailable, "without a text"),
        ((200, '{"text": null}'), STTUnavailable, "without a text"),
    ],
)
async def test_refusals_of_a_server_are_told(
    server: SpeechServer, mood: tuple[int, str], kind: type[STTError], message: str
) -> None:
    server.mood = mood
    url = server.http_url.replace("//", "//me:hunter2@")
    made = make(backend="openai_http", http_url=url, http_key="hush")
    with pytest.raises(kind, match=message):
        await made.transcribe(segment(noise(0.2, 300)))
    await made.aclose()


@pytest.mark.parametrize(
    "odd",
    [
        '{"text": "x", "segments": [1, {"start": null, "end": "y"}], "language": 3}',
        '{"text": "x", "segments": 7}',
        '{"text": "x", "segments": [{"text": "x", "avg_logprob": 1000}], "language": "english"}',
        f'{{"text": "x", "segments": [{{"text": "x", "end": 1{"0" * 400}, "no_speech_prob": NaN}}]}}',
    ],
)
async def test_odd_fields_of_a_server_are_survived(server: SpeechServer, odd: str) -> None:
    server.mood = (200, odd)
    made = make(backend="openai_http", http_url=server.http_url)
    heard = await made.transcribe(segment(noise(0.2, 300)))
    assert (heard.text, heard.language) == ("x", "en")
    await made.aclose()


async def test_a_server_is_told_the_names_that_are_set_and_given_its_time(server: SpeechServer) -> None:
    server.mood = (200, '{"text": "x"}')
    made = make(
        backend="openai_http",
        http_url=server.http_url,
        prompt="Prism.",
        hotwords=["Zoé", "Ollama"],
        timeout_s=1e-6,  # and ten for each second of audio
    )
    for prompt, told in ((None, "Prism. Zoé, Ollama"), ("Other.", "Other. Zoé, Ollama")):
        heard = await made.transcribe(segment(noise(0.5, 300)), prompt=prompt)
        assert (heard.prompt, server.requests[-1]["prompt"]) == (told, told)
    await made.aclose()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_servers_that_are_not_there_are_told(closed_port: int) -> None:
    with pytest.raises(STTUnavailable, match=r"cannot be reached; start it or set stt\.http_url"):
        await make(backend="openai_http", http_url=f"http://127.0.0.1:{closed_port}/v1").warm()
    pytest.importorskip("wyoming")
    with pytest.raises(STTUnavailable, match=r"set stt\.wyoming_address"):
        await make(backend="wyoming", wyoming_address=f"127.0.0.1:{closed_port}").warm()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "openai_http", "http_url": "localhost:8000"}, r"stt\.http_url is 'localhost:8000'"),
        ({"backend": "wyoming", "wyoming_address": "somewhere"}, "give host:port"),
        ({"backend": "pocketsphinx", "language": "fr"}, "English only"),
    ],
)
def test_wrong_options_are_told_at_the_start(options: dict[str, object], message: str) -> None:
    with pytest.raises(STTUnavailable, match=message):
        make(**options)


async def test_a_wyoming_service_that_fails_or_hangs_up_is_told() -> None:
    pytest.importorskip("wyoming")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answers.pop(0))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    answers = [
        b'{"type": "error", "data": {"text": "no model"}}\n',
        b"",
        b"garbage\n",
        b'{"type": "transcript"}\n',
        b'{"type": "transcript", "data_length": 99}\n{"te',
        b"[]\n",
    ]
    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    made = make(backend="wyoming", wyoming_address=f"127.0.0.1:{port}")
    for message in ("no model", *["hung up|cannot be used"] * 5):
        with pytest.raises(STTUnavailable, match=message):
            await made.transcribe(segment(silence(0.05)))
    listener.close()
    await listener.wait_closed()


@pytest.mark.parametrize(("backend", "package"), [("pocketsphinx", "pocketsphinx"), ("wyoming", "wyoming")])
async def test_a_missing_extra_names_its_install_command(
    backend: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [package, *(known for known in sys.modules if known.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(STTBackendMissing, match=rf"prism-voice\[{backend}\]"):
        await make(backend=backend).warm()


@pytest.mark.real
@pytest.mark.skipif(not importlib.util.find_spec("pocketsphinx"), reason="pocketsphinx is not installed")
async def test_pocketsphinx_hears_commands_and_survives_noise() -> None:
    made = make(backend="pocketsphinx", language="en")
    await made.warm()
    texts = []
    for item in recordings():
        if item.language == "en":
            heard = await made.transcribe(segment(load_audio(item.path)), language="en")
            texts.append(heard.text)
            assert 0.0 <= heard.confidence <= 1.0
            assert heard.segments[0].end == pytest.approx(item.speech[1], abs=0.5)
    assert all(texts), "English recordings are heard as something"
    for samples in (silence(0.01), silence(1), noise(1, 3000)):
        assert (await made.transcribe(segment(samples))).audio_duration > 0
    with pytest.raises(STTUnavailable, match="English only"):
        await made.transcribe(segment(silence(1)), language="fr")
    await made.aclose()


@contextlib.asynccontextmanager
async def wyoming_faster_whisper(folder: Path) -> AsyncIterator[str]:
    """The ecosystem's own server, from this environment or the one whose Python PRISM_WYOMING_PYTHON names."""
    python = os.environ.get("PRISM_WYOMING_PYTHON", sys.executable)
    if "PRISM_WYOMING_PYTHON" not in os.environ and not importlib.util.find_spec("wyoming_faster_whisper"):
        pytest.skip(
            "wyoming-faster-whisper is not installed; PRISM_WYOMING_PYTHON may name a Python that has it"
        )
    source = find_model("prism-tiny").bundled_path
    assert source is not None
    shutil.copytree(source, folder / "tiny")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = [
        python,
        "-m",
        "wyoming_faster_whisper",
        "--uri",
        f"tcp://{address}",
        "--model",
        str(folder / "tiny"),
    ]
    words += [
        "--data-dir",
        str(folder),
        "--stt-library",
        "faster-whisper",
        "--local-files-only",
        "--beam-size",
        "5",
    ]
    server = await asyncio.create_subprocess_exec(
        *words, stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield address
    finally:
        server.kill()
        await server.wait()


@pytest.mark.real
@pytest.mark.timeout(60)
async def test_wyoming_faster_whisper_hears_the_recordings(tmp_path: Path) -> None:
    pytest.importorskip("wyoming")
    async with wyoming_faster_whisper(tmp_path) as address:
        made = make(backend="wyoming", wyoming_address=address)
        async with asyncio.timeout(40):
            while True:
                with contextlib.suppress(STTError):
                    await made.warm()
                    break
                await asyncio.sleep(0.2)
        for item in (SPOKEN, ENGLISH):
            heard = await made.transcribe(segment(load_audio(item.path)), language=item.language)
            assert heard.text == item.text
        await made.aclose()
