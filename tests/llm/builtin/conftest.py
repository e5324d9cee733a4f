"""A built-in responder that runs inside the test's own loop, and a client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    import httpx

    from llm.builtin import BuiltinServer

NOW = datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001 - the local time of an imaginary user


class Running(AbstractAsyncContextManager["Running"]):
    """Owns the task that runs a server, as the program does."""

    def __init__(self, server: BuiltinServer) -> None:
        self.server = server
        self.url = server.bind()
        self.group = asyncio.TaskGroup()
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.group.__aenter__()
        self.task = self.group.create_task(self.server.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        await self.group.__aexit__(kind, error, trace)


@pytest.fixture(name="start")
def _start() -> type[Running]:
    """``async with start(BuiltinServer(...)) as running``."""
    return Running


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    """Talks to a responder of its own, at a fixed time."""
    import httpx

    from llm.builtin import BuiltinServer

    async with (
        Running(BuiltinServer(now=lambda: NOW)) as running,
        httpx.AsyncClient(base_url=running.url) as http,
    ):
        yield http
