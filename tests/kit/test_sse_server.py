"""The scripted server does what its users in other tests rely on, seen through Prism's own client."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from llm import LLMRejected, LLMUnavailable, Message, ReplyEnd, TextDelta, create_chat_model
from tests.kit.settings import settings
from tests.kit.sse_server import MODEL, Reply, sse_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from llm import ChatModel, ReplyEvent
    from tests.kit.sse_server import SseServer

QUESTION = [Message("user", "Bonjour")]


@asynccontextmanager
async def client(server: SseServer) -> AsyncIterator[ChatModel]:
    model = create_chat_model(settings().llm, base_url=server.base_url)
    try:
        yield model
    finally:
        await model.aclose()


async def replied(model: ChatModel, question: list[Message] = QUESTION) -> list[ReplyEvent]:
    async with aclosing(model.reply(question)) as events:
        return [event async for event in events]


def text(events: list[ReplyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_replies_come_in_order_and_in_their_pieces() -> None:
    with sse_server([Reply.of("Bon", "jour, ", "ça va ?"), Reply.of("Au revoir.")]) as server:
        async with client(server) as model:
            first, second, third = [await replied(model) for _ in range(3)]
    assert [event.text for event in first if isinstance(event, TextDelta)] == ["Bon", "jour, ", "ça va ?"]
    assert isinstance(first[-1], ReplyEnd)
    assert first[-1].finish_reason == "stop"
    assert first[-1].usage is not None
    assert text(second) == text(third) == "Au revoir."


async def test_requests_are_kept() -> None:
    with sse_server(lambda request: Reply.of(f"You said {request.question}.")) as server:
        async with client(server) as model:
            await model.warm()
            assert text(await replied(model)) == "You said Bonjour."
        (request,) = server.requests
    assert request.body["model"] == MODEL
    assert request.body["messages"][-1] == {"role": "user", "content": "Bonjour"}
    assert request.headers["content-type"] == "application/json"
    assert request.complete


async def test_delays_are_kept() -> None:
    loop = asyncio.get_running_loop()
    with sse_server([Reply.of("Bon", "jour", first=0.02, every=0.03)]) as server:
        async with client(server) as model:
            asked = loop.time()
            await replied(model)
            waited = loop.time() - asked
    assert waited >= 0.05


async def test_a_client_that_leaves_is_noticed() -> None:
    with sse_server([Reply.of("Bon", "jour", every=60)]) as server:
        async with client(server) as model, aclosing(model.reply(QUESTION)) as events:
            await anext(events)
        await asyncio.to_thread(server.wait_for, lambda: server.requests[0].left)
        assert server.requests[0].sent == ["Bon"]


async def test_the_server_stops_in_the_middle_of_a_reply() -> None:
    with sse_server([Reply.of("Bon", "jour", every=60)]) as server:
        model = create_chat_model(settings().llm, base_url=server.base_url)
        events = model.reply(QUESTION)
        await anext(events)
    with pytest.raises(LLMUnavailable):
        await anext(events)
    await model.aclose()


async def test_a_refusal_and_a_reply_that_breaks_off() -> None:
    with sse_server([Reply.refusal(401, "no key"), Reply([(0.0, "Bon")], finish_reason=None)]) as server:
        async with client(server) as model:
            with pytest.raises(LLMRejected, match="API key"):
                await replied(model)
            with pytest.raises(LLMUnavailable, match="broke off"):
                await replied(model)


def test_waiting_in_vain_says_what_was_seen() -> None:
    with sse_server([Reply.of("x")]) as server, pytest.raises(TimeoutError, match="requests"):
        server.wait_for(lambda: bool(server.requests), patience_s=0.01)
