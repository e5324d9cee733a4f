"""Shapes of streams that servers do send, over real HTTP: understood, or refused in one sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from llm import (
    LLMBusy,
    LLMEmpty,
    LLMError,
    LLMRejected,
    LLMTooLong,
    LLMUnavailable,
    Message,
    ReplyEnd,
    TextDelta,
    ToolCall,
    Usage,
    create_chat_model,
)
from tests.kit.settings import settings
from tests.llm.chaos import CUT, DONE, END, HOLD, STOP, Chaos, Piece, chunk, data, said

if TYPE_CHECKING:
    from llm import ReplyEvent

ASK = (Message("user", "Bonjour", "fr"),)


def call(**more: object) -> dict[str, object]:
    """A delta with one piece of a tool call."""
    function = {key: more.pop(key) for key in ("name", "arguments") if key in more}
    return {"tool_calls": [{**more, "function": function}]}


def calls(*pieces: dict[str, object]) -> bytes:
    return b"".join(data(chunk(call(**piece))) for piece in pieces) + data(chunk(finish="tool_calls")) + DONE


async def replied(url: str, **changes: object) -> list[ReplyEvent]:
    model = create_chat_model(settings(llm__model="m", **changes).llm, base_url=url)
    try:
        return [event async for event in model.reply(ASK)]
    finally:
        await model.aclose()


@dataclass(frozen=True)
class Good:
    """A stream and the reply that it is."""

    name: str
    body: tuple[Piece, ...]
    text: str = "Bonjour."
    finish: str = "stop"
    usage: Usage | None = None
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    content_type: str = "text/event-stream"


WORDS = said("Bon", "jour.")
USAGE = Usage(7, 2)
COUNTS = {"prompt_tokens": 7, "completion_tokens": 2}
TIMER = ToolCall("a", "timer", {"s": 3})
WHOLE = {
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Bonjour."}, "finish_reason": "stop"}
    ]
}

GOOD = [
    Good("plain", (WORDS, END)),
    Good("a role first", (data(chunk({"role": "assistant"})), WORDS, END)),
    Good("null content first", (data(chunk({"role": "assistant", "content": None})), WORDS, END)),
    Good(
        "finish reason with the last text",
        (said("Bon"), data(chunk("jour.", "length")), DONE),
        finish="length",
    ),
    Good("no finish reason but done", (WORDS, DONE)),
    Good("no done", (WORDS, STOP)),
    Good("no done, no blank line", (WORDS, STOP.rstrip())),
    Good("held open after done", (WORDS, END, HOLD)),
    Good("held open after the finish reason", (WORDS, STOP, HOLD)),
    Good("cut after the finish reason", (WORDS, STOP, CUT)),
    Good("usage without choices", (WORDS, STOP, data({"choices": [], "usage": COUNTS}), DONE), usage=USAGE),
    Good("usage with an empty choice", (WORDS, STOP, data(chunk(usage=COUNTS)), DONE), usage=USAGE),
    Good("usage in every chunk", (data(chunk("Bonjour.", usage=COUNTS)), END), usage=USAGE),
    Good("null choices", (data({"choices": None}), WORDS, END)),
    Good("null delta", (data({"choices": [{"index": 0, "delta": None}]}), WORDS, END)),
    Good("comments", (b": OPENROUTER PROCESSING\n\n:\n\n", WORDS, b":\n\n", END)),
    Good("CRLF", ((WORDS + END).replace(b"\n", b"\r\n"),)),
    Good("CR", ((WORDS + END).replace(b"\n", b"\r"),)),
    Good("no space after the colon", ((WORDS + END).replace(b"data: ", b"data:"),)),
    Good("a byte order mark", (b"\xef\xbb\xbf" + WORDS, END)),
    Good("event and id fields", (b"event: message\nid: 4\nretry: 5\n" + WORDS, END)),
    Good(
        "an event over several lines",
        (b'data: {"choices": [{"delta":\ndata: {"content": "Bonjour."}}]}\n\n', END),
    ),
    Good("bytes one by one", tuple(bytes([byte]) for byte in said("élève 🙂") + END), text="élève 🙂"),
    Good("line separators within text", (said("a\u2028b\u0085c\x1cd"), END), text="a\u2028b\u0085c\x1cd"),
    Good(
        "escaped text", (b'data: {"choices":[{"delta":{"content":"\\u00e9t\\u00e9"}}]}\n\n', END), text="été"
    ),
    Good("half a character", (b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n', END), text="a"),
    Good("garbage in the middle", (said("Bon"), data('{"choices": [{'), data("[]"), said("jour."), END)),
    Good("content in parts", (data(chunk({"content": [{"type": "text", "text": "Bonjour."}]})), END)),
    Good("reasoning_content", (data(chunk({"reasoning_content": "hm"})), WORDS, END), reasoning="hm"),
    Good("reasoning", (data(chunk({"reasoning": "hm", "content": ""})), WORDS, END), reasoning="hm"),
    Good("a second choice", (data({"choices": [{"index": 1, "delta": {"content": "no"}}]}), WORDS, END)),
    Good("text of a completion", (data({"choices": [{"index": 0, "text": "Bonjour."}]}), END)),
    Good("the field name forgotten", ((WORDS + END).replace(b'data: {"object', b'{"object'),)),
    Good("not streamed at all", (json.dumps(WHOLE).encode(),), content_type="application/json"),
    Good(
        "not streamed, over lines", (json.dumps(WHOLE, indent=1).encode(),), content_type="application/json"
    ),
    Good("no content type", (WORDS, END), content_type=""),
    Good("nothing to say", (END,), text=""),
    Good(
        "a tool call in pieces",
        (
            calls(
                {"index": 0, "id": "a", "name": "timer", "arguments": ""},
                {"index": 0, "arguments": '{"s"'},
                {"index": 0, "arguments": ": 3}"},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(TIMER,),
    ),
    Good(
        "tool calls without index",
        (
            calls(
                {"id": "a", "name": "timer", "arguments": '{"s": 3}'},
                {"id": "b", "name": "stop", "arguments": ""},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(TIMER, ToolCall("b", "stop", {})),
    ),
    Good(
        "tool calls without id, all of index 0",
        (
            calls(
                {"index": 0, "name": "timer", "arguments": {"s": 3}},
                {"index": 0, "name": "stop", "arguments": "{}"},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(ToolCall("call_0", "timer", {"s": 3}), ToolCall("call_1", "stop", {})),
    ),
    Good(
        "tool calls without arguments, all of index 0",
        (calls({"index": 0, "id": "a", "name": "stop"}, {"index": 0, "id": "b", "name": "timer"}),),
        text="",
        finish="tool_calls",
        calls=(ToolCall("a", "stop", {}), ToolCall("b", "timer", {})),
    ),
    Good(
        "two tool calls in turns",
        (
            calls(
                {"index": 0, "id": "a", "name": "timer"},
                {"index": 1, "id": "b", "name": "stop"},
                {"index": 0, "arguments": '{"s": 3}'},
                {"index": 1, "arguments": "{}"},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(TIMER, ToolCall("b", "stop", {})),
    ),
    Good(
        "a name in every piece",
        (
            calls(
                {"index": 0, "id": "a", "name": "timer", "arguments": '{"s"'},
                {"index": 0, "name": "timer", "arguments": ": 3}"},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(TIMER,),
    ),
    Good(
        "name and id in every piece, also in a last one that adds nothing",
        (
            calls(
                {"index": 0, "id": "a", "name": "timer", "arguments": '{"s": 3}'},
                {"index": 0, "id": "a", "name": "timer", "arguments": ""},
            ),
        ),
        text="",
        finish="tool_calls",
        calls=(TIMER,),
    ),
    Good(
        "the whole message once more beside the last, empty delta",
        (
            data(chunk({"content": "Bonjour."})),
            data({"choices": [{"delta": {}, "message": {"content": "Bonjour."}, "finish_reason": "stop"}]}),
            DONE,
        ),
    ),
]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
async def test_a_stream_is_understood(case: Good) -> None:
    async with Chaos(case.body, content_type=case.content_type).running() as url:
        events = await replied(url)
    *first, end = events
    assert "".join(event.text for event in first if isinstance(event, TextDelta)) == case.text
    assert tuple(event for event in first if isinstance(event, ToolCall)) == case.calls
    assert end == ReplyEnd(case.finish, case.usage, case.reasoning)


@dataclass(frozen=True)
class Bad:
    """An answer and the error that it is."""

    name: str
    body: tuple[Piece, ...]
    error: type[LLMError]
    words: str
    """A part of the message."""
    heard: str = ""
    """Text that came before the error."""
    status: int = 200
    content_type: str = "text/event-stream"


OOM = {"error": {"message": "out of memory", "type": "server_error"}}
TOO_LONG = {
    "error": {"code": 400, "message": "request exceeds the context size", "type": "exceed_context_size_error"}
}
LONG = "too long for the model"
JSON = "application/json"

BAD = [
    Bad("an error object", (said("Bon"), data(OOM), DONE), LLMUnavailable, "out of memory", "Bon"),
    Bad(
        "an error text",
        (said("Bon"), data({"error": "out of memory"})),
        LLMUnavailable,
        "out of memory",
        "Bon",
    ),
    Bad("an error event", (b"event: error\n" + data({"message": "oom"}),), LLMUnavailable, "oom"),
    Bad("an error event without JSON", (b"event: error\n" + data("oom"),), LLMUnavailable, "oom"),
    Bad("an error choice", (data({"choices": [{"error": {"message": "oom"}}]}),), LLMUnavailable, "oom"),
    Bad("an error of the old kind", (data({"object": "error", "message": "oom"}),), LLMUnavailable, "oom"),
    Bad("too long, within the stream", (data(TOO_LONG),), LLMTooLong, LONG),
    Bad(
        "a status within the stream",
        (data({"error": {"code": 401, "message": "x"}}),),
        LLMRejected,
        "llm.api_key",
    ),
    Bad("broken off", (said("Bon"), CUT), LLMUnavailable, "broke off", "Bon"),
    Bad("ended without a finish", (said("Bon"),), LLMUnavailable, "broke off", "Bon"),
    Bad("cut within an event", (said("Bon"), b'data: {"choices": [{"de'), LLMUnavailable, "broke off", "Bon"),
    Bad("nothing", (), LLMEmpty, "empty answer"),
    Bad("cut off without a word", (b": ping\n\n", CUT), LLMEmpty, "empty answer"),
    Bad("done without a word", (DONE,), LLMEmpty, "empty answer"),
    Bad("done in mid-sentence", (said("Bon"), DONE), LLMUnavailable, "broke off", "Bon"),
    Bad("done within a thought", (data(chunk({"reasoning": "hm"})), DONE), LLMUnavailable, "broke off"),
    Bad("nothing, as JSON", (), LLMEmpty, "empty answer", content_type=JSON),
    Bad("an endless line", (b"data: " + b"x" * 5_000_000,), LLMUnavailable, "longer than"),
    Bad("a web page", (b"<html>hello</html>",), LLMRejected, "/v1", content_type="text/html"),
    Bad("an error as JSON", (json.dumps(OOM).encode(),), LLMUnavailable, "out of memory", content_type=JSON),
    Bad("some other API", (b'{"hello": 1}',), LLMRejected, "/v1", content_type=JSON),
    Bad("arguments that are no JSON", (calls({"id": "a", "name": "t", "arguments": "{s"}),), LLMError, "'t'"),
    Bad("HTTP 401", (b"{}",), LLMRejected, "llm.api_key", status=401),
    Bad("HTTP 400, a key", (b'{"error": "No connected db."}',), LLMRejected, "llm.api_key", status=400),
    Bad("HTTP 403", (b"no",), LLMRejected, "llm.api_key", status=403),
    Bad("HTTP 400, too long", (json.dumps(TOO_LONG).encode(),), LLMTooLong, LONG, status=400),
    Bad("HTTP 404 without a word", (b"<html>",), LLMRejected, "/v1", status=404),
    Bad("HTTP 422", (b'{"detail": "no field x"}',), LLMRejected, "no field x", status=422),
    Bad("HTTP 429", (b"{}",), LLMBusy, "busy", status=429),
    Bad("HTTP 500", (b'{"error": {"message": "boom"}}',), LLMUnavailable, "boom", status=500),
    Bad(
        "HTTP 503, loading",
        (b'{"error": {"message": "Loading model"}}',),
        LLMBusy,
        "loading",
        status=503,
    ),
    Bad("HTTP 302", (b"",), LLMRejected, "302", status=302),
]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
async def test_a_broken_answer_is_one_clear_error(case: Bad) -> None:
    heard = ""
    chaos = Chaos(case.body, status=case.status, content_type=case.content_type)
    async with chaos.running() as url:
        model = create_chat_model(settings(llm__model="m").llm, base_url=url)
        error: LLMError | None = None
        try:
            async for event in model.reply(ASK):
                heard += event.text if isinstance(event, TextDelta) else ""
        except LLMError as raised:
            error = raised
        await model.aclose()
    assert type(error) is case.error
    assert case.words in str(error)
    assert "\n" not in str(error)
    assert heard == case.heard


async def test_an_unknown_model_is_named_with_those_that_are_listed() -> None:
    body = json.dumps({"error": {"message": 'model "m" not found, try pulling it first'}}).encode()
    chaos = Chaos((body,), status=404, models={"data": [{"id": "qwen3"}, {"id": "gemma"}]})
    async with chaos.running() as url:
        with pytest.raises(LLMRejected, match=r"'m'.*llm\.model.*qwen3, gemma"):
            await replied(url)
