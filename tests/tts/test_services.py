"""Speech servers over real sockets: what they send becomes speech, what they do wrong becomes one clear sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import aclosing

import numpy as np
import pytest

from tests.kit.speech_services import RATE, Service, openai_speech, spoken, wyoming_speech
from tests.tts.conftest import read
from tts import SpeechChunk, Synthesizer, TTSError, TTSManager, TTSRejected, TTSUnavailable
from tts.backends.espeak import EspeakSynthesizer
from tts.backends.openai_http import RAW_RATE, HttpSynthesizer
from tts.backends.wyoming import WyomingSynthesizer
from tts.loudness import TARGET_RMS, frame_levels

TEXT = "Bonjour à tous, voici une phrase."


@pytest.fixture
def server() -> Iterator[Service]:
    with openai_speech() as service:
        yield service


@pytest.fixture
def service() -> Iterator[Service]:
    pytest.importorskip("wyoming", reason="the wyoming package is not installed")
    with wyoming_speech() as service:
        yield service


async def say(engine: Synthesizer, text: str = TEXT, voice: str | None = None) -> list[SpeechChunk]:
    return await read(engine.speak(text, language="fr", voice=voice, speed=1.0))


def joined(chunks: list[SpeechChunk]) -> list[int]:
    return [int(sample) for sample in np.concatenate([chunk.samples for chunk in chunks])]


def samples(service: Service) -> list[int]:
    """What the service sent last."""
    return [int(sample) for sample in np.frombuffer(service.made[-1], "<i2")]


def rms(chunks: list[SpeechChunk]) -> float:
    levels = frame_levels(np.concatenate([chunk.samples for chunk in chunks]), RATE) / 32_768
    loud = levels[levels > 0.1 * levels.max()]
    return float(np.sqrt((loud**2).mean()))


async def test_http_gives_the_server_s_samples_in_many_chunks(server: Service) -> None:
    engine = HttpSynthesizer(server.url, "kokoro", api_key="secret")
    chunks = await say(engine, voice="siwis")
    assert joined(chunks) == samples(server)
    assert len(chunks) > 5
    assert {chunk.sample_rate for chunk in chunks} == {RATE}
    wanted = {"model": "kokoro", "input": TEXT, "voice": "siwis", "response_format": "wav", "speed": 1.0}
    assert server.asked == [{**wanted, "authorization": "Bearer secret"}]
    await engine.aclose()


@pytest.mark.real
async def test_http_speaks_while_the_server_still_works(server: Service) -> None:
    server.stall_s = 0.05
    engine = HttpSynthesizer(server.url, "kokoro")
    begun, first = time.monotonic(), 0.0
    async with aclosing(engine.speak(TEXT, language="fr", voice=None, speed=1.0)) as chunks:
        async for _ in chunks:
            first = first or time.monotonic() - begun
    assert first < (time.monotonic() - begun) / 3
    await engine.aclose()


async def test_http_takes_raw_pcm(server: Service) -> None:
    server.kind = "pcm"
    engine = HttpSynthesizer(server.url, "m")
    chunks = await say(engine)
    assert {chunk.sample_rate for chunk in chunks} == {RAW_RATE}
    assert joined(chunks) == samples(server)
    await engine.aclose()


@pytest.mark.parametrize(
    ("voices", "usual", "wanted", "asked"),
    [
        (["siwis", "lessac"], None, "lessac", "lessac"),
        (["siwis", "lessac"], None, "nobody", "siwis"),
        (["siwis", "lessac"], "lessac", None, "lessac"),
        (["siwis", "lessac"], "lessac", "nobody", "lessac"),
        ([], "fr", None, "fr"),
        ([], None, "fr", "fr"),
    ],
)
async def test_http_asks_for_a_voice_that_is_there(
    server: Service, voices: list[str], usual: str | None, wanted: str | None, asked: str
) -> None:
    server.voices = voices
    engine = HttpSynthesizer(server.url, "m", voice=usual)
    await say(engine, "Oui.", wanted)
    assert server.asked[0]["voice"] == asked
    assert engine.signature(language="fr", voice=wanted) is not None
    await engine.aclose()


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ({"status": 401}, TTSUnavailable, "refuses the key"),
        ({"status": 400}, TTSRejected, "400: .*no such"),
        ({"status": 503}, TTSUnavailable, "503"),
        ({"kind": "html"}, TTSUnavailable, "no WAV"),
    ],
)
async def test_http_errors_are_one_sentence(
    server: Service, fault: dict[str, object], kind: type[TTSError], says: str
) -> None:
    for name, value in fault.items():
        setattr(server, name, value)
    engine = HttpSynthesizer(server.url, "m", api_key="secret")
    with pytest.raises(kind, match=says) as caught:
        await say(engine)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    await engine.aclose()


async def test_nobody_there_is_told_with_the_key_to_set() -> None:
    for engine in (HttpSynthesizer("http://127.0.0.1:9/v1", "m"), WyomingSynthesizer("tcp://127.0.0.1:9")):
        with pytest.raises(TTSUnavailable, match=r"set tts\.(openai_http\.base_url|wyoming\.uri)"):
            await engine.warm("fr")
        await engine.aclose()


async def test_no_message_holds_a_password() -> None:
    engine = HttpSynthesizer("http://me:hunter2@127.0.0.1:9/v1", "m")
    with pytest.raises(TTSUnavailable, match=r"at http://127\.0\.0\.1:9/v1") as caught:
        await engine.warm("fr")
    assert "hunter2" not in str(caught.value)
    await engine.aclose()


async def test_http_broken_off_in_mid_sentence_is_spoken_to_the_end_by_the_next(server: Service) -> None:
    server.cut_after = 2 * RATE  # one second
    switches: list[tuple[str, str, str]] = []
    engine = HttpSynthesizer(server.url, "m")
    manager = TTSManager([engine, EspeakSynthesizer()], notify=lambda *told: switches.append(told), stall_s=5)
    chunks = await read(manager.speak(TEXT, language="fr"))
    assert [chunk.backend for chunk in chunks][:: len(chunks) - 1] == ["openai_http", "espeak"]
    assert {chunk.text for chunk in chunks} == {TEXT}
    assert sum(chunk.duration for chunk in chunks) > 0.9 * len(spoken(TEXT, "fr")) / RATE
    assert [told[:2] for told in switches] == [("openai_http", "espeak")]
    await manager.aclose()


@pytest.mark.parametrize("level", [0.1, 0.5])
async def test_a_warmed_server_is_as_loud_as_the_other_voices(
    server: Service, service: Service, level: float
) -> None:
    server.level = service.level = level
    for engine in (HttpSynthesizer(server.url, "m"), WyomingSynthesizer(service.url)):
        await engine.warm("fr")
        assert rms(await say(engine)) == pytest.approx(TARGET_RMS, rel=0.3)
        await engine.aclose()


async def test_wyoming_gives_the_service_s_samples(service: Service) -> None:
    engine = WyomingSynthesizer(service.url)
    assert engine.signature(language="fr", voice=None) is None
    chunks = await say(engine)
    assert joined(chunks) == samples(service)
    assert service.asked == [{"input": TEXT, "voice": "fr"}]  # the service's own voice for the language
    await say(engine, voice="lessac")
    assert service.asked[-1]["voice"] == "lessac"
    assert engine.signature(language="en", voice="lessac") != engine.signature(language="fr", voice="siwis")
    assert engine.signature(language="fr", voice=None) is None
    assert [voice.language for voice in await engine.voices()] == ["fr", "en-us"]
    with pytest.raises(TTSRejected, match="no voice for the language 'de'"):
        await read(engine.speak("Ja.", language="de", voice=None, speed=1.0))


@pytest.mark.parametrize(
    ("fault", "says"), [({"status": 500}, "reports: no such luck"), ({"cut_after": 8000}, "broke off")]
)
async def test_wyoming_errors_are_one_sentence(service: Service, fault: dict[str, int], says: str) -> None:
    engine = WyomingSynthesizer(service.url)
    await engine.voices()
    for name, value in fault.items():
        setattr(service, name, value)
    with pytest.raises(TTSUnavailable, match=says):
        await say(engine)
