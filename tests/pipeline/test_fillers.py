"""A word while the reply is late: only then, never over the user, never remembered."""

from __future__ import annotations

from typing import Any

import pytest

from llm import LLMUnavailable, Scripted, ScriptedReply, Step, say
from pipeline.phrases import apology, filler, fixed, one_moment
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold
from tests.pipeline.test_tools import box, calling

QUESTION = Line("What is the weather like?")
REPLY = "It is raining in Paris today."
FILLERS = {filler("en", number) for number in range(9)} | {filler("fr", number) for number in range(9)}


def talk(reply: ScriptedReply | str, *said: Said, lines: tuple[Line, ...] = (), **changes: Any) -> Outcome:
    stages = Stages([QUESTION, *lines], [reply, "Fine."], use_up=False)
    return hold([Said(0.5, 1.5), *said], stages, **{"turn__filler_after_ms": 500, **changes})


def fillers(outcome: Outcome) -> list[str]:
    return [text for text in outcome.spoken if text in FILLERS]


def test_a_late_reply_is_announced_once_and_only_it_is_remembered() -> None:
    outcome = talk(say(REPLY, first_s=3.0))
    assert outcome.spoken == [fillers(outcome)[0], REPLY]
    assert outcome.history == [("user", QUESTION.text), ("assistant", REPLY)]
    assert [event["text"] for event in outcome.all("reply.sentence")] == [REPLY]
    completed = outcome.one("turn.completed")
    assert completed["text"] == REPLY
    assert completed["latency"]["first_audio"] > 3000  # the reply's, and not the filler's
    committed, started = outcome.one("turn.committed")["t"], outcome.one("audio.started")["t"]
    heard = outcome.sounding()
    assert not heard[: int(10 * (committed + 0.45))].any()
    assert heard[int(10 * (committed + 0.5)) : int(10 * started) - 5].any()


@pytest.mark.parametrize("changes", [{"turn__filler_after_ms": None}, {"turn__filler_after_ms": 4000}])
def test_nobody_is_told_of_what_is_not_late(changes: dict[str, Any]) -> None:
    assert talk(say(REPLY, first_s=3.0), **changes).spoken == [REPLY]
    assert talk(say(REPLY, first_s=0.1)).spoken == [REPLY]


def test_the_time_before_the_commit_does_not_count() -> None:
    reply = say(REPLY, first_s=1.5)  # there before the longest wait is over, or soon after
    stages = Stages([Line("Tell me about it and")], [reply], use_up=False)
    outcome = hold([Said(0.5, 1.5)], stages, turn__filler_after_ms=500)
    assert outcome.spoken == [REPLY]


def test_words_into_it_cut_it_and_everything_is_still_owed() -> None:
    outcome = talk(say(REPLY * 9, first_s=6.0), Said(2.9, 4.2), lines=(Line("In Paris, I mean."),))
    assert len(fillers(outcome)) >= 1
    cut = outcome.one("turn.interrupted")
    assert cut["heard_text"] == ""
    last = [message.content for message in outcome.requests[-1] if message.role == "user"]
    assert "weather" in last[-1]
    assert "Paris" in last[-1]
    assert not any(text in said for _, said in outcome.history for text in FILLERS)


def test_it_is_not_said_while_the_user_makes_himself_heard() -> None:
    due = talk(say(REPLY, first_s=3.0)).one("turn.committed")["t"] + 0.5
    cough = Said(due - 0.2, due + 0.2)
    outcome = talk(say(REPLY, first_s=3.0), cough, lines=(Line("", delay=0.05),))
    assert outcome.spoken == [REPLY]
    assert outcome.one("turn.completed")["text"] == REPLY


def test_a_tool_that_takes_long_is_announced_by_one_of_both() -> None:
    chat = Scripted([calling("box_open"), say(REPLY)])
    stages = Stages([QUESTION], chat=chat, offer_tools=True, tools=(box(3.0),))
    outcome = hold([Said(0.5, 1.5)], stages, turn__filler_after_ms=500)
    assert len(fillers(outcome)) == 1
    assert one_moment("en") not in outcome.spoken
    assert outcome.history[-1] == ("assistant", REPLY)


def test_a_reply_that_fails_after_it_says_so() -> None:
    outcome = talk(ScriptedReply((Step(LLMUnavailable("The script says so."), 2.0),)))
    assert outcome.spoken == [fillers(outcome)[0], apology("en")]
    assert outcome.one("turn.failed")["heard_text"] == ""
    assert [text for _, text in outcome.history] == [QUESTION.text, ""]


def test_with_fast_the_same_events_come_every_time() -> None:
    first = talk(say(REPLY, first_s=3.0), fast=True)
    assert [talk(say(REPLY, first_s=3.0), fast=True).events for _ in range(3)] == [first.events] * 3


def test_every_phrase_is_there_in_both_languages() -> None:
    assert set(fixed("fr")).isdisjoint(fixed("en"))
    assert {*fixed("fr"), *fixed("en")} >= FILLERS
    assert filler("fr", 1) != filler("fr", 2)
