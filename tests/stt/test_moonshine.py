"""Moonshine: our side with a stand-in for its library, and the library itself as far as it goes without weights."""

from __future__ import annotations

import asyncio
import importlib.util
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config import ModelStore
from stt import STTBackendMissing, STTRejected, STTUnavailable, judge
from stt.backends import TranscriberOptions, known_backends
from stt.backends.moonshine import Moonshine, create, size_of
from tests.kit.settings import settings
from tests.stt.material import noise, segment, silence


class Failure(Exception):
    """What the stand-in raises."""


def line(text: str, start: float, duration: float, words: list[Any] | None = None) -> SimpleNamespace:
    return SimpleNamespace(text=text, start_time=start, duration=duration, words=words)


class Library:
    """A loaded model, as far as it is asked."""

    def __init__(self, *lines: SimpleNamespace, fails: bool = False) -> None:
        self.lines, self.fails = list(lines), fails
        self.heard: list[tuple[int, int]] = []
        self.closed = self.loads = self.inside = 0

    def transcribe_without_streaming(self, audio: list[float], sample_rate: int) -> SimpleNamespace:
        self.inside += 1
        assert self.inside == 1, "the engine was entered twice"
        assert all(-1.0 <= value <= 1.0 for value in audio)
        self.heard.append((len(audio), sample_rate))
        self.inside -= 1
        if self.fails:
            raise Failure("tensor of another shape")
        return SimpleNamespace(lines=self.lines)

    def close(self) -> None:
        self.closed += 1


def options(folder: Path | None = None, **stt: object) -> TranscriberOptions:
    changes = {"backend": "moonshine", "model": "tiny", **stt}
    chosen = settings(**{f"stt__{key}": value for key, value in changes.items()}).stt
    return TranscriberOptions(chosen, ModelStore(folder))


def made(library: Library, **stt: Any) -> Moonshine:
    def load(_: TranscriberOptions) -> tuple[Library, type[Exception]]:
        library.loads += 1
        return library, Failure

    return create(options(**stt), load)


async def test_lines_become_segments() -> None:
    library = Library(line(" Hello there. ", 0.1, 0.9), line("", 1.0, 0.2), line("How are you?", 1.2, 1.0))
    engine = made(library)
    await engine.warm()
    heard = await engine.transcribe(segment(noise(2.5, 3000)))
    assert (heard.text, heard.language, heard.backend, heard.model) == (
        "Hello there. How are you?",
        "en",
        "moonshine",
        "tiny",
    )
    assert [(part.start, part.end) for part in heard.segments] == [(0.1, 1.0), (1.2, 2.2)]
    assert heard.confidence == 1.0
    assert judge(heard) is None
    assert (library.heard, library.loads) == ([(40_000, 16_000)], 1)
    await engine.aclose()
    await engine.aclose()
    assert library.closed == 1
    with pytest.raises(STTUnavailable, match="closed"):
        await engine.transcribe(segment(silence(0.1)))


async def test_words_bring_their_times_and_their_confidence() -> None:
    words = [
        SimpleNamespace(word="Stop", start=0.1, end=0.4, confidence=0.9),
        SimpleNamespace(word="now", start=0.5, end=0.8, confidence=1.2),
    ]
    engine = made(Library(line("Stop now", 0.1, 0.7, words)), word_timestamps=True)
    heard = await engine.transcribe(segment(silence(1)))
    assert [(word.text, word.probability) for word in heard.segments[0].words] == [
        (" Stop", 0.9),
        (" now", 1.0),
    ]
    assert heard.confidence == pytest.approx(0.95)
    assert heard.segments[0].avg_logprob == pytest.approx(math.log(0.95))
    await engine.aclose()


async def test_many_callers_are_served_one_at_a_time_and_failures_are_told() -> None:
    engine = made(Library(line("Yes.", 0, 1)))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(engine.transcribe(segment(silence(0.2), n))) for n in range(6)]
    assert [task.result().text for task in tasks] == ["Yes."] * 6
    await engine.aclose()
    failing = made(Library(fails=True))
    with pytest.raises(STTUnavailable, match=r"Moonshine failed \(tensor of another shape\)"):
        await failing.transcribe(segment(silence(0.2)))
    with pytest.raises(STTRejected, match="no audio"):
        await failing.transcribe(segment(silence(0)))
    with pytest.raises(STTUnavailable, match="hears English only, not 'fr'"):
        await failing.transcribe(segment(silence(0.2)), language="fr")
    await failing.aclose()


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("tiny", "tiny"),
        ("small", "small-streaming"),
        ("medium", "medium-streaming"),
        ("base", "base"),
        ("/models/tiny-en", "tiny"),
        ("/models/tiny-streaming-en", "tiny-streaming"),
    ],
)
def test_a_size_is_named_by_itself_or_by_a_folder(model: str, size: str) -> None:
    assert size_of(model) == size


def test_what_it_cannot_be_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "moonshine" in known_backends()
    with pytest.raises(STTUnavailable, match="no Moonshine model; choose one of tiny, base"):
        create(options(model="large-v3"))
    with pytest.raises(STTUnavailable, match="no French"):
        create(options(language="fr"))
    monkeypatch.setitem(sys.modules, "moonshine_voice", None)
    engine = create(options())
    with pytest.raises(STTBackendMissing, match=r"prism-voice\[moonshine\]"):
        asyncio.run(engine.warm())


@pytest.mark.real
@pytest.mark.skipif(
    importlib.util.find_spec("moonshine_voice") is None, reason="pip install 'prism-voice[moonshine]'"
)
async def test_the_library_itself_refuses_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "tiny-en").mkdir()
    (tmp_path / "tiny-en" / "encoder_model.ort").write_bytes(b"none")
    engine = create(options(tmp_path, model=str(tmp_path / "tiny-en")))
    with pytest.raises(STTUnavailable, match="cannot be had"):
        await engine.warm()
    await engine.aclose()
