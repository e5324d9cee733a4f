"""The client over real HTTP: what it sends, how it keeps connections, whom it names when it fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from llm import (
    LLMBackendMissing,
    LLMRejected,
    LLMUnavailable,
    Message,
    ReplyEnd,
    TextDelta,
    ToolCall,
    ToolSpec,
    connection,
    create_chat_model,
)
from tests.kit.settings import settings
from tests.llm.chaos import ASK, DONE, END, STOP, Chaos, data, free_port, replied, said, talking

if TYPE_CHECKING:
    pass

SECRET = "sk-very-secret"  # noqa: S105
MODELS = {"data": [{"id": "text-embedding-nomic"}, {"id": "whisper-1"}, {"id": "qwen3"}, {"id": "gemma"}]}


async def test_what_is_sent() -> None:
    chaos = Chaos()
    call = ToolCall("c1", "timer", {"s": 3})
    messages = (*ASK, Message("assistant", "", tool_calls=(call,)), Message("tool", "ok", tool_call_id="c1"))
    tool = ToolSpec("timer", "Sets a timer.", {"type": "object"})
    changes = {"llm__temperature": 0.5, "llm__max_tokens": 9, "llm__extra_body": {"keep_alive": -1}}
    async with talking(chaos, llm__model="m", llm__api_key=SecretStr(SECRET), **changes) as model:
        await replied(model, messages, tools=(tool,))
    assert chaos.requests == [
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
                {"role": "user", "content": "Bonjour"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "timer", "arguments": '{"s": 3}'},
                        }
                    ],
                },
                {"role": "tool", "content": "ok", "tool_call_id": "c1"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.5,
            "max_tokens": 9,
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "timer",
                        "description": "Sets a timer.",
                        "parameters": {"type": "object"},
                    },
                }
            ],
            "keep_alive": -1,
        }
    ]
    assert chaos.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert chaos.headers[0]["accept-language"] == "fr"


async def test_what_is_not_set_is_not_sent() -> None:
    chaos = Chaos()
    async with talking(chaos, llm__model="m", llm__extra_body={"stream_options": None}) as model:
        await replied(model, (Message("user", "Hello"),))
    assert chaos.requests[0].keys() == {"model", "messages", "stream"}
    assert chaos.headers[0].keys().isdisjoint({"authorization"})


@pytest.mark.parametrize(
    ("models", "chosen"),
    [(MODELS, "qwen3"), (None, "default"), ({"data": []}, "default"), ({"data": None}, "default")],
)
async def test_auto_takes_the_first_chat_model(models: object, chosen: str) -> None:
    chaos = Chaos(models=models)
    async with talking(chaos) as model:
        await replied(model)
        await replied(model)
        assert chosen in repr(model)
    assert [request["model"] for request in chaos.requests] == [chosen, chosen]
    assert len(chaos.headers) == 3, "the listing is asked for once"


async def test_warm_settles_the_model_before_the_first_reply() -> None:
    chaos = Chaos(models=MODELS)
    async with talking(chaos) as model:
        await model.warm()
        assert len(chaos.headers) == 1
        await replied(model)
    assert len(chaos.headers) == 2
    assert len(chaos.clients) == 1


async def test_a_server_without_a_chat_model_says_so() -> None:
    async with talking(Chaos(models={"data": [{"id": "bge-m3"}]})) as model:
        with pytest.raises(LLMRejected, match=r"no chat model, only bge-m3: set llm\.model"):
            await model.warm()


@pytest.mark.parametrize(("key", "words"), [(None, "wants an API key"), (SECRET, "refuses the API key")])
async def test_warm_tells_of_a_key(key: str | None, words: str) -> None:
    chaos = Chaos(models={"error": f"bad key {SECRET}"}, models_status=401)
    async with talking(chaos, llm__api_key=key) as model:
        with pytest.raises(LLMRejected, match=words) as caught:
            await model.warm()
    assert SECRET not in str(caught.value)
    assert "llm.api_key" in str(caught.value)


async def test_a_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    chaos = Chaos((f"no {SECRET}".encode(),), status=400)
    async with talking(chaos, llm__model="m", llm__api_key=SECRET) as model:
        with pytest.raises(LLMRejected, match=r"no \*\*\*") as caught:
            await replied(model)
        assert SECRET not in repr(model)
    assert SECRET not in str(caught.value) + caplog.text


@pytest.mark.parametrize("key", ["clé", "a\nb"])
def test_what_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(LLMRejected, match=r"llm\.api_key") as caught:
        create_chat_model(settings(llm__api_key=key).llm, base_url="http://127.0.0.1:1/v1")
    assert key not in str(caught.value)


async def test_an_unreachable_server_is_named_with_what_to_do() -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    model = create_chat_model(settings().llm, base_url=url)
    with pytest.raises(LLMUnavailable) as caught:
        await model.warm()
    await model.aclose()
    assert str(caught.value) == (
        f"No LLM server answers at {url} (asked for GET {url}/models): "
        "start it, correct llm.base_url, or set llm.base_url=auto."
    )
    model = create_chat_model(settings(llm__model="m").llm, base_url=url.replace("//", "//me:hush@"))
    with pytest.raises(LLMUnavailable, match=f"asked for POST {url}/chat/completions") as caught:
        await replied(model)
    await model.aclose()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["auto", "", "127.0.0.1:8080/v1", "ftp://a/v1", "http:///v1"])
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(LLMUnavailable, match=r"llm\.base_url"):
        create_chat_model(settings().llm, base_url=url)


def test_an_unknown_backend_is_named_with_the_known_ones() -> None:
    with pytest.raises(LLMBackendMissing, match=r"'nope': llm\.backend can be openai_http or scripted"):
        create_chat_model(settings(llm__backend="nope").llm, base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize("end", [(END,), (STOP, DONE), (STOP,), (STOP, DONE, 0.001)])
async def test_a_finished_reply_keeps_its_connection(
    end: tuple[bytes | float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "DRAIN_S", 2.0)  # a busy machine may take longer for what is left
    chaos = Chaos((said("Bon"), *end))
    async with talking(chaos, llm__model="m") as model:
        for _ in range(3):
            await replied(model)
    assert len(chaos.clients) == 1


async def test_a_kept_connection_that_died_is_replaced() -> None:
    """The server closes it in the moment in which the next request is sent."""
    answer = said("Bon") + END
    kind = f"content-type: text/event-stream\r\ncontent-length: {len(answer)}"
    head = f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode()
    requests = 0
    closed = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        for answered in (True, False):
            if not await reader.read(65_536):
                break
            requests += 1
            writer.write(head + answer if answered else b"")
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.release()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = create_chat_model(settings(llm__model="m").llm, base_url=url)
        for _ in range(2):
            assert await replied(model) == [TextDelta("Bon"), ReplyEnd("stop")]
        await model.aclose()
        for _ in range(2):
            await closed.acquire()
    assert requests == 3


async def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with talking(Chaos((said("Bon"), END)), llm__model="m") as model:
        assert await replied(model) == [TextDelta("Bon"), ReplyEnd("stop")]


async def test_a_client_that_was_given_stays_open() -> None:
    import httpx

    async with Chaos().running() as url, httpx.AsyncClient() as client:
        model = create_chat_model(settings(llm__model="m").llm, base_url=url, client=client)
        await model.aclose()
        assert await replied(model) == [ReplyEnd("stop")]


async def test_unreadable_chunks_are_counted_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with talking(Chaos((data("{"), said("Bon"), data("?"), END)), llm__model="m") as model:
        await replied(model)
    assert "2 unreadable chunks" in caplog.text


async def test_replies_at_once_do_not_mix() -> None:
    chaos = Chaos((said("a"), 0.01, said("b"), 0.01, END))
    async with talking(chaos, llm__model="m") as model, asyncio.TaskGroup() as group:
        tasks = [group.create_task(replied(model)) for _ in range(5)]
    for task in tasks:
        assert task.result() == [TextDelta("a"), TextDelta("b"), ReplyEnd("stop")]
