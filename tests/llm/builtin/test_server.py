"""The responder over real HTTP: shapes, refusals, guards, and how it starts and ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from llm.builtin import MODEL, BuiltinPortError, BuiltinServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.llm.builtin.conftest import Running

    Start = Callable[[BuiltinServer], Running]


def request(text: str, **options: object) -> dict[str, object]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **options}


async def stream(client: httpx.AsyncClient, **body: object) -> list[Any]:
    async with aconnect_sse(client, "POST", "/chat/completions", json=body) as source:
        assert source.response.status_code == 200
        data = [event.data async for event in source.aiter_sse()]
    assert data[-1] == "[DONE]"
    return [json.loads(chunk) for chunk in data[:-1]]


async def test_a_stream(client: httpx.AsyncClient) -> None:
    chunks = await stream(
        client, **request("What time is it?", stream=True, stream_options={"include_usage": True})
    )
    choices = [chunk["choices"][0] for chunk in chunks[:-1]]
    assert choices[0]["delta"]["role"] == "assistant"
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    assert text == "It is two oh five in the afternoon."
    assert len(choices) == len(text.split()) + 2
    assert choices[-1]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["completion_tokens"] == len(text.split())


async def test_a_whole_answer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/chat/completions", json=request("Combien font sept fois huit ?"))
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "7 fois 8 font 56."


async def test_the_language_of_the_header_is_answered(client: httpx.AsyncClient) -> None:
    headers = {"Accept-Language": "fr-FR, en;q=0.5"}
    answer = await client.post("/chat/completions", json=request("What time is it?"), headers=headers)
    assert answer.json()["choices"][0]["message"]["content"] == "Il est quatorze heures cinq."


async def test_a_timer_from_request_to_confirmation(client: httpx.AsyncClient) -> None:
    tools = [{"type": "function", "function": {"name": "timer", "parameters": {"type": "object"}}}]
    asked = request("Set a timer for five minutes.", tools=tools)
    first = (await client.post("/chat/completions", json=asked)).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    call = first["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"seconds": 300, "label": ""}
    history = [
        {"role": "user", "content": "Set a timer for five minutes."},
        first["message"],
        {"role": "tool", "tool_call_id": call["id"], "content": '{"ok": true}'},
    ]
    chunks = await stream(client, model=MODEL, messages=history, tools=tools, stream=True)
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text == "Timer set for five minutes."


async def test_what_it_is(client: httpx.AsyncClient) -> None:
    models = (await client.get("/models")).json()
    assert [model["id"] for model in models["data"]] == [MODEL]
    health = await client.get(str(client.base_url.join("/health")))
    assert health.json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/chat/completions", b"{", 400),
        ("POST", "/chat/completions", b'{"model": "other"}', 404),
        ("POST", "/chat/completions", b" " * (1024 * 1024 + 1), 413),
        ("POST", "/chat/completions", b" " * (4 * 1024 * 1024), 413),
        ("GET", "/chat/completions", b"", 405),
        ("GET", "/nowhere", b"", 404),
    ],
)
async def test_errors_are_json(
    client: httpx.AsyncClient, method: str, path: str, content: bytes, status: int
) -> None:
    answer = await client.request(method, path, content=content)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"]


async def test_the_largest_body_is_read(client: httpx.AsyncClient) -> None:
    body = json.dumps(request("What is 1 plus 1?")).encode().ljust(1024 * 1024)
    answer = await client.post("/chat/completions", content=body)
    assert answer.json()["choices"][0]["message"]["content"] == "1 plus 1 is 2."


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1234"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost.evil.example:80"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://127.0.0.1"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "file://localhost"}, 403),
    ],
)
async def test_web_pages_stay_outside(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.get("/models", headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("authorization", "path", "status"),
    [
        (None, "/models", 401),
        ("Bearer wrong", "/models", 401),
        ("Basic clé", "/models", 401),
        ("Bearer", "/models", 401),
        ("Bearer s3cret", "/models", 200),
        ("bearer s3cret", "/models", 200),
        (None, "/nowhere", 401),
    ],
)
async def test_a_token(start: Start, authorization: str | None, path: str, status: int) -> None:
    headers = {b"Authorization": authorization.encode()} if authorization else {}
    async with (
        start(BuiltinServer(token="s3cret")) as running,  # noqa: S106 - a token of this test
        httpx.AsyncClient(base_url=running.url) as http,
    ):
        answer = await http.get(path, headers=headers)
        assert (answer.status_code, "www-authenticate" in answer.headers) == (status, status == 401)
        assert "s3cret" not in answer.text
        assert (await http.get(running.url.replace("/v1", "/health"))).status_code == 200


async def test_two_at_once(start: Start) -> None:
    async with start(BuiltinServer()) as one, start(BuiltinServer()) as two, httpx.AsyncClient() as http:
        assert one.url != two.url
        for running in (one, two):
            assert (await http.get(f"{running.url}/models")).status_code == 200


async def test_a_taken_port_is_a_clear_error(start: Start) -> None:
    async with start(BuiltinServer()) as running:
        port = int(running.url.split(":")[2].split("/")[0])
        with pytest.raises(
            BuiltinPortError, match=rf"port {port} on 127\.0\.0\.1 is in use; choose"
        ) as caught:
            BuiltinServer(port=port).bind()
        assert isinstance(caught.value.__cause__, OSError)
    freed = BuiltinServer(port=port)
    assert freed.bind() == running.url
    freed.close()


def test_an_impossible_port_is_a_clear_error() -> None:
    with pytest.raises(BuiltinPortError, match=r"port 70000 .* cannot be opened"):
        BuiltinServer(port=70000).bind()


def test_close_without_run() -> None:
    server = BuiltinServer()
    url = server.bind()
    assert server.bind() == url == server.url
    server.close()
    server.close()
    assert "closed" in repr(server)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0])), timeout=1)
    with pytest.raises(BuiltinPortError, match="was closed"):
        server.bind()


async def broken_off(running: Running, end: Callable[[], object]) -> float:
    """Seconds that the end of a server took while a client was in the middle of its stream."""
    began = 0.0
    async with httpx.AsyncClient(base_url=running.url) as http:
        body = request("Who are you?", stream=True)
        async with http.stream("POST", "/chat/completions", json=body) as answer:
            pieces = answer.aiter_bytes()
            assert b'"role": "assistant"' in await anext(pieces)
            began = time.monotonic()
            end()
            assert running.task is not None
            await asyncio.wait({running.task})
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(pieces)
    return time.monotonic() - began


@pytest.mark.parametrize("by", ["close", "cancel"])
async def test_ends_at_once_with_a_stream_open(
    start: Start, by: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with start(BuiltinServer(pace_s=60)) as running:
        task = running.task
        assert task is not None
        took = await broken_off(running, running.server.close if by == "close" else task.cancel)
        assert took < 20, "its next word would come in 60 s"
        assert task.cancelled() == (by == "cancel")
    assert len(asyncio.all_tasks()) == 1
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_ends_with_an_upload_half_way(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    async with start(BuiltinServer()) as running:
        port = int(running.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()
        async with httpx.AsyncClient() as http:  # once this is answered, the first request is being read
            await http.get(f"{running.url}/models")
        running.server.close()
        with contextlib.suppress(ConnectionResetError):  # as good an end as the other
            assert await reader.read() == b""
        writer.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("by", ["close", "cancel"])
@pytest.mark.parametrize("steps", range(6))
async def test_ends_at_any_moment_of_its_start(start: Start, steps: int, by: str) -> None:
    server = BuiltinServer()
    async with start(server) as running:
        assert running.task is not None
        for _ in range(steps):
            await asyncio.sleep(0)
        if by == "cancel":
            running.task.cancel()
        else:
            server.close()
    port = int(server.url.split(":")[2].split("/")[0])
    async with start(BuiltinServer(port=port)) as again, httpx.AsyncClient(base_url=again.url) as http:
        assert (await http.get("/models")).status_code == 200


async def test_a_client_that_leaves_costs_nothing(start: Start) -> None:
    async with start(BuiltinServer(pace_s=60)) as running, httpx.AsyncClient(base_url=running.url) as http:
        for _ in range(3):
            async with http.stream("POST", "/chat/completions", json=request("Hello", stream=True)) as answer:
                await anext(answer.aiter_bytes())
        assert (await http.get("/models")).status_code == 200


async def test_leaves_signals_alone(start: Start) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with start(BuiltinServer()) as running, httpx.AsyncClient(base_url=running.url) as http:
        await http.get("/models")
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_runs_once(start: Start) -> None:
    async with start(BuiltinServer()) as running, httpx.AsyncClient(base_url=running.url) as http:
        await http.get("/models")
        with pytest.raises(RuntimeError, match="once"):
            await running.server.run()
        assert (await http.get("/models")).status_code == 200


async def test_a_bug_is_a_json_error_and_goes_to_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise LookupError("no clock here")

    async with start(BuiltinServer(now=broken)) as running, httpx.AsyncClient(base_url=running.url) as http:
        answer = await http.post("/chat/completions", json=request("What time is it?"))
        assert answer.status_code == 500
        assert answer.json()["error"]["type"] == "server_error"
        assert "no clock" not in answer.text
    assert "no clock here" in caplog.text


def test_the_face_imports_no_web_framework() -> None:
    heavy = "{'starlette', 'uvicorn', 'httpx', 'numpy'}"
    code = f"import sys, llm.builtin; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
