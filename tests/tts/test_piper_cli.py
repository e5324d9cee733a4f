"""Piper in a process: killed, stopped and damaged at every moment, it still says every sentence exactly once."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from config import ModelStore
from tests.tts.conftest import FRENCH, read
from tests.tts.tone_voice import install_voice
from tts import SpeechChunk, TTSRejected, TTSUnavailable
from tts.backends.piper import PiperSynthesizer, locate
from tts.backends.piper_cli import PiperProcesses
from tts.supervised import PiperChild

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.real  # processes that are started, killed and waited for


TEXT = "Un deux trois. Quatre cinq six. Sept huit neuf. Dix onze douze."


@pytest.fixture
async def engine(voices_dir: Path) -> AsyncIterator[PiperProcesses]:
    made = PiperProcesses(ModelStore(voices_dir))
    await made.warm("fr")
    yield made
    await made.aclose()


def child_of(engine: PiperProcesses) -> PiperChild:
    ((_, child),) = engine.children.values()
    return child


def pid_of(child: PiperChild) -> int:
    assert child.pid is not None
    return child.pid


async def said(engine: PiperProcesses | PiperSynthesizer, text: str = TEXT) -> list[SpeechChunk]:
    return await read(engine.speak(text, language="fr", voice=None, speed=1.0))


def joined(chunks: list[SpeechChunk]) -> list[int]:
    return [int(sample) for sample in np.concatenate([chunk.samples for chunk in chunks])]


async def test_it_sounds_as_piper_does(engine: PiperProcesses, voices_dir: Path) -> None:
    inside = PiperSynthesizer(ModelStore(voices_dir))
    assert joined(await said(engine)) == joined(await said(inside))
    await inside.aclose()


async def test_the_process_stays_warm(engine: PiperProcesses) -> None:
    pid = child_of(engine).pid
    await said(engine)
    await said(engine, "Encore.")
    assert child_of(engine).pid == pid is not None
    assert child_of(engine).starts == 1


async def test_killed_between_two_pieces_it_is_started_again(engine: PiperProcesses) -> None:
    before = joined(await said(engine))
    os.kill(pid_of(child_of(engine)), signal.SIGKILL)
    assert joined(await said(engine)) == before
    assert child_of(engine).starts == 2


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_killed_in_mid_piece_every_sentence_is_said_once(engine: PiperProcesses, after: int) -> None:
    before = joined(await said(engine))
    child = child_of(engine)
    parts: list[SpeechChunk] = []
    os.kill(pid_of(child), signal.SIGSTOP)
    async with aclosing(engine.speak(TEXT, language="fr", voice=None, speed=1.0)) as chunks:
        os.kill(pid_of(child), signal.SIGCONT)
        async for chunk in chunks:
            parts.append(chunk)
            if len(parts) == after and child.pid:
                os.kill(child.pid, signal.SIGKILL)
    assert joined(parts) == before


def test_killed_after_each_sentence_of_a_piece_it_goes_on(voices_dir: Path) -> None:
    child = PiperChild(locate(ModelStore(voices_dir), None, "fr"), (None, None))
    never = threading.Event()
    before = [part.tolist() for part in child.say(TEXT, None, 1.0, never)]
    parts = []
    for part in child.say(TEXT, None, 1.0, never):
        parts.append(part.tolist())
        child.kill()
    assert parts == before
    assert child.starts == 1 + len(before)
    child.close()


async def test_a_child_that_hangs_is_replaced(voices_dir: Path) -> None:
    engine = PiperProcesses(ModelStore(voices_dir))
    await engine.warm("fr")
    before = joined(await said(engine))
    child = child_of(engine)
    child._silence_s = 3.0  # starting takes about one
    os.kill(pid_of(child), signal.SIGSTOP)
    begun = time.monotonic()
    assert joined(await said(engine)) == before
    assert 2.5 < time.monotonic() - begun < 25, "without the watch it would be 30 s"
    assert child.starts == 2
    await engine.aclose()


async def test_a_voice_deleted_under_it_is_said_plainly(tmp_path: Path, voices_dir: Path) -> None:
    model = install_voice(tmp_path, FRENCH, "fr")
    engine = PiperProcesses(ModelStore(tmp_path))
    await said(engine)
    os.kill(pid_of(child_of(engine)), signal.SIGKILL)
    model.unlink()
    with pytest.raises(TTSUnavailable):
        await said(engine)
    model.write_bytes(b"no model")
    with pytest.raises(TTSUnavailable, match="cannot be used"):
        await said(engine)
    shutil.copy(voices_dir / "tts" / FRENCH / f"{FRENCH}.onnx", model)
    assert await said(engine)
    await engine.aclose()


async def test_an_unknown_speaker_is_refused_and_the_process_lives(engine: PiperProcesses) -> None:
    with pytest.raises(TTSRejected, match="no speaker"):
        await read(engine.speak("Oui.", language="fr", voice=f"{FRENCH}#paul", speed=1.0))
    assert await said(engine)
    assert child_of(engine).starts == 1


async def test_closing_ends_the_process(voices_dir: Path) -> None:
    engine = PiperProcesses(ModelStore(voices_dir))
    await engine.warm("fr")
    pid = child_of(engine).pid
    assert pid
    child = child_of(engine)
    await engine.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(TTSUnavailable, match="closed"):
        child.load()


def test_the_signature_follows_the_voice_s_file(tmp_path: Path) -> None:
    model = install_voice(tmp_path, FRENCH, "fr")
    for engine in (PiperProcesses(ModelStore(tmp_path)), PiperSynthesizer(ModelStore(tmp_path))):
        first = engine.signature(language="fr", voice=None)
        assert first is not None
        assert engine.signature(language="fr", voice=f"{FRENCH}#0") != first
        os.utime(model, ns=(1, time.time_ns()))
        assert engine.signature(language="fr", voice=None) not in (None, first)
        assert engine.signature(language="de", voice=None) is None
