"""Tools in a conversation: what the model is told, what runs, what the user hears, what history keeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from llm import (
    LLMEmpty,
    LLMTooLong,
    Message,
    Scripted,
    ScriptedReply,
    Step,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
    say,
)
from pipeline import RATE
from pipeline.builtin_tools import calculate, change_volume
from pipeline.phrases import may_i, no_words, one_moment, too_long
from pipeline.tools import MAX_RESULT, Tool, ToolError
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold
from tts import SpeechScript

FOREIGN = ToolSpec("box_open", "Opens the box.", {"type": "object", "properties": {}})


def calling(name: str, **arguments: Any) -> ScriptedReply:
    return ScriptedReply((Step(ToolCall("c1", name, arguments)),), "tool_calls")


def box(seconds: float = 0.0, content: str = "empty", default: Any = "allow") -> Tool:
    """A tool that takes so long."""

    async def run(_arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        await asyncio.sleep(seconds)
        if content == "broken":
            raise ToolError("the lid is stuck")
        return {"content": content}

    return Tool(FOREIGN, run, default)


def talk(*lines: str, chat: Scripted, tools: tuple[Tool, ...] = (), **changes: Any) -> Outcome:
    stages = Stages(chat=chat, offer_tools=True, tools=tools)
    return hold([], stages, typed=lines, stt__language="en", **changes)


def results(chat: Scripted, request: int = 1) -> list[dict[str, Any]]:
    return [json.loads(m.content) for m in chat.requests[request] if m.role == "tool"]


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("calculator", {"expression": "2 * (3 + 4)"}, {"ok": True, "result": 14}),
        ("calculator", {"expression": "1 / 0"}, {"ok": False, "error": "a division by zero has no result"}),
        ("calculator", {"expression": "import os"}, {"ok": False}),
        ("timer", {"seconds": 90, "label": "tea"}, {"ok": True, "seconds": 90, "label": "tea"}),
        ("timer", {"seconds": "soon"}, {"ok": False}),
        ("timer_cancel", {}, {"ok": True, "cancelled": 0}),
        ("timer", {"seconds": 10**400}, {"ok": False}),
        ("time", {}, {"ok": True}),
        ("rm_rf", {}, {"ok": False, "error": "there is no tool called 'rm_rf'"}),
    ],
)
def test_a_built_in_tool_answers_the_model(
    name: str, arguments: dict[str, Any], result: dict[str, Any]
) -> None:
    chat = Scripted([calling(name, **arguments), say("There you are.")])
    outcome = talk("Do it.", chat=chat)
    (got,) = results(chat)
    assert result.items() <= got.items()
    assert outcome.one("tool.called")["ok"] is result["ok"]
    assert outcome.history == [("user", "Do it."), ("assistant", "There you are.")]


class Loudness:
    """An output with a volume."""

    def __init__(self, level: float) -> None:
        self.level = level

    def __call__(self, level: float | None) -> float:
        self.level = self.level if level is None else level
        return self.level


@pytest.mark.parametrize(
    ("arguments", "percent"),
    [
        ({}, 50),
        ({"percent": 80}, 80),
        ({"change": 20}, 70),
        ({"change": -80}, 0),
        ({"change": "15"}, 65),
        ({"percent": 400}, 100),
        ({"percent": 30, "change": 20}, 30),
    ],
)
def test_the_volume_is_told_or_changed(arguments: dict[str, Any], percent: int) -> None:
    output = Loudness(0.5)
    assert change_volume(output, arguments)["percent"] == percent
    assert output.level == pytest.approx(percent / 100)


def test_a_model_that_lowers_the_volume_is_softer() -> None:
    loud, soft = (
        hold(
            [],
            Stages(chat=Scripted([calling("volume", percent=percent), say("It is done.")]), offer_tools=True),
            typed=["Softer."],
            stt__language="en",
        )
        for percent in (100, 25)
    )
    played = [np.concatenate(outcome.played).astype(int) for outcome in (loud, soft)]
    peaks = [
        np.abs(sound[np.flatnonzero(sound)[0] + RATE // 20 :]).max() for sound in played
    ]  # softly, not at once
    assert peaks[0] > 1000
    assert peaks[1] == pytest.approx(peaks[0] / 4, abs=2)


@pytest.mark.parametrize("arguments", [{"percent": "loud"}, {"change": float("nan")}, {"percent": []}])
def test_a_volume_that_is_no_number_changes_nothing(arguments: dict[str, Any]) -> None:
    output = Loudness(0.5)
    with pytest.raises((ValueError, TypeError)):
        change_volume(output, arguments)
    assert output.level == 0.5


def test_an_output_without_a_volume_is_an_answer() -> None:
    with pytest.raises(ToolError, match="cannot be changed"):
        change_volume(lambda _level: None, {"percent": 50})


@pytest.mark.parametrize(("language", "said"), [("en", "All right."), ("fr", "D'accord.")])
def test_told_to_be_quiet_the_model_has_no_more_to_say(language: str, said: str) -> None:
    chat = Scripted([calling("stop"), say("It is noon.")])
    outcome = hold(
        [],
        Stages(chat=chat, offer_tools=True),
        typed=["Be quiet.", "What time is it?"],
        stt__language=language,
    )
    assert len(chat.requests) == 2, "the model is not asked what it thinks of it"
    assert outcome.history[:2] == [("user", "Be quiet."), ("assistant", said)]
    assert outcome.all("turn.failed") == []


def test_what_was_said_before_being_quiet_is_all() -> None:
    first = ScriptedReply((Step(TextDelta("Sure.")), Step(ToolCall("c1", "stop", {}))), "tool_calls")
    outcome = talk("Be quiet.", chat=Scripted([first]))
    assert outcome.spoken == ["Sure."]
    assert outcome.history == [("user", "Be quiet."), ("assistant", "Sure.")]


def test_no_foreign_tool_takes_the_place_of_one_of_prism() -> None:
    impostor = Tool(ToolSpec("time", "Something else.", {"type": "object"}), box(content="midnight").run)
    chat = Scripted([calling("time"), say("Noon.")])
    talk("What time is it?", chat=chat, tools=(impostor,))
    assert "content" not in results(chat)[0]
    assert [spec.name for spec in chat.tools[0]].count("time") == 1


def test_the_time_is_a_date_and_a_time() -> None:
    chat = Scripted([calling("time"), say("Noon.")])
    talk("What time is it?", chat=chat)
    (got,) = results(chat)
    assert len(got["date"]) == 10
    assert len(got["time"]) == 5
    assert 1 <= got["weekday"] <= 7


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("2**10", 1024),
        ("(1 + 2) * (3 - 4)", -3),
        ("7 / 2", 3.5),
        ("15% of 200", 30),
        ("-3 + 5", 2),
        ("1,234 + 1", 1235),
        ("2 * (150 + 3.5)", 307),
        ("(12345678 + 1) / 3", 4115226.3333333335),
        ("-(3 + 4)", -7),
        ("(2 - 5)^2 + (1)", 10),
    ],
)
def test_sums(expression: str, result: float) -> None:
    assert calculate(expression) == result


@pytest.mark.parametrize(
    "expression", ["", "hello", "10 ** 400", "1 / 0", "9" * 500, "(" * 90, "__import__('os')"]
)
def test_no_sums(expression: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z]"):
        calculate(expression)


def test_what_was_said_before_the_tool_and_after_are_two_sentences() -> None:
    first = ScriptedReply((Step(TextDelta("Let me see")), Step(ToolCall("c1", "time", {}))), "tool_calls")
    outcome = talk("What time is it?", chat=Scripted([first, say("It is noon.")]))
    assert [event["text"] for event in outcome.all("reply.sentence")] == ["Let me see", "It is noon."]


def test_a_model_that_only_asks_for_tools_has_to_speak_in_the_end() -> None:
    chat = Scripted([calling("time") for _ in range(4)] + [say("Noon.")])
    outcome = talk("What time is it?", chat=chat)
    assert [bool(specs) for specs in chat.tools] == [True] * 4 + [False]
    assert outcome.history[-1] == ("assistant", "Noon.")


def test_a_slow_tool_is_announced_once_and_the_announcement_is_no_history() -> None:
    chat = Scripted([calling("box_open"), calling("box_open"), say("It is empty.")])
    outcome = talk("Open the box.", chat=chat, tools=(box(3.0),))
    assert outcome.spoken == [one_moment("en"), "It is empty."]
    assert outcome.history == [("user", "Open the box."), ("assistant", "It is empty.")]
    assert outcome.one("turn.completed")["text"] == "It is empty."


def test_with_fast_a_slow_tool_changes_nothing() -> None:
    """The count of frames is the only clock, and none is heard while the tool works."""

    def told(seconds: float) -> list[dict[str, Any]]:
        chat = Scripted([calling("box_open"), say("It is empty.")])
        return talk("Open the box.", chat=chat, tools=(box(seconds),), fast=True).events

    assert told(3.0) == told(0.0)


def test_a_quick_tool_is_not_announced() -> None:
    chat = Scripted([calling("box_open"), say("It is empty.")])
    assert one_moment("en") not in talk("Open the box.", chat=chat, tools=(box(0.5),)).spoken


def test_a_tool_that_hangs_is_given_up_and_the_model_is_told() -> None:
    chat = Scripted([calling("box_open"), say("The box does not open.")])
    outcome = talk("Open the box.", chat=chat, tools=(box(3600),), tools__timeout_s=5)
    assert results(chat) == [{"ok": False, "error": "the tool 'box_open' did not answer within 5 s"}]
    assert outcome.one("tool.called")["ms"] == pytest.approx(5000, abs=50)


def test_a_result_of_a_megabyte_is_cut_with_a_note() -> None:
    chat = Scripted([calling("box_open"), say("Much.")])
    talk("Open the box.", chat=chat, tools=(box(content="x" * 1_048_576),))
    (got,) = results(chat)
    assert got["content"] == "x" * MAX_RESULT
    assert got["note"] == f"cut: these are the first {MAX_RESULT} of 1048576 characters"


def test_a_tool_that_fails_is_an_answer_for_the_model() -> None:
    chat = Scripted([calling("box_open"), say("Stuck.")])
    talk("Open the box.", chat=chat, tools=(box(content="broken"),))
    assert results(chat) == [{"ok": False, "error": "the lid is stuck"}]


def test_a_denied_tool_is_not_offered_and_does_not_run() -> None:
    chat = Scripted([calling("box_open"), say("I may not.")])
    outcome = talk("Open the box.", chat=chat, tools=(box(),), tools__consent={"box_*": "deny"})
    assert "box_open" not in [spec.name for spec in chat.tools[0]]
    assert results(chat) == [{"ok": False, "error": "the user does not allow the tool 'box_open'"}]
    assert outcome.one("tool.called")["ok"] is False


def test_a_tool_that_needs_consent_runs_after_a_yes_and_only_then() -> None:
    chat = Scripted([calling("box_open"), calling("box_open"), say("It is empty."), calling("box_open")])
    tools = (box(default="ask"),)
    outcome = talk("Open the box.", "Yes.", "Open it again.", chat=chat, tools=tools)
    question = may_i("box_open", "en")
    assert outcome.history == [
        ("user", "Open the box."),
        ("assistant", question),
        ("user", "Yes."),
        ("assistant", "It is empty."),
        ("user", "Open it again."),
        ("assistant", question),
    ]
    assert [event["ok"] for event in outcome.all("tool.called")] == [True]


def test_what_is_called_beside_a_question_does_not_run_twice() -> None:
    both = ScriptedReply(
        (Step(ToolCall("c1", "timer", {"seconds": 90})), Step(ToolCall("c2", "box_open", {}))), "tool_calls"
    )
    chat = Scripted([both, both, say("Done.")])
    outcome = talk("Set it and open the box.", "Yes.", chat=chat, tools=(box(default="ask"),))
    assert [event["name"] for event in outcome.all("tool.called")] == ["timer", "box_open"]
    assert outcome.history[-1] == ("assistant", "Done.")


def test_two_tools_that_need_consent_are_asked_about_one_after_the_other() -> None:
    lid = ToolSpec("lid_open", "Opens the lid.", {"type": "object", "properties": {}})
    tools = (box(default="ask"), replace(box(default="ask"), spec=lid))
    both = ScriptedReply(
        (Step(ToolCall("c1", "box_open", {})), Step(ToolCall("c2", "lid_open", {}))), "tool_calls"
    )
    chat = Scripted([both, both, calling("lid_open"), calling("lid_open"), say("Both are open.")])
    outcome = talk("Open both.", "Yes.", "Yes.", chat=chat, tools=tools)
    said = [entry[1] for entry in outcome.history if entry[0] == "assistant"]
    assert said == [may_i("box_open", "en"), may_i("lid_open", "en"), "Both are open."]
    ran = [(event["name"], event["ok"]) for event in outcome.all("tool.called")]
    assert ran == [("box_open", True), ("lid_open", False), ("lid_open", True)]


def test_a_no_leaves_the_tool_alone() -> None:
    chat = Scripted([calling("box_open"), say("All right."), say("Bye.")])
    outcome = talk("Open the box.", "No.", "Yes.", chat=chat, tools=(box(default="ask"),))
    assert outcome.all("tool.called") == []


def test_barge_in_ends_a_running_tool() -> None:
    ended: list[str] = []

    async def run(_arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return {}

    chat = Scripted([calling("box_open"), say("Good.")])
    heard = [Line("Open the box."), Line("Never mind.")]
    outcome = hold(
        [Said(0.2, 1.0), Said(6.0, 7.0)],
        Stages(heard=heard, chat=chat, offer_tools=True, tools=(Tool(FOREIGN, run),), speech=SpeechScript()),
        stt__language="en",
        tools__timeout_s=60,
    )
    assert ended == ["cancelled"]
    assert outcome.all("tool.called") == []
    assert outcome.history[-1] == ("assistant", "Good.")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_reply_without_a_word_is_told_and_no_history(language: str) -> None:
    thought = ScriptedReply((Step(TextDelta("<think>hm, let me think")),), "length")
    outcome = hold([], Stages(chat=Scripted([thought])), typed=["Hello."], stt__language=language)
    assert outcome.spoken == [no_words(language)]
    assert outcome.one("turn.failed")["stage"] == "llm"
    assert outcome.history == [("user", "Hello."), ("assistant", "")]


LONG = ["word " * 60 + str(n) for n in range(12)]


@pytest.mark.parametrize("error", [LLMTooLong("too long", 600), LLMTooLong("too long"), LLMEmpty("nothing")])
def test_a_conversation_that_is_too_long_is_tried_once_more_without_its_oldest_part(error: Exception) -> None:
    replies = [say("Yes.") for _ in range(11)]
    chat = Scripted([*replies, ScriptedReply((Step(error),)), say("Still here.")])  # type: ignore[arg-type]
    outcome = talk(*LONG, chat=chat)
    changed = outcome.one("quality.changed")
    assert changed["what"] == "history"
    assert int(changed["to"]) < int(changed["from"])
    assert chat.requests[12] == (chat.requests[11][0], *chat.requests[11][1 - int(changed["to"]) :])
    assert outcome.history[-1] == ("assistant", "Still here.")
    assert outcome.all("turn.failed") == []


def test_when_even_that_is_too_long_the_user_is_told_and_history_stays_clean() -> None:
    chat = Scripted([ScriptedReply((Step(LLMTooLong("too long", 600)),)), say("Better.")])
    outcome = talk("One long utterance.", "Short.", chat=chat)
    assert outcome.spoken[0] == too_long("en")
    assert outcome.history == [
        ("user", "One long utterance."),
        ("assistant", ""),
        ("user", "Short."),
        ("assistant", "Better."),
    ]


def test_the_system_prompt_is_the_same_in_every_turn_and_names_the_day() -> None:
    counted = ScriptedReply((Step(TextDelta("Yes.")),), "stop", Usage(20, 1))
    chat = Scripted([counted, counted, counted])
    talk("One.", "Two.", "Three.", chat=chat)
    systems = {request[0] for request in chat.requests}
    assert len(systems) == 1
    assert "Today is " in systems.pop().content
    for before, after in zip(chat.requests, chat.requests[1:], strict=False):
        assert after[: len(before)] == before, "messages are only added"
    assert isinstance(chat.requests[0][0], Message)
