"""``prism dictate`` on recordings: words, events, exit codes, and nothing of the user's touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import DictationRecovered
from tests.kit.sse_server import Reply, sse_server
from ui.cli.dictation_view import DictationView
from ui.cli.main import main

ASSETS = Path(__file__).resolve().parents[2] / "ui" / "assets" / "demo"
TINY = ("--set", "stt.model=prism-tiny")


def dictate(*words: str) -> int:
    return main(["dictate", *TINY, *words])


@pytest.mark.real
def test_a_recording_is_written_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert dictate("--input", str(ASSETS / "fr_sum.flac"), "--lang", "fr") == 0
    assert capsys.readouterr().out == "Combien font sept fois huit?\n"


@pytest.mark.real
def test_with_json_stdout_carries_events_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert dictate("--input", str(ASSETS / "en_time.flac"), "--sink", "stdout", "--json") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [event["event"] for event in events]
    assert names.count("dictation.text") == names.count("dictation.delivered") == 1
    assert next(e for e in events if e["event"] == "dictation.delivered")["text"] == "What time is it?"
    assert events[-1] == {"event": "dictation.state", "t": events[-1]["t"], "state": "idle"}


@pytest.mark.real
def test_a_recording_touches_nothing_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    target = tmp_path / "words.txt"
    assert dictate("--input", str(ASSETS / "en_time.flac"), "--sink", f"file:{target}") == 0
    assert dictate("--input", str(ASSETS / "en_time.flac"), "--sink", f"file:{target}") == 0
    assert target.read_text() == "What time is it?\n" * 2
    assert not list((tmp_path / "state").rglob("d2*"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("seen", "told"), [(True, "My secret."), (False, "prism history show d1")])
def test_recovered_words_are_shown_to_a_person_and_to_no_log(
    seen: bool, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: seen)
    event = DictationRecovered(t=0, id="d1", text="My secret.", language="en", seconds=1, uncertain=False)
    DictationView(speaking=True).notify(event)
    assert capsys.readouterr().err == f"Recovered from d1: {told}\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--input", "nosuch.wav"], 4, "There is no file nosuch.wav"),
        (["--input", "{here}"], 4, "is a folder"),
        (["--input", "x", "--sink", "fax"], 2, "There is no sink fax"),
        (["--input", "x", "--sink", "file:"], 2, "There is no sink file:"),
        (["--input", "x", "--sink", "stdout:x"], 2, "There is no sink stdout:x"),
        (["--hold", "notakey", "--sink", "stdout"], 2, "There is no key 'notakey'"),
        (["--rate", "16000"], 2, "--rate belongs to --input -"),
        (["--input", "{en}", "--sink", "file:{here}"], 5, "cannot be written"),
        (["--input", "{en}", "--set", "stt.model=/nosuch/model"], 3, ""),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    words: list[str], code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [word.format(here=tmp_path, en=ASSETS / "en_time.flac") for word in words]
    assert dictate(*told) == code
    err = capsys.readouterr().err
    assert sentence in err
    assert "Traceback" not in err


def test_without_a_keyboard_a_microphone_is_of_no_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert dictate("--once", "--sink", "stdout") == 2
    assert "no keyboard" in capsys.readouterr().err


CLEANED = ("--set", "dictation.cleanup.enabled=true", "--json", "--input", str(ASSETS / "en_time.flac"))


def text_of(out: str) -> dict[str, object]:
    (found,) = [e for e in map(json.loads, out.splitlines()) if e["event"] == "dictation.text"]
    return dict(found)


@pytest.mark.parametrize(
    ("reply", "text", "raw"),
    [
        (Reply.of("What time is it"), "What time is it", "What time is it?"),
        (Reply.of("It is five past three."), "What time is it?", None),
        (Reply.refusal(500, "out of memory"), "What time is it?", None),
    ],
    ids=["cleaned", "answered", "broken"],
)
@pytest.mark.real
def test_a_language_model_may_only_clean(
    reply: Reply, text: str, raw: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with sse_server([reply] * 3) as server:
        assert dictate(*CLEANED, "--set", f"llm.base_url={server.base_url}") == 0
        assert "What time is it?" in server.requests[-1].body["messages"][-1]["content"]
    told = text_of(capsys.readouterr().out)
    assert (told["text"], told.get("raw")) == (text, raw)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "builtin"])
@pytest.mark.real
def test_without_a_language_model_words_stay_as_they_are(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dictate(*CLEANED, "--set", f"llm.base_url={url}") == 0
    assert text_of(capsys.readouterr().out)["text"] == "What time is it?"
