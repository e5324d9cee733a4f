"""A reply of twenty sentences while everything breaks: each word is spoken exactly once, and each switch is told."""

from __future__ import annotations

import itertools
import os
import signal
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from common.breaker import Breaker, BreakerPolicy
from config import ModelStore
from tests.kit.speech_services import openai_speech
from tests.tts.conftest import FRENCH
from tests.tts.tone_voice import install_voice
from tts import (
    Failure,
    ScriptedSynthesizer,
    SpeechCache,
    SpeechChunk,
    SpeechScript,
    Synthesizer,
    TTSManager,
)
from tts.backends.espeak import EspeakSynthesizer
from tts.backends.openai_http import HttpSynthesizer
from tts.backends.piper import PiperSynthesizer
from tts.backends.piper_cli import PiperProcesses
from tts.cache_disk import SpeechDisk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.real  # processes that are started, killed and waited for


NUMBERS = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante "
    "cinquante"
).split()
SENTENCES = [f"Voici la phrase {number}, qui a sept mots. " for number in NUMBERS]
REPLY = "".join(SENTENCES)

Switch = tuple[str, str]


async def deltas() -> AsyncIterator[str]:
    for start in range(0, len(REPLY), 7):
        yield REPLY[start : start + 7]


class Stage:
    """A manager, what it told and what it gave out; ``at`` breaks something before a sentence."""

    def __init__(self, *engines: Synthesizer, cache: SpeechCache | None = None) -> None:
        self.switches: list[Switch] = []
        self.chunks: list[SpeechChunk] = []
        self.manager = TTSManager(
            engines, notify=lambda before, after, _: self.switches.append((before, after)), cache=cache
        )
        self.breaks: dict[int, Callable[[], None]] = {}

    async def run(self) -> None:
        begun: set[str] = set()
        async with aclosing(self.manager.stream(deltas(), language="fr", early=False)) as speech:
            async for chunk in speech:
                self.chunks.append(chunk)
                begun.add(chunk.text)
                for number in [number for number in self.breaks if len(begun) >= number]:
                    self.breaks.pop(number)()
        await self.manager.aclose()

    def each_word_once(self) -> None:
        """The pieces joined are the reply; each ends once; none is cut short."""
        pieces = [
            (text, list(group)) for text, group in itertools.groupby(self.chunks, lambda chunk: chunk.text)
        ]
        assert "".join(text for text, _ in pieces) == REPLY
        assert [text for text, _ in pieces] == SENTENCES
        for text, group in pieces:
            assert [chunk.last_of_sentence for chunk in group] == [False] * (len(group) - 1) + [True], text
            assert sum(chunk.duration for chunk in group) > 1.5, text
            assert not any(chunk.text != text for chunk in group)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    pytest.importorskip("onnx", reason="onnx is needed to make a voice")
    return install_voice(tmp_path, FRENCH, "fr")


def damage(model: Path) -> None:
    """Half of a voice, as a broken download leaves it."""
    model.write_bytes(model.read_bytes()[:400])


async def test_voice_deleted_in_mid_reply(model: Path, tmp_path: Path) -> None:
    piper = PiperProcesses(ModelStore(tmp_path))
    stage = Stage(piper, EspeakSynthesizer())

    def delete() -> None:
        model.unlink()
        ((_, child),) = piper.children.values()
        child.kill()

    stage.breaks[7] = delete
    await stage.run()
    stage.each_word_once()
    assert stage.switches == [("piper_cli", "espeak")]
    assert len({chunk.text for chunk in stage.chunks if chunk.backend == "piper_cli"}) in (7, 8)


async def test_voice_corrupted_before_the_reply(model: Path, tmp_path: Path) -> None:
    damage(model)
    stage = Stage(PiperSynthesizer(ModelStore(tmp_path)), EspeakSynthesizer())
    await stage.run()
    stage.each_word_once()
    assert stage.switches == [("piper", "espeak")]


async def test_process_killed_again_and_again(model: Path, tmp_path: Path) -> None:
    assert model.exists()  # noqa: ASYNC240  # a fact about the fixture
    piper = PiperProcesses(ModelStore(tmp_path))
    stage = Stage(piper, EspeakSynthesizer())

    def kill() -> None:
        ((_, child),) = piper.children.values()
        if child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)

    stage.breaks |= dict.fromkeys((2, 3, 9, 15, 20), kill)
    await stage.run()
    stage.each_word_once()
    assert stage.switches == []  # each new process goes on by itself


async def test_server_that_is_slower_than_real_time() -> None:
    with openai_speech() as service:
        stage = Stage(HttpSynthesizer(service.url, "m"), EspeakSynthesizer())
        stage.breaks[5] = lambda: setattr(service, "stall_s", 0.14)  # for 0.09 s of sound
        stage.manager._breakers["openai_http", "fr"] = Breaker(BreakerPolicy(debt_s=1.0))  # for a short test
        await stage.run()
    stage.each_word_once()
    assert stage.switches == [("openai_http", "espeak")]
    assert stage.manager._reasons["openai_http"] == "openai_http is slower than real time."


async def test_full_disk_under_the_cache(model: Path, tmp_path: Path) -> None:
    assert model.exists()  # noqa: ASYNC240  # a fact about the fixture
    cache = SpeechCache(1_000_000, SpeechDisk(model / "no folder", 1_000_000))  # every write is an OSError
    stage = Stage(PiperSynthesizer(ModelStore(tmp_path)), EspeakSynthesizer(), cache=cache)
    await stage.run()
    stage.each_word_once()
    assert stage.switches == []


async def test_every_engine_breaks_in_turn_in_mid_sentence() -> None:
    first = SpeechScript(failures=tuple(Failure(SENTENCES[n], 4) for n in (3, 11)))
    second = SpeechScript(failures=(Failure(SENTENCES[5], 2),))
    stage = Stage(
        ScriptedSynthesizer(first, name="a"), ScriptedSynthesizer(second, name="b"), EspeakSynthesizer()
    )
    await stage.run()
    stage.each_word_once()
    assert stage.switches == [("a", "b"), ("b", "espeak")]
