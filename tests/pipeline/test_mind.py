"""What thinks: what is refused before anybody is asked."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from llm import LLMBackendMissing
from pipeline.mind import find_mind
from tests.kit.settings import settings


async def test_an_unknown_backend_is_refused_even_where_the_builtin_responder_needs_none() -> None:
    config = settings(llm__backend="openai_htpp", llm__base_url="builtin")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as services:
        with pytest.raises(LLMBackendMissing, match="openai_http"):
            await find_mind(config.llm, services, stack)
