"""Any OpenAI-compatible server, over httpx: Ollama, llama.cpp, vLLM, LM Studio, LocalAI, hosted ones.

Only input and output live here: what is sent is decided in ``wire``, what comes back is understood by
``sse`` and ``chunks``, what a refusal means stands in ``complaints``. One client with kept connections per
model object. A reply that is left early closes its connection at once: that is how such a server is told to
stop generating.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx

from common.addresses import shown_url, without
from llm import complaints
from llm.base import LLMError, LLMRejected, LLMTimedOut, LLMUnavailable
from llm.chunks import ChunkReader, StreamError
from llm.connection import acknowledger, drain, is_url, new_client
from llm.patience import OutOfPatience, Patience
from llm.servers import EXTRAS, is_local, recognized
from llm.sse import MAX_EVENT_BYTES, SseEvent, SseOverflow, SseParser
from llm.wire import chat_models, last_language, model_names, request_body

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence

    from config import LlmSettings
    from llm.types import Message, ReplyEvent, TextDelta, ToolSpec

LISTING_S = 10.0
"""For GET /models, which no server computes anything for."""
AFTER_FINISH_S = 0.5
"""How long usage and ``[DONE]`` may follow the finish reason; some servers send neither and hold the line."""
PREFILL_S = 30.0
"""For reading the system prompt before the first turn, loading the model included."""

_LOST = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)
_NO_LISTING = (404, 405, 501)
_log = logging.getLogger(__name__)

T = TypeVar("T")


def create(settings: LlmSettings, *, base_url: str, client: httpx.AsyncClient | None = None) -> OpenAIHttp:
    """A model behind ``base_url``. Raises LLMUnavailable for a bad URL, LLMRejected for a bad key."""
    return OpenAIHttp(settings, base_url, client)


class OpenAIHttp:
    """A ChatModel; see ``llm.base``."""

    def __init__(self, settings: LlmSettings, base_url: str, client: httpx.AsyncClient | None) -> None:
        if not is_url(base_url):
            raise LLMUnavailable(
                f"{shown_url(base_url)!r} is no URL of an LLM server: set llm.base_url to one like "
                "http://127.0.0.1:11434/v1, or to auto."
            )
        self._settings = settings
        self._base = base_url.rstrip("/")
        self._shown = shown_url(self._base)
        self._key = _checked_key(settings)
        self._model = settings.model if settings.model != "auto" else ""
        self._server: str | None = None
        self._owned = client is None
        self._client = client or new_client(base_url)

    def __repr__(self) -> str:
        return f"<OpenAIHttp {self._model or 'auto'} at {self._shown}>"

    async def warm(self) -> None:
        """Ask for the models: this checks URL and key, opens a connection and settles ``auto``."""
        try:
            listed = await Patience(LISTING_S).wait(self._listed())
        except OutOfPatience as error:
            raise LLMTimedOut(
                f"{self._shown} did not answer GET {self._shown}/models in {LISTING_S:g} s: "
                "look into its log, restart it, or correct llm.base_url."
            ) from error
        if self._settings.model == "auto":
            self._model = self._first(listed)

    async def prefill(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> bool:
        """Ask for one token, where a known local server keeps its work on the prompt; see ``ChatModel.prefill``."""
        known = self._server is not None and is_local(self._base)
        if not (known if self._settings.prefill == "auto" else self._settings.prefill == "on"):
            return False
        try:
            async with (
                asyncio.timeout(PREFILL_S),
                contextlib.aclosing(self._reply(messages, tools, {"max_tokens": 1})) as events,
            ):
                async for _ in events:
                    pass
        except (LLMError, TimeoutError) as error:
            _log.info("%s did not read the system prompt beforehand: %s", self._shown, error)
            return False
        return True

    def reply(
        self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; see ``ChatModel.reply``."""
        return self._reply(messages, tools, {})

    async def _reply(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], changes: dict[str, Any]
    ) -> AsyncGenerator[ReplyEvent, None]:
        patience = Patience(self._settings.first_token_timeout_s, self._settings.total_timeout_s)
        reader = ChunkReader()
        if not self._model:
            self._model = self._first(await self._patient(patience, self._listed(), reader))
        extras = EXTRAS.get(self._server or "", {})
        body = request_body(self._settings, self._model, messages, tools, extras) | changes
        sending = self._send("POST", "/chat/completions", body, last_language(messages))
        response = await self._patient(patience, sending, reader)
        try:
            if response.status_code != httpx.codes.OK:
                raise await self._refusal(response)
            async with contextlib.aclosing(self._deltas(response, patience, reader)) as deltas:
                async for delta in deltas:
                    yield delta
        except StreamError as error:
            raise await self._explained(
                complaints.complaint(None, error.body, self._asked("POST"))
            ) from error
        finally:
            await response.aclose()
        for event in reader.end():
            yield event

    async def aclose(self) -> None:
        """Close the connections of our own client."""
        if self._owned:
            await self._client.aclose()

    async def _deltas(
        self, response: httpx.Response, patience: Patience, reader: ChunkReader
    ) -> AsyncGenerator[TextDelta, None]:
        """The text of a reply as it comes, until the server says in any way that it is complete."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise complaints.not_an_api(self._asked("POST"), "a web page")
        events = self._whole(response, patience, reader) if kind == "application/json" else None
        events = events or self._streamed(response, patience, reader)
        async with contextlib.aclosing(events):
            async for event in events:
                for delta in reader.read(event):
                    yield delta
                if reader.begun:
                    patience.renew(self._settings.stall_timeout_s)
                if reader.finish_reason is not None:
                    patience.renew(AFTER_FINISH_S)
        if reader.skipped:
            _log.warning("%d unreadable chunks of a reply from %s were skipped", reader.skipped, self._shown)
        if not reader.complete:
            raise self._incomplete(reader)

    async def _streamed(
        self, response: httpx.Response, patience: Patience, reader: ChunkReader
    ) -> AsyncGenerator[SseEvent, None]:
        parser = SseParser()
        chunks = response.aiter_bytes()
        try:
            acknowledge = acknowledger(response)
            acknowledge()
            while chunk := await self._chunk(chunks, patience, reader):
                acknowledge()
                for event in parser.feed(chunk):
                    yield event
                    if reader.done:  # the event was read while we were suspended
                        await drain(chunks)
                        return
            for event in parser.close():
                yield event
        except SseOverflow as error:
            raise complaints.broke_off(self._asked("POST"), str(error)) from error

    async def _whole(
        self, response: httpx.Response, patience: Patience, reader: ChunkReader
    ) -> AsyncGenerator[SseEvent, None]:
        """One JSON body in place of a stream: an error with status 200, or a server that cannot stream."""
        body = b""
        chunks = response.aiter_bytes()
        while chunk := await self._chunk(chunks, patience, reader):
            body += chunk
            if len(body) > MAX_EVENT_BYTES:
                raise complaints.broke_off(self._asked("POST"), "its answer is too long")
        answer = _parsed(body)
        if body and not (isinstance(answer, dict) and answer.keys() & {"choices", "error", "object"}):
            raise complaints.not_an_api(self._asked("POST"), complaints.words_of(answer))
        if body:
            yield SseEvent("", body.decode("utf-8", "replace"))
            reader.done = True

    async def _chunk(self, chunks: AsyncIterator[bytes], patience: Patience, reader: ChunkReader) -> bytes:
        """The next bytes; none at the end. Once a reply is finished, a failing rest is no matter."""
        try:
            return await self._patient(patience, anext(chunks, b""), reader)
        except LLMTimedOut:
            if reader.finish_reason is None:
                raise
        except httpx.HTTPError as error:
            if reader.finish_reason is None:
                raise self._incomplete(reader) from error
        return b""

    def _incomplete(self, reader: ChunkReader) -> LLMError:
        """The reply is not whole. Whether it ended or was cut off: without a word, it is an empty answer."""
        nothing = not (reader.begun or reader.skipped)
        return (complaints.said_nothing if nothing else complaints.broke_off)(self._asked("POST"))

    async def _patient(self, patience: Patience, step: Awaitable[T], reader: ChunkReader) -> T:
        """Await ``step`` as long as the settings allow. Raises LLMTimedOut."""
        try:
            return await patience.wait(step)
        except OutOfPatience as error:
            raise complaints.too_slow(
                self._shown, self._settings, begun=reader.begun, in_all=error.in_all
            ) from error

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, language: str | None = None
    ) -> httpx.Response:
        """Send and await the head of the answer. A kept connection may have died unseen: then once more."""
        headers = {"Accept": "text/event-stream" if body else "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if language:
            headers["Accept-Language"] = language
        for again in (True, False):
            request = self._client.build_request(method, self._base + path, json=body, headers=headers)
            try:
                return await self._client.send(request, stream=True)
            except _LOST as error:
                if not again:
                    raise complaints.unreachable(self._asked(method)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise complaints.unreachable(self._asked(method)) from error
        raise AssertionError("unreachable: the second try returns or raises")

    async def _listed(self) -> tuple[str, ...]:
        """The chat models that the server lists; none when it has no listing. Raises an LLMError."""
        response = await self._send("GET", "/models")
        try:
            if response.status_code in _NO_LISTING:
                return ()
            if response.status_code != httpx.codes.OK:
                raise await self._refusal(response)
            listing = _parsed(await response.aread())
        except httpx.HTTPError as error:
            raise complaints.unreachable(self._asked("GET")) from error
        finally:
            await response.aclose()
        if not isinstance(listing, dict):
            raise complaints.not_an_api(self._asked("GET"), "something")
        self._server = recognized(listing)
        names, chat = model_names(listing), chat_models(listing)
        if names and not chat:
            raise LLMRejected(f"{self._shown} lists no chat model, only {', '.join(names)}: set llm.model.")
        return chat

    def _first(self, listed: tuple[str, ...]) -> str:
        return listed[0] if listed else "default"

    async def _refusal(self, response: httpx.Response) -> LLMError:
        """The error for an answer that is not 200."""
        try:
            raw = await Patience(LISTING_S).wait(response.aread())
        except (OutOfPatience, httpx.HTTPError):
            raw = b""
        method = response.request.method
        text = without(raw.decode("utf-8", "replace"), self._key)
        body = _parsed(text) or text
        return await self._explained(complaints.complaint(response.status_code, body, self._asked(method)))

    async def _explained(self, error: LLMError) -> LLMError:
        """For an unknown model, add what the server lists; with ``auto``, choose anew next time."""
        if not isinstance(error, complaints.UnknownModel):
            return error
        if self._settings.model == "auto":
            self._model = ""
        try:
            return error.listing(await Patience(LISTING_S).wait(self._listed()))
        except (OutOfPatience, LLMError):
            return error.listing(())

    def _asked(self, method: str) -> complaints.Asked:
        path = "/models" if method == "GET" else "/chat/completions"
        line = f"{method} {self._shown}{path}"
        return complaints.Asked(self._shown, line, self._model, with_key=bool(self._key))


def _checked_key(settings: LlmSettings) -> str:
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    if not key.isascii() or not key.isprintable():
        raise LLMRejected("llm.api_key holds characters that no API key has: enter it again.")
    return key


def _parsed(raw: str | bytes) -> object:
    try:
        return cast("object", json.loads(raw))
    except (ValueError, RecursionError):
        return None
