"""The recognizer in a child: killed, stopped, bloated and closed, with the model that comes with Prism."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from stt import Int16, Notify, STTRejected, STTUnavailable, create_transcriber, load_audio
from stt.isolation import IsolatedTranscriber
from tests.kit.settings import settings
from tests.stt.material import recording, segment, silence

pytestmark = pytest.mark.real  # processes that are started, killed and waited for


SPOKEN = recording("fr_16k.wav")


class Restarts(list[tuple[str, str]]):
    """What was told."""

    def note(self, engine: str, reason: str) -> None:
        self.append((engine, reason))


def make(folder: Path, told: Restarts | None = None, **stt: object) -> IsolatedTranscriber:
    changes = {"isolation": "process", "model": "prism-tiny", "hang_s": 1.0, **stt}
    chosen = settings(**{f"stt__{key}": value for key, value in changes.items()})
    notify = Notify(restarted=told.note) if told is not None else None
    made = create_transcriber(chosen.stt, folder, notify=notify)
    assert isinstance(made, IsolatedTranscriber)
    return made


@pytest.fixture
def samples() -> Int16:
    return load_audio(SPOKEN.path)


@pytest.fixture
def told() -> Restarts:
    return Restarts()


@pytest_asyncio.fixture
async def engine(tmp_path: Path, told: Restarts) -> AsyncIterator[IsolatedTranscriber]:
    made = make(tmp_path, told)
    yield made
    await made.aclose()
    await made.aclose()
    assert not active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_a_child_that_dies_while_it_starts_is_replaced(
    engine: IsolatedTranscriber, told: Restarts, samples: Int16
) -> None:
    async with asyncio.TaskGroup() as group:
        warming = group.create_task(engine.warm())
        while engine.pid is None:  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.01)
        os.kill(engine.pid, signal.SIGKILL)
        await warming
    assert [reason for _, reason in told] == ["it died of SIGKILL"]
    assert (await engine.transcribe(segment(samples), language="fr")).text == SPOKEN.text


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_lost_in_mid_utterance_the_words_are_still_right(
    engine: IsolatedTranscriber, told: Restarts, samples: Int16
) -> None:
    await engine.warm()
    for blow in (signal.SIGKILL, signal.SIGSTOP):
        pid = engine.pid
        assert pid
        async with asyncio.TaskGroup() as group:
            decode = group.create_task(engine.transcribe(segment(samples), language="fr"))
            await asyncio.sleep(0.01)  # a decode takes several times as long
            os.kill(pid, blow)
        assert decode.result().text == SPOKEN.text
        assert engine.pid != pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert [name for name, _ in told] == ["faster_whisper"] * 2
    assert "SIGKILL" in told[0][1]
    assert "no sign of life for 1 s" in told[1][1]


async def test_a_child_that_dies_while_idle_is_replaced(
    engine: IsolatedTranscriber, told: Restarts, samples: Int16
) -> None:
    await engine.warm()
    assert engine.pid
    os.kill(engine.pid, signal.SIGTERM)
    await asyncio.sleep(0.1)
    assert (await engine.transcribe(segment(samples))).text == SPOKEN.text
    assert len(told) == 1


async def test_errors_cross_the_pipe_and_cost_no_child(
    engine: IsolatedTranscriber, told: Restarts, samples: Int16
) -> None:
    with pytest.raises(STTRejected, match="no audio"):
        await engine.transcribe(segment(silence(0)))
    with pytest.raises(STTRejected, match="language 'xx'"):
        await engine.transcribe(segment(samples), language="xx")
    assert (await engine.transcribe(segment(samples))).text == SPOKEN.text
    assert told == []


async def test_a_child_that_is_too_big_is_replaced_and_told(
    tmp_path: Path, told: Restarts, samples: Int16
) -> None:
    made = make(tmp_path, told, memory_mb=64)
    try:
        assert (await made.transcribe(segment(samples))).text == SPOKEN.text  # quicker than a beat
    except STTUnavailable as error:  # a beat came in time, twice
        assert "stt.memory_mb is 64" in str(error)  # noqa: PT017  # one of two right outcomes
    async with asyncio.timeout(10):
        while not told:  # noqa: ASYNC110  # a note, not an event: nothing to wait on
            await asyncio.sleep(0.02)
    assert "MiB" in told[0][1]
    await made.aclose()


async def test_a_model_that_cannot_be_had_is_told_as_without_a_child(tmp_path: Path) -> None:
    made = make(tmp_path, model=str(tmp_path))
    with pytest.raises(STTUnavailable, match="no CTranslate2 Whisper model"):
        await made.warm()
    await made.aclose()
    with pytest.raises(STTUnavailable, match="closed"):
        await made.warm()
    assert not active_children()


async def test_a_child_at_work_is_not_idle(tmp_path: Path, samples: Int16) -> None:
    """The rest that began after its last words must not end it after the words that it is at now."""
    made = make(tmp_path, idle_unload_s=0.2)
    try:
        await made.transcribe(segment(samples))
        child = made.pid
        await made.transcribe(segment(np.tile(samples, 20)))  # much longer at work than the rest
        assert (await made.transcribe(segment(samples))).text == SPOKEN.text
        assert made.pid == child
    finally:
        await made.aclose()


async def test_a_child_that_is_made_while_it_is_being_closed_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing found no child to kill; the one that came then must not load its model first, which may take minutes."""
    made, log = make(tmp_path), []

    class Late:
        alive = True

        def __init__(self, _: object) -> None:
            made._closed = True

        def warm(self) -> None:
            log.append("warm")

        def close(self) -> None:
            log.append("close")

    monkeypatch.setattr("stt.isolation.engine.Link", Late)
    with pytest.raises(STTUnavailable, match="closed"):
        await made.warm()
    assert log == ["close"]
    made._pool.shutdown()
