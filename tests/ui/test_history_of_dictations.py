"""``prism history`` with dictations: what the journal has, to read, understand again, insert and forget."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pipeline import Journal
from stt import load_audio
from tests.kit.settings import settings
from tests.ui.conftest import ROOT, Prism

SPOKEN = ROOT / "ui" / "assets" / "demo" / "en_time.flac"


def dictated(home: Path, text: str | None, *, sound: bool = False) -> str:
    """A dictation in the journal of this home: confirmed with its words, or only recorded."""

    async def leave() -> str:
        journal = Journal(settings().journal, home / "state" / "prism" / "dictations")
        name = await journal.begin("hold")
        if sound:
            recording = journal.record(name)
            recording.append(load_audio(SPOKEN))
            await journal.close_recording(recording)
            await journal.note(name, "captured", seconds=recording.seconds)
        if text is not None:
            await journal.note(name, "confirmed", text=text, where="an editor", language="en")
        await journal.aclose()
        return name

    return asyncio.run(leave())


def test_dictations_are_listed_shown_and_deleted(prism: Prism, home: Path) -> None:
    name = dictated(home, "Hello there.\nAgain.")
    (line,) = prism("history", "--json").out.splitlines()
    record = json.loads(line)
    assert (record["id"], record["kind"], record["state"], record["text"]) == (
        name,
        "dictation",
        "confirmed",
        "Hello there.\nAgain.",
    )
    listed = prism("history")
    assert listed.out == f"{name}          confirmed    Hello there. Again.\n"
    assert listed.err == "`prism history paste ID` inserts the words of one.\n"
    shown = prism("history", "show", "last")
    assert shown.out == "Hello there.\nAgain.\n"
    assert shown.err == f"{name}: confirmed, in an editor\n"
    assert prism("history", "--kind", "conversation", "--json").out == ""
    removed = prism("history", "rm", name)
    assert (removed.code, removed.err) == (0, "1 dictation is deleted.\n")
    assert prism("history", "--json").out == ""
    assert prism("history", "--kind", "dictation").err == "No dictation is kept.\n"


def test_what_is_being_said_right_now_is_not_deleted(prism: Prism, home: Path) -> None:
    dictated(home, "Hello there.")
    recording = Journal(settings().journal, home / "state" / "prism" / "dictations")
    name = asyncio.run(recording.begin("hold"))
    ran = prism("history", "rm", "all")
    assert ran.code == 2
    assert ran.err == (
        f"1 dictation is deleted.\nprism: The dictation {name} is in work right now; wait until it is over.\n"
    )
    assert [json.loads(line)["id"] for line in prism("history", "--json").out.splitlines()] == [name]
    asyncio.run(recording.aclose())


@pytest.mark.parametrize("ledger", ["", '{"state": "star', "#c2VhbGVkIHdpdGggYSBrZXkgdGhhdCBpcyBnb25l"])
def test_one_that_cannot_be_read_hides_no_other_and_can_be_deleted(
    prism: Prism, home: Path, ledger: str
) -> None:
    """A crash in the first write leaves an empty one, and a lost key closed ones."""
    name = dictated(home, "Hello there.")
    torn = home / "state" / "prism" / "dictations" / "d20990101-000000.jsonl"
    torn.write_text(ledger)
    listed = prism("history", "--json")
    assert (listed.code, json.loads(listed.out)["id"]) == (0, name)
    assert f"The dictation {torn.stem} is torn" in listed.err
    assert prism("history", "rm", "all").code == 0
    assert not torn.exists()


@pytest.mark.real
def test_what_was_only_recorded_is_understood_by_retry_and_not_offered_again(
    prism: Prism, home: Path
) -> None:
    name = dictated(home, None, sound=True)
    ran = prism("history", "retry", "--set", "stt.model=prism-tiny")
    assert (ran.code, ran.out) == (0, "What time is it?\n")
    record = json.loads(prism("history", "show", name, "--json").out)
    assert (record["state"], record["text"]) == ("recovered", "What time is it?")


def test_words_are_put_where_they_are_wanted(prism: Prism, home: Path) -> None:
    dictated(home, "Once more.")
    target = home / "words.txt"
    ran = prism("history", "paste", "--sink", f"file:{target}")
    assert (ran.code, ran.out) == (0, "")
    assert target.read_text() == "Once more.\n"
    assert prism("history", "paste", "--sink", "stdout").out == "Once more.\n"


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("paste",), 2, "has no words yet: prism history retry"),
        (("paste", "20261120-101010"), 2, "takes a dictation"),
        (("retry", "d20261120-101010"), 2, "There is no dictation d20261120-101010"),
        (("play",), 2, "The sound of the dictation"),
    ],
)
def test_what_cannot_be_done_is_told(
    prism: Prism, home: Path, argv: tuple[str, ...], code: int, words: str
) -> None:
    dictated(home, None)
    ran = prism("history", *argv)
    assert ran.code == code
    assert words in ran.err


def test_a_sink_that_cannot_take_words_fails_with_one_line(prism: Prism, home: Path) -> None:
    dictated(home, "Hello.")
    ran = prism("history", "paste", "--sink", f"file:{home}")
    assert ran.code == 1
    assert "cannot be written" in ran.err
