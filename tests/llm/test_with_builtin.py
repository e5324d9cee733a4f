"""Our client and our own responder understand each other over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime

from llm import Message, ReplyEnd, TextDelta, create_chat_model
from llm.builtin import MODEL, BuiltinServer
from tests.kit.settings import settings


async def test_a_question_is_answered_by_the_builtin_responder() -> None:
    server = BuiltinServer(now=lambda: datetime(2026, 11, 20, 14, 5))  # noqa: DTZ001 - an imaginary user's time
    url = server.bind()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        model = create_chat_model(settings().llm, base_url=url)
        await model.warm()
        events = [event async for event in model.reply((Message("user", "What time is it?", "en"),))]
        assert MODEL in repr(model)
        await model.aclose()
        server.close()
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == "It is two oh five in the afternoon."
    end = events[-1]
    assert isinstance(end, ReplyEnd)
    assert end.finish_reason == "stop"
    assert end.usage is not None
