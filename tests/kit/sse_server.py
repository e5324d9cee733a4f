"""A scripted language model server: real HTTP on a free loopback port, the words and their times from the test.

It runs in a thread with a loop of its own, so it serves the test's own process and programs that the test starts
alike. It answers ``GET /v1/models`` and streams ``POST /v1/chat/completions`` as the well-behaved servers do; the odd
ones have their own tests. Every chat request is kept, with what was sent of its answer and whether the client left.

    with sse_server([Reply.of("Bonjour, ", "il fait beau.", every=0.05), Reply.of("Au revoir.")]) as llm:
        subprocess.run(["prism", "talk", "--set", f"llm.base_url={llm.base_url}", ...])
        assert llm.requests[0].question == "Bonjour"

The first request gets the first reply, and so on; the last reply serves all that follow. When it is not certain which
request comes first, or how many there are (speculation!), give a function of the request instead:

    with sse_server(lambda request: Reply.of(f"You said {request.question}.")) as llm: ...

A reply is a sequence of ``(delay in seconds, delta)``; a delta is text or a whole delta object (tool calls, reasoning).
``wait_for`` waits for what happens in the thread: ``llm.wait_for(lambda: llm.requests[0].left)``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

MODEL = "scripted-model"
PATIENCE_S = 10.0
"""For what takes milliseconds, on a machine that is busy with other things."""

Delta = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    steps: Sequence[tuple[float, Delta]]
    """Seconds to wait before it, then the delta."""
    finish_reason: str | None = "stop"
    """None: the connection ends in the middle of the reply."""
    status: int = 200
    """Another one refuses the request; the message of the refusal is the first delta."""

    @classmethod
    def of(cls, *texts: str, first: float = 0.0, every: float = 0.0) -> Reply:
        """Pieces of text: ``first`` seconds before the first one, ``every`` seconds before each other one."""
        return cls([(every if place else first, text) for place, text in enumerate(texts)])

    @classmethod
    def refusal(cls, status: int, message: str) -> Reply:
        return cls([(0.0, message)], status=status)


@dataclass(slots=True)
class ChatRequest:
    """One request to the chat endpoint and what became of it."""

    body: dict[str, Any]
    headers: dict[str, str]
    """Names in lower case."""
    sent: list[Delta] = field(default_factory=list)
    """What the client was sent so far."""
    complete: bool = False
    """The answer was sent to its end."""
    left: bool = False
    """The client went away before that."""

    @property
    def question(self) -> str:
        """The last words of the user."""
        messages = [message for message in self.body["messages"] if message["role"] == "user"]
        return str(messages[-1]["content"]) if messages else ""


Script = Sequence[Reply] | Callable[[ChatRequest], Reply]


class SseServer:
    """A running server; see the top of this file."""

    def __init__(self, script: Script, base_url: str) -> None:
        self.base_url = base_url
        """Ends in /v1."""
        self.requests: list[ChatRequest] = []
        self._script = script

    def wait_for(self, true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Return when ``true()`` holds. Raises TimeoutError with the requests seen so far."""
        give_up = time.monotonic() + patience_s
        while not true():
            if time.monotonic() > give_up:
                raise TimeoutError(f"it did not come true in {patience_s:g} s; requests: {self.requests}")
            time.sleep(0.005)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
            ]
        )

    async def _models(self, _request: Request) -> Response:
        return JSONResponse(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "tests"}]}
        )

    async def _chat(self, http: Request) -> Response:
        request = ChatRequest(await http.json(), dict(http.headers))
        reply = self._reply(request, len(self.requests))
        self.requests.append(request)
        if reply.status != 200:
            message = str(reply.steps[0][1])
            request.complete = True
            return JSONResponse({"error": {"message": message, "code": reply.status}}, reply.status)
        return StreamingResponse(_stream(request, reply), media_type="text/event-stream")

    def _reply(self, request: ChatRequest, place: int) -> Reply:
        if callable(self._script):
            return self._script(request)
        return self._script[min(place, len(self._script) - 1)]


@contextmanager
def sse_server(script: Script) -> Iterator[SseServer]:
    """Serve ``script`` while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = SseServer(script, f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        # Requests reach the listening socket even before uvicorn accepts: nobody needs to wait for the start.
        config = uvicorn.Config(server.app(), log_config=None, lifespan="off", timeout_graceful_shutdown=0)
        runner = uvicorn.Server(config)
        thread = threading.Thread(target=runner.run, args=([listener],), name="sse-server")
        thread.start()
        try:
            yield server
        finally:
            runner.should_exit = True
            thread.join(PATIENCE_S)
    if thread.is_alive():
        raise TimeoutError("the scripted server did not stop")


async def _stream(request: ChatRequest, reply: Reply) -> AsyncGenerator[str, None]:
    """The events of one answer. It is cancelled, or closed, when the client leaves."""
    try:
        yield _event({"role": "assistant", "content": ""})
        for delay, delta in reply.steps:
            await asyncio.sleep(delay)
            yield _event({"content": delta} if isinstance(delta, str) else delta)
            request.sent.append(delta)
        if reply.finish_reason is not None:
            yield _event({}, reply.finish_reason)
            yield _usage(len(reply.steps))
            yield "data: [DONE]\n\n"
        request.complete = True
    finally:
        request.left = not request.complete


def _event(delta: Mapping[str, Any], finish_reason: str | None = None) -> str:
    return _chunk(choices=[{"index": 0, "delta": dict(delta), "finish_reason": finish_reason}])


def _usage(tokens: int) -> str:
    """As with ``stream_options.include_usage``: a chunk of its own, without choices."""
    usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 1 + tokens}
    return _chunk(choices=[], usage=usage)


def _chunk(**content: object) -> str:
    data = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL, **content}
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
