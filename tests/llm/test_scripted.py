"""The scripted model on virtual time: what it says when, and that an unused script fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from llm import LLMRejected, LLMUnavailable, Message, ReplyEnd, TextDelta, ToolCall, ToolSpec, Usage
from llm.backends.scripted import Scripted, ScriptedReply, Step, create, reply_from, say
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual

if TYPE_CHECKING:
    from llm import ReplyEvent

ASK = (Message("user", "Bonjour", "fr"),)


async def timed(model: Scripted) -> list[tuple[float, ReplyEvent]]:
    """The next reply with the times of its events, in seconds since it was asked for."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return [(loop.time() - began, event) async for event in model.reply(ASK)]


def test_words_come_when_the_script_says() -> None:
    model = Scripted([say("Il est midi.", first_s=0.3, gap_s=0.1)])
    events = run_virtual(timed(model))
    assert [event for _, event in events] == [
        TextDelta("Il"),
        TextDelta(" est"),
        TextDelta(" midi."),
        ReplyEnd("stop"),
    ]
    assert [time for time, _ in events] == pytest.approx([0.3, 0.4, 0.5, 0.5])


def test_times_are_absolute_for_a_slow_reader() -> None:
    async def slow() -> float:
        model = Scripted([say("a b c d", first_s=0.1, gap_s=0.1)])
        async for _ in model.reply(ASK):
            await asyncio.sleep(0.09)
        return asyncio.get_running_loop().time()

    assert run_virtual(slow()) == pytest.approx(0.4 + 0.18)


def test_calls_usage_and_failures() -> None:
    call = ToolCall("c", "timer", {"s": 3})
    broken = LLMUnavailable("gone")
    model = Scripted(
        [
            ScriptedReply((Step(call, 0.1),), "tool_calls", Usage(3, 1)),
            ScriptedReply((Step(TextDelta("Bon")), Step(broken, 1.0))),
        ]
    )
    assert [event for _, event in run_virtual(timed(model))] == [call, ReplyEnd("tool_calls", Usage(3, 1))]
    with pytest.raises(LLMUnavailable, match="gone"):
        run_virtual(timed(model))
    assert model.left_early == 0


def test_what_was_asked_is_kept() -> None:
    model = Scripted([say("Oui.")])
    tool = ToolSpec("timer", "", {})

    async def ask() -> None:
        async for _ in model.reply(ASK, tools=[tool]):
            pass

    run_virtual(ask())
    assert model.requests == [ASK]
    assert model.tools == [(tool,)]
    model.assert_complete()


def test_a_script_that_was_not_used_up_fails() -> None:
    model = Scripted([say("Oui.")] * 2)
    run_virtual(timed(model))
    with pytest.raises(AssertionError, match="holds 2 replies, 1 were asked for"):
        model.assert_complete()


def test_a_script_that_is_used_up_fails() -> None:
    model = Scripted([])
    with pytest.raises(LLMUnavailable, match="holds 0 replies"):
        run_virtual(timed(model))
    with pytest.raises(AssertionError, match="holds 0 replies, 1 were asked for"):
        model.assert_complete()


def test_a_reply_that_is_left_is_counted() -> None:
    model = Scripted([say("Il est midi.", gap_s=60)] * 2)

    async def leave() -> None:
        replies = model.reply(ASK)
        await anext(replies)
        await replies.aclose()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await timed(model)

    run_virtual(leave())
    assert model.left_early == 2


def test_a_script_from_the_configuration() -> None:
    replies = [
        "Oui.",
        [{"text": "Bon", "after_ms": 200}, "jour.", {"tool": "timer", "arguments": {"s": 3}}],
        [{"fail": "no", "after_ms": 100}],
    ]
    changes = settings(llm__backend="scripted", llm__extra_body={"replies": replies}).llm
    model = create(changes, base_url="")
    assert run_virtual(timed(model)) == [(0, TextDelta("Oui.")), (0, ReplyEnd("stop"))]
    assert run_virtual(timed(model))[1:] == [
        (0.2, TextDelta("jour.")),
        (0.2, ToolCall("call_0", "timer", {"s": 3})),
        (0.2, ReplyEnd("stop")),
    ]
    with pytest.raises(LLMUnavailable, match="no"):
        run_virtual(timed(model))


@pytest.mark.parametrize("script", [3, {"text": "x"}, [{}], [{"text": 3}], [3]])
def test_what_is_no_script_is_refused(script: object) -> None:
    with pytest.raises(LLMRejected, match="scripted reply"):
        reply_from(script)


def test_a_step_into_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="before"):
        Step(TextDelta("a"), -1)


def test_no_text_is_an_empty_reply() -> None:
    assert run_virtual(timed(Scripted([say("")]))) == [(0, ReplyEnd("stop"))]
