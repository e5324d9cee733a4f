"""The chat format without a server: what is refused and why, and the exact shape of the events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llm.builtin.answers import Answer, ToolUse
from llm.builtin.wire import MODEL, ChatRequest, Completion, RequestError, events, parse_request, whole
from llm.types import Message, ToolCall


def body(**changes: object) -> bytes:
    request = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]} | changes
    return json.dumps(request).encode()


@pytest.mark.parametrize(
    ("sent", "status", "param"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff\xfe\x00", 400, None),
        (b"[" * 100_000, 400, None),
        (b"9" * 10_000, 400, None),
        (b"[]", 400, None),
        (body(model=None), 400, "model"),
        (body(model=7), 400, "model"),
        (body(model="gpt-9"), 404, "model"),
        (body(messages=None), 400, "messages"),
        (body(messages=[]), 400, "messages"),
        (body(messages="hi"), 400, "messages"),
        (body(messages=["hi"]), 400, "messages[0]"),
        (body(messages=[{"role": "wizard", "content": "hi"}]), 400, "messages[0].role"),
        (body(messages=[{"role": ["user"], "content": "hi"}]), 400, "messages[0].role"),
        (body(messages=[{"role": "user", "content": 7}]), 400, "messages[0].content"),
        (body(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), 400, "messages[0].content"),
        (
            body(messages=[{"role": "user", "content": [{"type": "text", "text": 7}]}]),
            400,
            "messages[0].content",
        ),
        (body(messages=[{"role": "assistant", "tool_calls": 7}]), 400, "messages[0].tool_calls"),
        (body(messages=[{"role": "assistant", "tool_calls": [{}]}]), 400, "messages[0].tool_calls"),
        (body(stream="yes"), 400, "stream"),
        (body(stream_options=True), 400, "stream_options"),
        (body(stream_options={"include_usage": 1}), 400, "include_usage"),
        (body(tools={}), 400, "tools"),
        (body(tools=["timer"]), 400, "tools"),
        (body(tools=[{"type": "function", "function": {"name": 7}}]), 400, "tools"),
    ],
)
def test_refuses(sent: bytes, status: int, param: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(sent)
    error = caught.value.body["error"]
    assert (caught.value.status, error["param"], error["type"]) == (status, param, "invalid_request_error")
    assert error["message"].endswith(".")


def test_reads_a_whole_conversation() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "timer", "arguments": '{"seconds": 60}'}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Set a"}, {"type": "text", "text": "timer."}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "{}"},
    ]
    tools = [{"type": "function", "function": {"name": "timer", "parameters": {}}}]
    request = parse_request(body(messages=messages, tools=tools, stream=True, temperature=0.5))
    assert request == ChatRequest(
        messages=(
            Message("system", "Be brief."),
            Message("user", "Set a timer."),
            Message("assistant", "", tool_calls=(ToolCall("c1", "timer", {"seconds": 60}),)),
            Message("tool", "{}", tool_call_id="c1"),
        ),
        tools=frozenset({"timer"}),
        stream=True,
        include_usage=False,
    )


@pytest.mark.parametrize("arguments", ["{", "[1]", "7", None, 7])
def test_bad_arguments_of_a_model_are_none(arguments: object) -> None:
    call = {"id": "c1", "function": {"name": "timer", "arguments": arguments}}
    request = parse_request(body(messages=[{"role": "assistant", "content": "", "tool_calls": [call]}]))
    assert request.messages[0].tool_calls == (ToolCall("c1", "timer", {}),)


def test_tool_choice_none_offers_none() -> None:
    tools = [{"type": "function", "function": {"name": "timer"}}]
    assert parse_request(body(tools=tools, tool_choice="none")).tools == frozenset()


def completion(answer: Answer, *, include_usage: bool = False) -> Completion:
    request = ChatRequest((Message("user", "what time is it"),), frozenset(), True, include_usage)
    return Completion("chatcmpl-1", 1700000000, request, answer)


def chunks(answer: Answer, *, include_usage: bool = False) -> list[Any]:
    sent = [event.decode() for event in events(completion(answer, include_usage=include_usage))]
    assert sent[-1] == "data: [DONE]\n\n"
    assert all(event.startswith("data: {") and event.endswith("}\n\n") for event in sent[:-1])
    return [json.loads(event.removeprefix("data: ")) for event in sent[:-1]]


def test_a_stream_of_words() -> None:
    sent = chunks(Answer("time", "It is noon."))
    assert [chunk["choices"][0]["delta"] for chunk in sent] == [
        {"role": "assistant", "content": ""},
        {"content": "It"},
        {"content": " is"},
        {"content": " noon."},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in sent] == [None] * 4 + ["stop"]
    heads = {(chunk["id"], chunk["object"], chunk["created"], chunk["model"]) for chunk in sent}
    assert heads == {("chatcmpl-1", "chat.completion.chunk", 1700000000, MODEL)}
    assert not any("usage" in chunk for chunk in sent)


def test_a_stream_with_usage() -> None:
    *before, last = chunks(Answer("time", "It is noon."), include_usage=True)
    assert all(chunk["usage"] is None for chunk in before)
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7}


def test_a_stream_with_a_tool_call() -> None:
    sent = chunks(Answer("timer", tool=ToolUse("timer", {"seconds": 300, "label": "green tea"})))
    first, *pieces, last = [chunk["choices"][0] for chunk in sent]
    assert first["delta"] == {"role": "assistant", "content": None}
    calls = [piece["delta"]["tool_calls"][0] for piece in pieces]
    assert calls[0]["function"]["name"] == "timer"
    assert calls[0]["id"]
    assert len(calls) > 2
    written = "".join(call["function"]["arguments"] for call in calls)
    assert json.loads(written) == {"seconds": 300, "label": "green tea"}
    assert last["finish_reason"] == "tool_calls"


def test_a_whole_answer() -> None:
    sent = whole(completion(Answer("time", "It is noon.")))
    assert sent["choices"][0]["message"] == {"role": "assistant", "content": "It is noon."}
    assert sent["choices"][0]["finish_reason"] == "stop"
    assert sent["object"] == "chat.completion"


def test_line_separators_cannot_break_the_stream() -> None:
    raw = b"".join(events(completion(Answer("repeat", "one\u2028two\u0085three"))))
    assert raw.isascii()


@pytest.mark.parametrize(("text", "tool"), [("", None), ("both", ToolUse("timer"))])
def test_an_answer_is_a_text_or_a_tool_call(text: str, tool: ToolUse | None) -> None:
    with pytest.raises(ValueError, match="either"):
        Answer("x", text, tool)
