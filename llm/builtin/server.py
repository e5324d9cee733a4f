"""The HTTP side of the built-in responder: starlette routes, served by uvicorn inside the caller's event loop.

The only file here that knows a web framework; nobody imports it before the server is wanted. No signal handlers, no
output, no task of its own: ``run()`` belongs into a task group of the caller, ends by cancellation or ``close()``, and
leaves nothing open, even with a stream half way.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from llm.builtin import guards, wire
from llm.builtin.answers import BuiltinPortError
from llm.builtin.lang import accepted
from llm.builtin.skills import reply

HOST = "127.0.0.1"
MAX_BODY = 1024 * 1024
"""Bytes. A long conversation has a hundred kilobytes."""
_DRAINED = 16 * MAX_BODY
"""Bytes of a too large body that are read before refusing it: a client that is still writing misses the answer."""
_GRACE_S = 0.4
"""Seconds in which broken-off requests may end by themselves, and again after they were cancelled."""
_KEEP_ALIVE_S = 75
"""Longer than people pause between two sentences, so that a conversation stays on one connection."""


def local_now() -> datetime:
    """The user's time."""
    return datetime.now(UTC).astimezone()


class BuiltinServer:
    """One responder on one loopback port: ``bind()``, then ``run()``, then ``close()``."""

    def __init__(
        self,
        *,
        port: int = 0,
        token: str | None = None,
        now: Callable[[], datetime] = local_now,
        pace_s: float = 0.0,
    ) -> None:
        """``port`` 0 takes any free one. With a ``token``, requests must bear it. ``now`` gives the user's local time.

        ``pace_s`` is the pause in seconds between two events of a stream: how it feels to talk to a slow model.
        """
        self._wanted = port
        self._token = token
        self._now = now
        self._pace_s = pace_s
        self._socket: socket.socket | None = None
        self._loop_server: _LoopServer | None = None
        self._port = port
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else "listening" if self._socket else "not bound"
        return f"<BuiltinServer {HOST}:{self._port} {state}>"

    @property
    def url(self) -> str:
        """The base URL for a client; final after ``bind()``."""
        return f"http://{HOST}:{self._port}/v1"

    def bind(self) -> str:
        """Take the port and return the base URL; clients may connect at once and wait for ``run()``.

        Twice is fine. Raises BuiltinPortError if the port is taken or not allowed.
        """
        if self._closed:
            raise BuiltinPortError("The built-in responder was closed; make a new one to serve again.")
        if self._socket is None:
            self._socket = _listen(self._wanted)
            self._port = self._socket.getsockname()[1]
        return self.url

    async def run(self) -> None:
        """Serve until cancelled or closed; at once over if it was closed before. Raises like ``bind()``."""
        if self._closed:
            return
        self.bind()
        if self._socket is None or self._loop_server is not None:
            raise RuntimeError("run() may be called once")
        server = self._loop_server = _LoopServer(_configuration(self._app()))
        try:
            await server.serve(sockets=[self._socket])
        finally:
            self.close()
            _release(self._socket)
            await server.settle()

    def close(self) -> None:
        """Stop listening and break off all connections, now; ``run()`` ends soon after. Twice is fine."""
        self._closed = True
        if self._loop_server is not None:
            self._loop_server.cut()
        elif self._socket is not None:
            self._socket.close()

    def _app(self) -> Starlette:
        routes = [
            Route("/health", _health),
            Route("/v1/models", _models),
            Route("/v1/chat/completions", self._complete, methods=["POST"]),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(_Guard, token=self._token)],
            exception_handlers={
                wire.RequestError: _refused,
                HTTPException: _http_error,
                ClientDisconnect: _gone,
                Exception: _bug,
            },
        )

    async def _complete(self, request: Request) -> Response:
        asked = wire.parse_request(await _body(request))
        now = self._now()
        answer = reply(
            asked.messages,
            now=now,
            language=accepted(request.headers.get("accept-language")),
            tools=asked.tools,
        )
        completion = wire.Completion(f"chatcmpl-{secrets.token_hex(12)}", int(now.timestamp()), asked, answer)
        if not asked.stream:
            return JSONResponse(wire.whole(completion))
        headers = {"cache-control": "no-store"}
        return StreamingResponse(self._events(completion), media_type="text/event-stream", headers=headers)

    async def _events(self, completion: wire.Completion) -> AsyncIterator[bytes]:
        for event in wire.events(completion):
            yield event
            await asyncio.sleep(self._pace_s)


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback. Listening at once makes a second responder on the port fail at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(64)
        listener.setblocking(False)
    except (OSError, OverflowError) as error:
        listener.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is in use" if taken else f"cannot be opened ({error})"
        raise BuiltinPortError(
            f"The built-in responder's port {port} on {HOST} {why}; choose another one, or 0 for any free port."
        ) from error
    return listener


def _release(listener: socket.socket) -> None:
    """Close the socket of a server that was cancelled while it started: the loop may still be watching it."""
    if listener.fileno() >= 0:
        with contextlib.suppress(NotImplementedError):  # Windows' loop watches no sockets
            asyncio.get_running_loop().remove_reader(listener)
        listener.close()


def _configuration(app: ASGIApp) -> uvicorn.Config:
    logging.getLogger("uvicorn").addHandler(
        logging.NullHandler()
    )  # else logging's last resort writes to stderr
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )


class _LoopServer(uvicorn.Server):
    """uvicorn as a guest in somebody else's event loop: no signals, no polling, a prompt end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C belongs to the program."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end instead of waking up ten times a second."""
        await self.on_tick(0)
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Break off instead of waiting for streams to run dry; ``run()`` settles afterwards."""
        self.cut()
        for listener in sockets or []:
            listener.close()

    def cut(self) -> None:
        """Stop accepting and drop every connection, without waiting."""
        self.should_exit = True
        self._over.set()
        for server in getattr(
            self, "servers", []
        ):  # set by uvicorn's start-up, which may not have come that far
            server.close()
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()

    async def settle(self) -> None:
        """Wait until no request is being answered: they notice the broken connection, or are cancelled."""
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=_GRACE_S)
        left = set(self.server_state.tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=_GRACE_S)


class _Guard:
    """Lets nobody in whom ``guards.check`` refuses, whatever the path."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                guards.check(Headers(scope=scope), scope["path"], self._token)
            except wire.RequestError as error:
                await _error(error.status, error.body)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _models(_request: Request) -> Response:
    return JSONResponse(wire.models_body())


async def _body(request: Request) -> bytes:
    """The whole body. Raises RequestError (413) above MAX_BODY."""
    body, received = bytearray(), 0
    async for part in request.stream():
        received += len(part)
        if received <= MAX_BODY:
            body += part
        elif received > _DRAINED:
            break
    if received > MAX_BODY:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise wire.RequestError(
            f"The body is larger than {MAX_BODY} bytes.", status=status, code="body_too_large"
        )
    return bytes(body)


def _error(status: int, body: wire.Json) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status_code=status, headers=headers)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, wire.RequestError):
        raise error
    return _error(error.status, error.body)


async def _http_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    return JSONResponse(wire.error_body(error.detail, status=status), status_code=status, headers=headers)


async def _gone(_request: Request, _raised: Exception) -> Response:
    """The client left while it was sending; nobody reads this."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _bug(_request: Request, _raised: Exception) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    message = "The built-in responder failed; the log has the details."
    return _error(status, wire.error_body(message, status=status))
