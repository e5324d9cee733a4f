"""What a later run makes of what an earlier one left: each state it may have died in, with a real journal."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Cancel, Dictation, DictationIO, Journal, PasteLast, Request, RetryLast
from stt import SAMPLE_RATE, Line, ScriptedTranscriber, STTManager, STTUnavailable
from tests.kit.dictation import Book, Dictated, LiveSource
from tests.kit.settings import settings

VOICE = np.concatenate([np.ones(SAMPLE_RATE, np.int16), np.zeros(SAMPLE_RATE, np.int16)])


def left(folder: Path, *states: tuple[str, dict[str, Any]], sound: np.ndarray | None = VOICE) -> str:
    """What a run that died left in the journal: its sound, and the states that it reached."""

    async def leave() -> str:
        journal = Journal(settings().journal, folder)
        name = await journal.begin("hold")
        if sound is not None:
            recording = journal.record(name)
            recording.append(sound)
            await journal.close_recording(recording)
        for state, facts in states:
            await journal.note(name, state, **facts)  # type: ignore[arg-type]
        await journal.aclose()
        return name

    return asyncio.run(leave())


def recover(
    folder: Path,
    lines: Sequence[Line] = (),
    wishes: Sequence[Request] = (),
    last: Request | None = None,
    **changes: object,
) -> Dictated:
    """A whole run on what is in the folder; then the wishes, and ``last`` as soon as the recognizer is asked."""
    config = settings(vad__backend="scripted", stt__cache=0, **changes)
    found = Dictated(Book())

    async def main() -> None:
        ears = ScriptedTranscriber(lines)
        journal = found.journal = Journal(config.journal, folder)
        stt = STTManager(ears, config.stt, config.vad)
        io = DictationIO(lambda: LiveSource([]), found.book.sink)
        dictation = Dictation(io, stt, journal, config, observers=[found])
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(dictation.run())
            await dictation.recovered.wait()
            for wish in wishes:
                dictation.post(wish)
            while last is not None and not ears.calls:  # noqa: ASYNC110  # a script has no event
                await asyncio.sleep(0.01)
            if last is not None:
                dictation.post(last)
            dictation.finish()
        ears.assert_complete()
        await journal.aclose()

    asyncio.run(main())
    return found


def kept(found: Dictated, name: str) -> tuple[str, float]:
    """What the journal has of a dictation after a run: its state, and seconds of sound."""
    assert found.journal is not None
    return found.journal.load(name).state, found.journal.seconds(name)


def test_what_was_only_recorded_is_understood_and_offered_once(tmp_path: Path) -> None:
    name = left(tmp_path)
    found = recover(tmp_path, [Line("Virgule du passé.", "fr")])
    offered = found.one("dictation.recovered")
    assert (offered["id"], offered["text"], offered["language"]) == (name, ", du passé.", "fr")
    assert (offered["seconds"], offered["uncertain"]) == (2.0, False)
    assert found.book.texts == []
    assert recover(tmp_path).events == []


def test_what_is_offered_can_be_inserted(tmp_path: Path) -> None:
    name = left(tmp_path)
    found = recover(tmp_path, [Line("Old words.")], [PasteLast()])
    assert found.book.texts == ["Old words."]
    assert found.one("dictation.delivered")["id"] == name


def test_words_that_were_never_delivered_are_not_decoded_again(tmp_path: Path) -> None:
    left(tmp_path, ("captured", {"seconds": 2.0}), ("transcribed", {"text": "Known.", "language": "en"}))
    assert recover(tmp_path).one("dictation.recovered")["text"] == "Known."


@pytest.mark.parametrize("mode", ["offer", "deliver"])
@pytest.mark.parametrize("then", [(), (("failed", {"reason": "a bug in mid-delivery"}),)])
def test_words_that_may_have_arrived_are_never_delivered_by_themselves(
    tmp_path: Path, mode: str, then: tuple[tuple[str, dict[str, Any]], ...]
) -> None:
    left(tmp_path, ("transcribed", {"text": "Twice?"}), ("delivering", {}), *then)
    found = recover(tmp_path, journal__recover=mode)
    assert found.one("dictation.recovered")["uncertain"] is True
    assert found.book.texts == []


async def test_looking_through_many_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        ledger = tmp_path / f"d20261120-1000{number:02d}.jsonl"
        ledger.write_text('{"state": "confirmed", "at": "2026-11-20T10:00:00"}\n')
    monkeypatch.setattr(Journal, "tidy", lambda _: asyncio.sleep(0))
    config = settings(vad__backend="scripted")
    stt = STTManager(ScriptedTranscriber([]), config.stt, config.vad)
    io = DictationIO(lambda: LiveSource([]), Book().sink)
    dictation = Dictation(io, stt, Journal(config.journal, tmp_path), config)
    others = 0
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(dictation.run())
        while not dictation.recovered.is_set():
            await asyncio.sleep(0)
            others += 1
        dictation.end()
    assert others >= 100


def test_all_is_delivered_in_order_where_it_is_wanted_so(tmp_path: Path) -> None:
    for number in range(12):  # more than the line holds
        left(tmp_path, ("transcribed", {"text": f"Text {number}.", "language": "en"}))
    found = recover(tmp_path, journal__recover="deliver")
    assert [text.strip() for text in found.book.texts] == [f"Text {number}." for number in range(12)]
    assert recover(tmp_path, journal__recover="deliver").events == []


@pytest.mark.parametrize(
    "states",
    [[("confirmed", {})], [("cancelled", {})], [("empty", {})], [("kept", {"where": "the clipboard"})]],
)
def test_what_is_over_is_left_alone(tmp_path: Path, states: list[tuple[str, dict[str, Any]]]) -> None:
    left(tmp_path, ("transcribed", {"text": "Done."}), *states)
    assert recover(tmp_path).events == []


def test_without_sound_there_is_nothing_to_recover(tmp_path: Path) -> None:
    left(tmp_path, sound=None)
    assert recover(tmp_path).events == []


def test_silence_is_nothing(tmp_path: Path) -> None:
    left(tmp_path, sound=np.zeros(SAMPLE_RATE, np.int16))
    assert recover(tmp_path).events == []


def test_a_recording_that_cannot_be_understood_is_tried_three_times(tmp_path: Path) -> None:
    left(tmp_path)
    gone = Line(error=STTUnavailable("The model is gone."))
    for _ in range(3):
        assert recover(tmp_path, [gone]).one("dictation.failed")["error"] == "The model is gone."
    assert recover(tmp_path).events == []


def test_retry_understands_the_recording_again(tmp_path: Path) -> None:
    name = left(tmp_path, ("transcribed", {"text": "Wrong."}), ("confirmed", {}))
    found = recover(tmp_path, [Line("Right.")], [RetryLast(name)])
    assert found.book.texts == ["Right."]


@pytest.mark.parametrize("line", [Line(""), Line(error=STTUnavailable("The model is gone."))])
@pytest.mark.parametrize(("state", "keep"), [("failed", "text"), ("delivered", "audio")])
def test_a_retry_that_finds_nothing_changes_nothing(
    tmp_path: Path, line: Line, state: str, keep: str
) -> None:
    """Its sound may be all that there is of those words, and what was delivered is not offered again."""
    name = left(tmp_path, (state, {"text": "Old." if state == "delivered" else None}))
    found = recover(tmp_path, [line], [RetryLast(name)], journal__recover="off", journal__keep=keep)
    assert kept(found, name) == (state, 2.0)


def test_a_retry_that_is_cancelled_costs_no_sound(tmp_path: Path) -> None:
    name = left(tmp_path, ("failed", {"reason": "The model is gone."}))
    config = {"journal__recover": "off", "journal__keep": "text"}
    found = recover(tmp_path, [Line("Too late.", delay=5.0)], [RetryLast(name)], Cancel(), **config)
    assert kept(found, name) == ("failed", 2.0)


def test_a_recognizer_that_cannot_have_another_model_says_so(tmp_path: Path) -> None:
    name = left(tmp_path, ("confirmed", {"text": "Wrong."}))
    failed = recover(tmp_path, [], [RetryLast(name, "large")]).one("dictation.failed")
    assert "model 'large'" in failed["error"]


def test_nothing_is_recovered_where_it_is_not_wanted(tmp_path: Path) -> None:
    left(tmp_path)
    assert recover(tmp_path, journal__recover="off").events == []


@pytest.mark.skipif(sys.platform == "win32", reason="the soak forks")
@pytest.mark.timeout(120)
@pytest.mark.real
def test_ten_deaths_lose_nothing_and_deliver_nothing_twice() -> None:
    """The soak itself, short: a busy machine may be late to write, so that sound has more time here."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "scripts.soak.dictation_crash",
            "--runs",
            "10",
            "--quick",
            "--loss-ms",
            "1000",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("10 runs")
