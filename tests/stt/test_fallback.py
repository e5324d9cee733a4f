"""Recognizers that stand in for each other, told by scripts and a clock that the test moves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stt import Line, Notify, ScriptedTranscriber, STTRejected, STTUnavailable, create_transcriber
from stt.fallback import Fallback
from tests.kit.settings import settings
from tests.stt.material import segment, silence

GONE = STTUnavailable("The engine is gone.")


class Stage:
    """Two scripted engines, what was told of them, and the time."""

    def __init__(self, first: list[Line], second: list[Line], timeout_s: float = 5.0) -> None:
        self.now = 0.0
        self.told: list[tuple[str, str, str]] = []
        self.first, self.second = ScriptedTranscriber(first), ScriptedTranscriber(second)
        engines = [("first", self.first), ("second", self.second)]
        self.both = Fallback(engines, timeout_s, lambda *news: self.told.append(news), lambda: self.now)

    async def hear(self) -> str:
        return (await self.both.transcribe(segment(silence(0.1)))).text


async def test_the_same_words_go_to_the_next_engine_and_back_after_a_probe() -> None:
    stage = Stage([Line(error=GONE), Line(error=GONE), Line("back")], [Line("a"), Line("b"), Line("c")])
    assert await stage.hear() == "a"
    assert stage.told == [("first", "second", "The engine is gone.")]
    stage.now = 29.0
    assert await stage.hear() == "b"
    assert len(stage.first.calls) == 1, "an open breaker is not asked"
    stage.now = 31.0
    assert await stage.hear() == "c", "the probe failed and the words were still heard"
    assert len(stage.first.calls) == 2
    stage.now = 60.0
    stage.now = 95.0
    assert await stage.hear() == "back"
    assert stage.told[1:] == [("second", "first", "it works again")]
    assert stage.both.current == "first"


async def test_what_is_rejected_is_nobodys_failure() -> None:
    stage = Stage([Line(error=STTRejected("No.")), Line("yes")], [])
    with pytest.raises(STTRejected):
        await stage.hear()
    assert await stage.hear() == "yes"
    assert stage.told == []


async def test_all_fail_and_all_are_asked_again_though_their_breakers_are_open() -> None:
    stage = Stage([Line(error=GONE), Line("again")], [Line(error=STTUnavailable("Also gone."))])
    with pytest.raises(STTUnavailable, match="Also gone"):
        await stage.hear()
    assert await stage.hear() == "again"


async def test_who_rests_is_asked_before_words_are_lost() -> None:
    stage = Stage([Line(error=GONE), Line("back")], [Line("a"), Line(error=STTUnavailable("No French."))])
    assert [await stage.hear(), await stage.hear()] == ["a", "back"]


async def test_an_engine_that_never_answers_is_left() -> None:
    stage = Stage([Line("late", delay=60.0)], [Line("soon")], timeout_s=0.01)
    stage.both._timeout_s = -0.95  # 0.05 s for 0.1 s of audio
    assert await stage.hear() == "soon"
    assert "did not answer in time" in stage.told[0][2]


async def test_a_cancelled_probe_leaves_the_breaker_free() -> None:
    stage = Stage([Line(error=GONE), STARTED, Line("back")], [Line("a"), Line("b")])
    await stage.hear()
    stage.now = 31.0

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await stage.hear()
    assert await stage.hear() == "back"


STARTED = Line("never", delay=30.0)


async def test_warming_takes_the_first_that_can_and_tells(tmp_path: Path) -> None:
    told: list[tuple[str, str, str]] = []
    (tmp_path / "script.yaml").write_text("- text: hello\n", "utf-8")
    chosen = settings(
        stt__backend="faster_whisper",
        stt__model=str(tmp_path),
        stt__fallback=[f"scripted:{tmp_path / 'script.yaml'}"],
    )
    made = create_transcriber(chosen.stt, tmp_path, notify=Notify(switched=lambda *n: told.append(n)))
    await made.warm()
    assert told[0][:2] == ("faster_whisper", f"scripted:{tmp_path / 'script.yaml'}")
    assert (await made.transcribe(segment(silence(0.1)))).text == "hello"
    await made.aclose()
    await made.aclose()


async def test_when_none_can_be_warmed_the_preferred_one_says_why(tmp_path: Path) -> None:
    made = create_transcriber(
        settings(stt__model=str(tmp_path), stt__fallback=["faster_whisper"]).stt,
        tmp_path,
    )
    with pytest.raises(STTUnavailable, match="no CTranslate2 Whisper model"):
        await made.warm()


def test_an_unknown_fallback_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(STTUnavailable, match="did you mean scripted"):
        create_transcriber(settings(stt__fallback=["scriptd"]).stt, tmp_path)
