"""Prism's client against a real LiteLLM proxy: another server of the ecosystem, with a stream of another shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from llm import ChatModel, LLMRejected, Message, ReplyEnd, TextDelta, ToolCall, ToolSpec, create_chat_model
from tests.kit.litellm import KEY, WORDS, Proxy, litellm_proxy, missing
from tests.kit.settings import settings
from tests.kit.sse_server import ChatRequest, Reply, SseServer, sse_server

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
ASK = (Message("system", "Be brief."), Message("user", "Bonjour", "fr"))
CALL = {
    "index": 0,
    "id": "a",
    "type": "function",
    "function": {"name": "timer", "arguments": '{"seconds": 3}'},
}
TIMER = ToolSpec(
    "timer", "Starts a timer.", {"type": "object", "properties": {"seconds": {"type": "number"}}}
)


@dataclass(frozen=True)
class Both:
    """A proxy, and the server behind it."""

    proxy: Proxy
    behind: SseServer


def script(request: ChatRequest) -> Reply:
    if request.question == "timer":
        return Reply([(0.0, {"tool_calls": [CALL]})], finish_reason="tool_calls")
    return Reply.of(*["la "] * 200, every=0.05) if request.question == "endless" else Reply.of("Bon", "soir.")


@pytest.fixture(name="both", scope="module")
def running() -> Iterator[Both]:
    if reason := missing():
        pytest.skip(reason)
    with sse_server(script) as behind, litellm_proxy(behind.base_url) as proxy:
        yield Both(proxy, behind)


@asynccontextmanager
async def client(both: Both, model: str, key: str = KEY) -> AsyncIterator[ChatModel]:
    chosen = settings(llm__model=model, llm__api_key=key)
    chat = create_chat_model(chosen.llm, base_url=both.proxy.base_url)
    try:
        yield chat
    finally:
        await chat.aclose()


async def said(chat: ChatModel, question: str = "Bonjour", **more: Any) -> list[Any]:
    async with aclosing(chat.reply((ASK[0], Message("user", question)), **more)) as events:
        return [event async for event in events]


@pytest.mark.parametrize(("model", "words"), [("mock", WORDS), ("behind", "Bonsoir.")])
async def test_a_reply_streams_with_its_usage(both: Both, model: str, words: str) -> None:
    async with client(both, model) as chat:
        await chat.warm()
        *deltas, end = await said(chat)
    assert "".join(delta.text for delta in deltas) == words
    assert len(deltas) > 1
    assert isinstance(end, ReplyEnd)
    assert end.finish_reason == "stop"
    assert end.usage is not None


async def test_a_tool_call_comes_through(both: Both) -> None:
    async with client(both, "behind") as chat:
        call, end = await said(chat, "timer", tools=(TIMER,))
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments, end.finish_reason) == ("timer", {"seconds": 3}, "tool_calls")


async def test_leaving_a_reply_reaches_the_server_behind(both: Both) -> None:
    async with client(both, "behind") as chat:
        async with aclosing(chat.reply((Message("user", "endless"),))) as events:
            assert isinstance(await anext(events), TextDelta)
        request = both.behind.requests[-1]
        await asyncio.to_thread(both.behind.wait_for, lambda: request.left)
    assert len(request.sent) < 200


async def test_the_connection_is_kept(both: Both) -> None:
    async with client(both, "mock") as chat:
        pool = chat._client._transport._pool  # type: ignore[attr-defined]
        for _ in range(3):
            await said(chat)
            assert len(pool.connections) == 1


async def test_a_wrong_key_and_an_unknown_model_are_told(both: Both) -> None:
    async with client(both, "mock", "sk-wrong") as chat:
        with pytest.raises(LLMRejected, match=r"llm\.api_key"):
            await chat.warm()
    async with client(both, "nope") as chat:
        with pytest.raises(LLMRejected, match=r"nope.*llm\.model"):
            await said(chat)
