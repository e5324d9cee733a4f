"""Which server runs here: real ports, some with something else behind them."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from llm import Found, discover, probed
from tests.llm.chaos import free_port, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

QWEN = b'{"object": "list", "data": [{"id": "nomic-embed-text"}, {"id": "qwen3", "owned_by": "vllm"}]}'
BUDGET_S = 5.0
"""Far more than an answer needs: a busy machine must not fail a test."""


@contextlib.asynccontextmanager
async def listing(body: bytes, status: int = 200) -> AsyncIterator[int]:
    async def models(_: Request) -> Response:
        return PlainTextResponse(body, status)

    async with serving(Starlette(routes=[Route("/v1/models", models)])) as port:
        yield port


async def test_a_server_is_found_among_closed_ports() -> None:
    async with listing(QWEN.replace(b"vllm", b"me")) as port:
        ports = [(free_port(), "Ollama"), (port, "LM Studio"), (free_port(), "Jan")]
        found = await discover(BUDGET_S, ports=ports)
    assert found == Found(f"http://127.0.0.1:{port}/v1", "LM Studio", ("qwen3",))


async def test_the_first_in_order_wins_and_tells_who_it_is() -> None:
    async with listing(QWEN) as one, listing(b'{"data": [{"id": "b"}]}') as two:
        forward = await discover(BUDGET_S, ports=[(one, "A"), (two, "B")])
        backward = await discover(BUDGET_S, ports=[(two, "B"), (one, "A")])
    assert forward is not None
    assert (forward.server, forward.models) == ("vLLM", ("qwen3",))
    assert backward is not None
    assert (backward.server, backward.models) == ("B", ("b",))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"data": []}', 200),
        (b'{"data": null}', 200),
        (b'{"data": [{"id": "bge-m3"}]}', 200),
        (b"[]", 200),
        (b"<html>", 200),
        (b"\xff\xfe", 200),
        (QWEN, 403),
    ],
)
async def test_other_programs_on_a_port_are_no_server(body: bytes, status: int) -> None:
    async with listing(body, status) as port:
        assert await discover(BUDGET_S, ports=[(port, "Ollama")]) is None


async def test_a_port_that_hangs_costs_no_more_than_the_budget() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = [(silent.getsockname()[1], "Ollama")]
        assert await discover(0.05, ports=ports) is None


async def test_a_port_that_hangs_hides_no_other() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with listing(QWEN) as port:
            found = await discover(0.5, ports=[(silent.getsockname()[1], "Ollama"), (port, "vLLM")])
    assert found is not None
    assert found.base_url == f"http://127.0.0.1:{port}/v1"


def test_where_it_looks_can_be_told() -> None:
    assert "Ollama at http://127.0.0.1:11434/v1" in probed()
    assert probed([(1, "X")]) == ("X at http://127.0.0.1:1/v1",)
