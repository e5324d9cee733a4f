"""Real speech servers on free loopback ports: OpenAI's transcription over HTTP, and Wyoming when its package is here.

Both hear with the model that comes with Prism, in a thread with a loop of its own. ``mood`` makes the HTTP one behave
as others do: ``verbose``, ``plain`` (knows no verbose_json), or a status and a text to refuse with.

    with speech_server() as server:
        settings(stt__backend="openai_http", stt__http_url=server.http_url)
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from stt import SpeechSegment, Transcriber, Transcript, create_transcriber
from stt.audio_stream import read_stream
from tests.kit.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from stt import Int16

PATIENCE_S = 15.0


@dataclass(slots=True)
class SpeechServer:
    """What the test sees of it."""

    http_url: str = ""
    wyoming_address: str = ""
    """Empty without the package."""
    mood: str | tuple[int, str] = "verbose"
    requests: list[dict[str, str]] = field(default_factory=list)
    """Fields of every HTTP transcription."""


@contextmanager
def speech_server() -> Iterator[SpeechServer]:
    """The servers, up; down at the end."""
    seen, up = SpeechServer(), threading.Event()
    house = _House(seen, up)
    thread = threading.Thread(target=lambda: asyncio.run(house.live()), name="speech-server")
    thread.start()
    try:
        if not up.wait(PATIENCE_S):
            raise TimeoutError("the speech server did not come up")
        yield seen
    finally:
        house.end()
        thread.join(PATIENCE_S)


class _House:
    """The thread's side."""

    def __init__(self, seen: SpeechServer, up: threading.Event) -> None:
        self._seen, self._up = seen, up
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Transcriber = create_transcriber(settings(stt__model="prism-tiny").stt)

    def end(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._over.set)

    async def live(self) -> None:
        self._loop = asyncio.get_running_loop()
        routes = [
            Route("/v1/models", lambda _: JSONResponse({"data": [{"id": "tiny"}]})),
            Route("/v1/audio/transcriptions", self._transcribe, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", ws="none", port=0)
        web = uvicorn.Server(config)
        web.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # not the main thread
        async with asyncio.TaskGroup() as group:
            group.create_task(web.serve())
            wyoming = await self._start_wyoming()
            while not web.started:  # noqa: ASYNC110  # uvicorn has no event for it
                await asyncio.sleep(0.01)
            port = web.servers[0].sockets[0].getsockname()[1]
            self._seen.http_url = f"http://127.0.0.1:{port}/v1"
            self._up.set()
            await self._over.wait()
            web.should_exit = True
            if wyoming is not None:
                await wyoming.stop()
        await self._engine.aclose()

    async def hear(self, samples: Int16, language: str | None, prompt: str | None) -> Transcript:
        place = (1, 0, samples, 0.0, len(samples) / 16_000)
        return await self._engine.transcribe(SpeechSegment(*place), language=language, prompt=prompt)

    async def _transcribe(self, request: Request) -> Response:
        fields, audio = _multipart(request.headers["content-type"], await request.body())
        self._seen.requests.append(fields)
        mood = self._seen.mood
        if isinstance(mood, tuple):
            return PlainTextResponse(mood[1], mood[0])
        if mood == "plain" and fields["response_format"] != "json":
            return JSONResponse({"error": "response_format verbose_json is not supported"}, 400)
        samples = next(read_stream(io.BytesIO(audio), seconds=3600.0))
        heard = await self.hear(samples, fields.get("language"), fields.get("prompt"))
        if mood == "plain":
            return JSONResponse({"text": heard.text})
        parts = [
            {key: getattr(part, key) for key in ("text", "start", "end", "avg_logprob", "no_speech_prob")}
            for part in heard.segments
        ]
        language = {"fr": "french", "en": "english"}.get(heard.language, heard.language)
        return JSONResponse({"text": heard.text, "language": language, "segments": parts})

    async def _start_wyoming(self) -> Any:
        try:
            from wyoming.server import AsyncTcpServer
        except ImportError:
            return None
        from tests.kit.wyoming_handler import handler

        server = AsyncTcpServer("127.0.0.1", 0)
        await server.start(handler(self.hear))
        port = vars(server)["_server"].sockets[0].getsockname()[1]
        self._seen.wyoming_address = f"127.0.0.1:{port}"
        return server


def _multipart(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Fields by name, and the bytes of the file."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    fields, audio = {}, b""
    for part in message.iter_parts():
        data = bytes(part.get_payload(decode=True))
        if part.get_filename():
            audio = data
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = data.decode()
    return fields, audio
