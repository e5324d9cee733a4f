"""The wake word in a conversation: what is heard asleep, awake, and after the set time."""

from __future__ import annotations

from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold

WAKE = {"word": "okay_nabu", "engine": "scripted", "listen_s": 2.0}


def held(said: list[Said], lines: list[str]) -> Outcome:
    stages = Stages([Line(line, delay=0.1) for line in lines], ["Yes."] * len(lines))
    return hold(
        said, stages, wake__word=WAKE["word"], wake__engine="scripted", wake__listen_s=WAKE["listen_s"]
    )


def test_without_the_word_nothing_is_heard() -> None:
    outcome = held([Said(0.5, 2.0), Said(3.0, 5.0)], [])
    assert outcome.names == ["session.started", "session.ended"]


def test_the_word_wakes_and_what_follows_is_answered() -> None:
    outcome = held([Said(0.5, 1.0), Said(2.0, 2.6, wakes=True), Said(3.0, 4.0)], ["What time is it?"])
    assert outcome.one("wake.detected")["word"] == "okay_nabu"
    assert outcome.one("wake.detected")["t"] < outcome.one("speech.started")["t"]
    assert [text for role, text in outcome.history if role == "user"] == ["What time is it?"]


def test_a_question_in_the_same_breath_is_heard() -> None:
    outcome = held([Said(2.0, 2.6, wakes=True), Said(2.6, 4.0)], ["What time is it?"])
    assert len(outcome.all("transcript.final")) == 1


def test_it_listens_on_after_an_answer_and_then_sleeps() -> None:
    first = [Said(0.5, 1.0, wakes=True), Said(1.2, 2.0)]
    in_time, too_late = Said(4.5, 5.5), Said(20.0, 21.0)
    outcome = held([*first, in_time, too_late], ["One.", "Two."])
    assert [text for role, text in outcome.history if role == "user"] == ["One.", "Two."]
    assert len(outcome.all("wake.detected")) == 1
    outcome = held([*first, too_late, Said(22.0, 22.5, wakes=True), Said(23.0, 24.0)], ["One.", "Two."])
    assert len(outcome.all("wake.detected")) == 2
    assert [event["started_at"] > 22 for event in outcome.all("speech.started")] == [False, True]


def test_the_word_alone_is_followed_by_silence() -> None:
    outcome = held([Said(0.5, 1.0, wakes=True), Said(10.0, 11.0)], [])
    assert [name for name in outcome.names if name.startswith(("wake", "speech"))] == ["wake.detected"]
