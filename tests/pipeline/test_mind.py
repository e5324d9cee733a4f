"""What thinks: what is refused before anybody is asked."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from starlette.requests import Request
from starlette.responses import Response

from llm import LLMBackendMissing, TextDelta
from pipeline.mind import find_mind
from tests.kit.settings import settings
from tests.llm.chaos import ASK, END, Chaos, said


async def test_an_unknown_backend_is_refused_even_where_the_builtin_responder_needs_none() -> None:
    config = settings(llm__backend="openai_htpp", llm__base_url="builtin")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as services:
        with pytest.raises(LLMBackendMissing, match="openai_http"):
            await find_mind(config.llm, services, stack)


class OneModel(Chaos):
    """Serves m2 and nothing else."""

    async def chat(self, request: Request) -> Response:
        if (await request.json())["model"] != "m2":
            return Response('{"error": {"message": "model m1 not found"}}', 404)
        return await super().chat(request)


async def test_two_models_of_one_server_are_told_apart() -> None:
    told: list[tuple[str, str, str]] = []
    async with OneModel((said("Oui."), END)).running() as url, AsyncExitStack() as stack:
        config = settings(
            llm__base_url=url, llm__model="m1", llm__fallback=[{"base_url": url, "model": "m2"}]
        )
        async with asyncio.TaskGroup() as services:
            mind = await find_mind(config.llm, services, stack, lambda *change: told.append(change))
            words = [event.text async for event in mind.chat.reply(ASK) if isinstance(event, TextDelta)]
    assert words == ["Oui."]
    assert [change[:2] for change in told] == [(url, f"{url} (m2)")]
    assert "m1" in told[0][2]
