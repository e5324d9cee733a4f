"""The OpenAI chat format, both directions. Pure: bytes in, a checked request out; an answer in, JSON objects out.

Only what the responder honors is read; sampling options and token limits are accepted and have no effect, since its
answers are fixed and short. "Tokens" in the usage are words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from llm.builtin.answers import Answer
from llm.types import Message, Role, ToolCall

MODEL = "prism-builtin"

Json: TypeAlias = dict[str, Any]

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


class RequestError(Exception):
    """The request cannot be served; carries the HTTP status and what OpenAI clients expect beside the message."""

    def __init__(
        self,
        message: str,
        *,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, status=status, param=param, code=code)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the responder takes from a request."""

    messages: tuple[Message, ...]
    tools: frozenset[str]
    """Names of the functions that may be called."""
    stream: bool
    include_usage: bool
    """Whether a stream ends with the usage."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer on its way out."""

    id: str
    created: int
    """Unix time in seconds."""
    request: ChatRequest
    answer: Answer


def error_body(
    message: str, *, status: HTTPStatus, param: str | None = None, code: str | None = None
) -> Json:
    """An error as OpenAI clients read it."""
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def models_body() -> Json:
    """The answer to ``GET /v1/models``."""
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "prism"}]}


def parse_request(body: bytes) -> ChatRequest:
    """Check a body of ``POST /v1/chat/completions``. Raises RequestError."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("The body is not valid JSON.", code="invalid_json") from error
    if not isinstance(request, dict):
        raise RequestError("The body must be a JSON object.")
    _check_model(request.get("model"))
    options = _optional(request, "stream_options", dict, {})
    return ChatRequest(
        messages=_messages(request.get("messages")),
        tools=_tools(request),
        stream=_optional(request, "stream", bool, default=False),
        include_usage=_optional(options, "include_usage", bool, default=False),
    )


def _check_model(model: object) -> None:
    if not isinstance(model, str):
        raise RequestError("The model must be named, as a string.", param="model")
    if model != MODEL:
        raise RequestError(
            f"The model {model[:80]!r} does not exist; the only one here is {MODEL!r}.",
            status=HTTPStatus.NOT_FOUND,
            param="model",
            code="model_not_found",
        )


def _optional(place: Json, key: str, kind: type, default: Any) -> Any:  # noqa: ANN401 - JSON values have no type
    value = place.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise RequestError(f"{key} has the wrong type.", param=key)
    return value


def _messages(messages: object) -> tuple[Message, ...]:
    if not isinstance(messages, list) or not messages:
        raise RequestError("messages must be a list with at least one message.", param="messages")
    return tuple(_message(message, f"messages[{at}]") for at, message in enumerate(messages))


def _message(message: object, where: str) -> Message:
    if not isinstance(message, dict):
        raise RequestError(f"{where} must be an object.", param=where)
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise RequestError(f"{where}.role is not one of {', '.join(_ROLES)}.", param=f"{where}.role")
    call_id = message.get("tool_call_id")
    return Message(
        role=_ROLES[role],
        content=_content(message.get("content"), f"{where}.content"),
        tool_calls=_tool_calls(message.get("tool_calls"), f"{where}.tool_calls"),
        tool_call_id=call_id if isinstance(call_id, str) else None,
    )


def _content(content: object, where: str) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RequestError(f"{where} must be a string or a list of parts.", param=where)
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    if len(texts) != len(content) or not all(isinstance(text, str) for text in texts):
        raise RequestError(f"{where} may hold text parts only.", param=where)
    return " ".join(str(text) for text in texts)


def _tool_calls(calls: object, where: str) -> tuple[ToolCall, ...]:
    if calls is None:
        return ()
    functions = [_function(call) for call in calls] if isinstance(calls, list) else [None]
    if any(function is None for function in functions):
        raise RequestError(f"{where} must be a list of function calls.", param=where)
    return tuple(
        ToolCall(str(call.get("id", "")), function["name"], _arguments(function.get("arguments")))
        for call, function in zip(calls if isinstance(calls, list) else [], functions, strict=False)
        if function is not None
    )


def _function(entry: object) -> Json | None:
    """The ``function`` of a tool or of a tool call, None if it has none with a name."""
    function = entry.get("function") if isinstance(entry, dict) else None
    return function if isinstance(function, dict) and isinstance(function.get("name"), str) else None


def _arguments(written: object) -> Json:
    """A model's arguments are a string of JSON, and not always a good one."""
    try:
        arguments = json.loads(written) if isinstance(written, str) else written
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _tools(request: Json) -> frozenset[str]:
    functions = [_function(tool) for tool in _optional(request, "tools", list, [])]
    if any(function is None for function in functions):
        raise RequestError("tools must be a list of functions with a name.", param="tools")
    allowed = request.get("tool_choice") != "none"
    return frozenset(function["name"] for function in functions if function is not None and allowed)


def _usage(completion: Completion) -> Json:
    asked = sum(len(message.content.split()) for message in completion.request.messages)
    answered = len(completion.answer.text.split()) or 1
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def _call(completion: Completion) -> Json | None:
    tool = completion.answer.tool
    if tool is None:
        return None
    arguments = json.dumps(dict(tool.arguments))
    function = {"name": tool.name, "arguments": arguments}
    return {"id": f"call_{completion.id.removeprefix('chatcmpl-')}", "type": "function", "function": function}


def whole(completion: Completion) -> Json:
    """The body of an answer that is not streamed."""
    call = _call(completion)
    message: Json = {"role": "assistant", "content": None if call else completion.answer.text}
    if call:
        message["tool_calls"] = [call]
    reason = "tool_calls" if call else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    body = _head(completion, "chat.completion")
    return body | {"choices": [choice], "usage": _usage(completion)}


def events(completion: Completion) -> Iterator[bytes]:
    """The server-sent events of an answer: the role, word by word, the reason, perhaps the usage, the end."""
    for delta in _deltas(completion):
        yield _event(_chunk(completion, delta, None))
    yield _event(_chunk(completion, {}, "tool_calls" if completion.answer.tool else "stop"))
    if completion.request.include_usage:
        head = _head(completion, "chat.completion.chunk")
        yield _event(head | {"choices": [], "usage": _usage(completion)})
    yield b"data: [DONE]\n\n"


def _deltas(completion: Completion) -> Iterator[Json]:
    call = _call(completion)
    if call is None:
        yield {"role": "assistant", "content": ""}
        yield from ({"content": word} for word in _words(completion.answer.text))
        return
    yield {"role": "assistant", "content": None}
    start = {"name": call["function"]["name"], "arguments": ""}
    yield {"tool_calls": [{"index": 0, "id": call["id"], "type": "function", "function": start}]}
    for piece in _words(call["function"]["arguments"]):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _words(text: str) -> Sequence[str]:
    """Words with the space before them; joined they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)


def _chunk(completion: Completion, delta: Json, reason: str | None) -> Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    chunk = _head(completion, "chat.completion.chunk") | {"choices": [choice]}
    return chunk | {"usage": None} if completion.request.include_usage else chunk


def _head(completion: Completion, kind: str) -> Json:
    return {"id": completion.id, "object": kind, "created": completion.created, "model": MODEL}


def _event(chunk: Json) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
