"""A language model server that misbehaves on purpose, on a real port, inside the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from llm import Message, create_chat_model
from tests.kit.settings import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from llm import ChatModel, ReplyEvent

ASK = (Message("system", "Be brief."), Message("user", "Hello", "en"), Message("user", "Bonjour", "fr"))

HOLD = "hold"
"""In a body: keep the connection open until the client leaves."""
CUT = "cut"
"""In a body: break the connection off."""

Piece = bytes | float | str


def data(value: object) -> bytes:
    """One event; a text goes as it is."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def chunk(delta: object = None, finish: str | None = None, **more: object) -> dict[str, Any]:
    """One chunk of a reply; a text is a delta's content."""
    shape = {"content": delta} if isinstance(delta, str) else delta or {}
    choice = {"index": 0, "delta": shape, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice], **more}


def said(*words: str) -> bytes:
    return b"".join(data(chunk(word)) for word in words)


STOP = data(chunk(finish="stop"))
DONE = data("[DONE]")
END = STOP + DONE


@dataclass
class Chaos:
    """What the server answers, and what it was asked."""

    body: tuple[Piece, ...] = (END,)
    """Sent one by one: bytes, seconds to wait, HOLD or CUT."""
    status: int = 200
    content_type: str = "text/event-stream; charset=utf-8"
    models: object = None
    """The answer to GET /models; None is a 404."""
    models_status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    clients: set[tuple[str, int]] = field(default_factory=set)
    """The connections that were used."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has left early."""

    async def was_left(self) -> None:
        """Wait until the client has left what it asked for; it may have had no time to ask at all."""
        if self.headers:
            async with asyncio.timeout(5):
                await self.left.wait()

    async def chat(self, request: Request) -> Response:
        self._note(request)
        try:
            self.requests.append(await request.json())
        except ClientDisconnect:  # a client with little time, on a busy machine
            self.left.set()
            return Response()
        if self.status != 200:
            content = b"".join(piece for piece in self.body if isinstance(piece, bytes))
            return Response(content, self.status, media_type=self.content_type)
        return StreamingResponse(self._pieces(), headers={"content-type": self.content_type})

    async def listing(self, request: Request) -> Response:
        self._note(request)
        if self.models is None:
            return Response("not here", 404)
        return JSONResponse(self.models, self.models_status)

    def _note(self, request: Request) -> None:
        self.headers.append(dict(request.headers))
        if request.client:
            self.clients.add((request.client.host, request.client.port))

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.body:
                if isinstance(piece, bytes):
                    yield piece
                elif piece == CUT:
                    raise ConnectionAbortedError("cut on purpose")
                else:
                    await asyncio.sleep(3600 if piece == HOLD else float(piece))
        except asyncio.CancelledError:
            self.left.set()
            raise

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; gives the base URL."""
        routes = [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/models", self.listing),
        ]
        async with serving(Starlette(routes=routes)) as port:
            yield f"http://127.0.0.1:{port}/v1"


@contextlib.asynccontextmanager
async def talking(chaos: Chaos, **changes: object) -> AsyncIterator[ChatModel]:
    async with chaos.running() as url:
        model = create_chat_model(settings(**changes).llm, base_url=url)
        try:
            yield model
        finally:
            await model.aclose()


async def replied(model: ChatModel, messages: Sequence[Message] = ASK, **more: Any) -> list[ReplyEvent]:
    return [event async for event in model.reply(messages, **more)]


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """Serve an app on a free port. Started and ended step by step: uvicorn's own end takes 0.1 s."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        try:
            yield listener.getsockname()[1]
        finally:
            for door in server.servers:
                door.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            running = set(server.server_state.tasks)
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
