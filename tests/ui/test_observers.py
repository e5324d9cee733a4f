"""Observers without a screen: what reaches stdout, and what a log may not hold."""

from __future__ import annotations

import json
import logging

import pytest

from pipeline import (
    DictationKept,
    PipelineEvent,
    ReplyDelta,
    SessionStarted,
    TranscriptFinal,
    TurnCompleted,
    TurnInterrupted,
)
from ui.cli.observers import Collector, EventLog, JsonLines

EVENTS: list[PipelineEvent] = [
    SessionStarted(t=0.0, stt="s", llm="l", tts="t", language="auto"),
    TranscriptFinal(t=1.0, turn=1, text="mon code est 4711", language="fr", confidence=0.9),
    ReplyDelta(t=1.5, turn=1, text="le code 4711"),
    TurnInterrupted(t=2.0, turn=1, heard_text="le", intended_text="le code 4711", reason="speech"),
    TurnCompleted(t=3.0, turn=2, text="4711", latency={"first_audio": 480.0}),
]


def test_json_lines_are_one_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    lines = JsonLines()
    for event in EVENTS:
        lines.notify(event)
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["event"] for record in records] == [event.name for event in EVENTS]
    assert records[1] == {
        "event": "transcript.final", "t": 1.0, "turn": 1, "text": "mon code est 4711", "language": "fr",
        "confidence": 0.9,
    }  # fmt: skip


def test_the_log_holds_milestones_and_no_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "prism.events")
    events = EventLog()
    for event in EVENTS:
        events.notify(event)
    records = [json.loads(record.getMessage()) for record in caplog.records]
    assert [record["event"] for record in records] == [
        "session.started", "transcript.final", "turn.interrupted", "turn.completed",
    ]  # fmt: skip
    assert records[-1]["latency"] == {"first_audio": 480.0}
    assert "4711" not in caplog.text
    assert "code" not in caplog.text


def test_the_log_holds_no_title_of_a_window(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "prism.events")
    moved = "The focus moved from a letter to code 4711."
    EventLog().notify(DictationKept(t=1.0, id="d1", text="Hello.", where="the clipboard", reason=moved))
    assert "dictation.kept" in caplog.text
    assert "4711" not in caplog.text


def test_the_log_holds_every_word_only_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prism.events")
    events = EventLog()
    for event in EVENTS:
        events.notify(event)
    assert len(caplog.records) == len(EVENTS)
    assert all(record.levelno == logging.DEBUG for record in caplog.records)
    assert "mon code est 4711" in caplog.text


def test_the_collector_keeps_all_in_order() -> None:
    collector = Collector()
    for event in EVENTS:
        collector.notify(event)
    assert collector.events == EVENTS
    assert [event.text for event in collector.of(TranscriptFinal)] == ["mon code est 4711"]
