"""The official openai SDK as a second opinion: from the same streams it must read what Prism's own client reads.

The SDK is no part of Prism (it brings a second HTTP library): the tests' requirements have it, nothing else does. This
runs where it is installed, and says so where it is not.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from llm import ReplyEnd, TextDelta, ToolCall
from tests.llm.chaos import Chaos
from tests.llm.test_streams import GOOD, Good, replied

if TYPE_CHECKING:
    from openai import AsyncOpenAI

openai = pytest.importorskip("openai", reason="the openai SDK is not installed: pip install openai")
pytestmark = pytest.mark.real

MORE_THAN_THE_SDK = {
    "a byte order mark": "it loses the first event",
    "garbage in the middle": "it raises",
    "not streamed at all": "it reads nothing",
    "not streamed, over lines": "it reads nothing",
    "the field name forgotten": "it reads nothing",
    "content in parts": "it hands the list on",
    "text of a completion": "it hands no delta on",
    "tool calls without index": "it hands the pieces on as they are",
    "tool calls without id, all of index 0": "it hands the pieces on as they are",
    "tool calls without arguments, all of index 0": "it hands the pieces on as they are",
    "a name in every piece": "it hands the pieces on as they are",
    "name and id in every piece, also in a last one that adds nothing": "it hands the pieces on as they are",
    "half a character": "it hands half a character on",
    "a second choice": "it hands both on",
    "null choices": "it hands null on",
    "null delta": "it hands null on",
    "held open after the finish reason": "it waits for ever",
    "cut after the finish reason": "it raises",
}
"""What servers do send and the SDK does not read, or leaves to its user."""
SHARED = [case for case in GOOD if case.name not in MORE_THAN_THE_SDK]


async def read_by_the_sdk(client: AsyncOpenAI) -> tuple[str, str, str, str]:
    """Text, finish reason, name and arguments of the tool called."""
    text, finish, name, arguments = "", "", "", ""
    stream = await client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Bonjour"}], stream=True
    )
    async with stream:
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
                for piece in choice.delta.tool_calls or []:
                    if piece.index == 0 and piece.function:
                        name += piece.function.name or ""
                        arguments += piece.function.arguments or ""
    return text, finish, name, arguments


async def opinions(case: Good) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """What Prism reads and what the SDK reads: text, finish reason, the first tool and whether its call is whole."""
    async with Chaos(case.body, content_type=case.content_type).running() as url:
        *first, end = await replied(url)
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            text, finish, name, arguments = await read_by_the_sdk(client)
    assert isinstance(end, ReplyEnd)
    said = "".join(event.text for event in first if isinstance(event, TextDelta))
    call = next((event for event in first if isinstance(event, ToolCall)), ToolCall("", "", {}))
    theirs = json.loads(arguments or "{}")
    return (said, end.finish_reason, call.name, dict(call.arguments)), (text, finish or "stop", name, theirs)


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
async def test_both_read_the_same(case: Good) -> None:
    ours, theirs = await opinions(case)
    assert ours == theirs


@pytest.mark.parametrize("case", [case for case in GOOD if case not in SHARED], ids=lambda case: case.name)
async def test_where_they_differ_they_really_do(case: Good) -> None:
    async def agree() -> bool:
        try:
            async with asyncio.timeout(2):
                ours, theirs = await opinions(case)
        except Exception:  # noqa: BLE001  # the SDK and its HTTP library raise whatever they like
            return False
        return ours == theirs

    assert not await agree()


def test_the_table_of_differences_names_cases_that_there_are() -> None:
    assert set(MORE_THAN_THE_SDK) <= {case.name for case in GOOD}
    assert len(SHARED) > 20
