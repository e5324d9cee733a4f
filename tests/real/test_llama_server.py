"""Prism's client against a real llama.cpp: its prompt, its sampler, its stream, its way to be cut off."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from llm import (
    Endpoint,
    Entry,
    FallbackChat,
    LLMError,
    LLMUnavailable,
    Message,
    ReplyEnd,
    TextDelta,
    create_chat_model,
)
from pipeline import (
    ConversationIO,
    NoSource,
    PipelineEvent,
    PipelineOrchestrator,
    Rooms,
    TimelineSink,
    to_json,
)
from stt import ScriptedTranscriber, STTManager
from tests.kit.llama import CONTEXT, ENDLESS, MODEL, running_server, saying
from tests.kit.settings import settings
from tts import ScriptedSynthesizer, SpeechScript, TTSManager

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from llm import ChatModel, ReplyEvent
    from tests.kit.llama import LlamaServer

__all__ = ["running_server"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

QUESTION = [Message("system", "You are Prism."), Message("user", "Bonjour, comment ça va ?", language="fr")]
GONE = "Disconnected from client"
"""What the server logs when it stops to generate because nobody reads any more."""


@asynccontextmanager
async def client(
    server: LlamaServer, grammar: str | None = None, **changes: object
) -> AsyncIterator[ChatModel]:
    body = {"grammar": grammar} if grammar else {}
    chosen = settings(llm__extra_body=body, **{f"llm__{key}": value for key, value in changes.items()})
    model = create_chat_model(chosen.llm, base_url=server.base_url)
    try:
        yield model
    finally:
        await model.aclose()


async def replied(model: ChatModel, question: list[Message]) -> list[ReplyEvent]:
    async with aclosing(model.reply(question)) as events:
        return [event async for event in events]


def pieces(events: list[ReplyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta)]


async def settled(llama: LlamaServer) -> int:
    """How often the server was left so far. It serves one request at a time, so this one waits for all before it."""
    async with client(llama, saying("Oui.")) as model:
        await replied(model, QUESTION)
    return llama.says().count(GONE)


async def stopped(llama: LlamaServer, before: int) -> None:
    await asyncio.to_thread(llama.wait_for, lambda: llama.says().count(GONE) > before, "it did not stop")


@pytest.mark.parametrize("text", ["Bonjour, il fait beau.", 'It\'s fine, "thanks" 🙂 «déjà vu» 你好'])
async def test_a_reply_streams_in_pieces(llama: LlamaServer, text: str) -> None:
    async with client(llama, saying(text)) as model:
        events = await replied(model, QUESTION)
    assert "".join(pieces(events)) == text
    assert len(pieces(events)) > 5
    end = events[-1]
    assert isinstance(end, ReplyEnd)
    assert end.finish_reason == "stop"


async def test_free_talk_stops_at_the_length(llama: LlamaServer) -> None:
    async with client(llama, ENDLESS, max_tokens=12) as model:
        events = await replied(model, QUESTION)
    assert "".join(pieces(events)).startswith("la la ")
    assert events[-1] == ReplyEnd("length")


async def test_the_model_is_the_one_that_the_server_lists(llama: LlamaServer) -> None:
    async with client(llama, saying("Oui.")) as model:
        await model.warm()
        assert MODEL in repr(model)


async def test_leaving_a_reply_stops_the_server(llama: LlamaServer) -> None:
    before = await settled(llama)
    async with client(llama, ENDLESS) as model:
        async with aclosing(model.reply(QUESTION)) as events:
            begun = [await anext(events) for _ in range(5)]
        await stopped(llama, before)
    assert all(isinstance(event, TextDelta) for event in begun)


async def test_the_same_client_goes_on_after_a_reply_was_left(llama: LlamaServer) -> None:
    async with client(llama, ENDLESS, max_tokens=CONTEXT) as model:
        async with aclosing(model.reply(QUESTION)) as events:
            await anext(events)
        async with aclosing(model.reply(QUESTION)) as events:
            again = [await anext(events) for _ in range(3)]
    assert "".join(pieces(again)).startswith("la")


async def test_a_cancelled_reader_stops_the_server_too(llama: LlamaServer) -> None:
    before = await settled(llama)
    async with client(llama, ENDLESS) as model:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await replied(model, QUESTION)
        await stopped(llama, before)


async def test_a_reply_that_another_request_cuts_off_is_no_whole_reply(llama: LlamaServer) -> None:
    """This server ends the older one with [DONE] and no finish reason."""
    async with (
        client(llama, ENDLESS) as model,
        client(llama, saying("Oui.")) as other,
        aclosing(model.reply(QUESTION)) as events,
    ):
        assert isinstance(await anext(events), TextDelta)
        assert "".join(pieces(await replied(other, QUESTION))) == "Oui."
        with pytest.raises(LLMUnavailable, match="broke off"):
            await _to_the_end(events)


async def _to_the_end(events: AsyncGenerator[ReplyEvent, None]) -> None:
    async for event in events:
        assert isinstance(event, TextDelta)


async def test_the_connection_is_kept_and_the_prompt_is_read_once(llama: LlamaServer) -> None:
    async with client(llama, saying("Oui."), prefill="on") as model:
        await model.warm()
        assert await model.prefill(QUESTION) is True
        before = llama.says()
        ports = await _ports(model)
        for _ in range(3):
            await replied(model, QUESTION)
        assert await _ports(model) == ports
        assert len(ports) == 1
    said = llama.says()
    assert said.count("prefix-match hit") > before.count("prefix-match hit")
    asked = re.findall(r"127\.0\.0\.1:(\d+) - \"POST /v1/chat/completions", said[len(before) :])
    assert len(asked) == 3, "the server's own log: three requests ..."
    assert len(set(asked)) == 1, "... over one connection"


async def _ports(model: ChatModel) -> set[object]:
    """The local addresses of the client's connections."""
    pool = cast("Any", model)._client._transport._pool
    streams = [connection._connection._network_stream for connection in pool.connections]
    return {stream.get_extra_info("client_addr") for stream in streams}


def test_a_conversation_that_outgrows_the_context_goes_on_without_its_oldest_part(llama: LlamaServer) -> None:
    """Through a whole conversation: the server's 200 without a body becomes a shorter prompt, not a failed turn."""

    async def main() -> Told:
        changes = {"llm__extra_body": {"grammar": saying("Oui.")}, "history__max_tokens": 6000}
        config = settings(vad__backend="scripted", stt__language="fr", **changes)
        told = Told()
        old = [Entry("user", f"Question {n}. " + "Il fait beau aujourd'hui. " * 12) for n in range(12)]
        talk = [entry for asked in old for entry in (asked, Entry("assistant", "Oui.", "Oui."))]
        async with client(llama, saying("Oui.")) as bare:
            chat = FallbackChat([Endpoint("llama", bare)], patience_s=10)
            rooms = Rooms(
                STTManager(ScriptedTranscriber(()), config.stt, config.vad),
                chat,
                TTSManager([ScriptedSynthesizer(SpeechScript())]),
                ("", "", ""),
                False,
            )
            io = ConversationIO(
                NoSource(),
                lambda clock: TimelineSink(clock, hold_s=20),
                (told,),
                _lines("Et maintenant ?", "Encore ?"),
                fast=True,
                resumed=talk,
            )
            await PipelineOrchestrator(rooms, io, config).run()
        return told

    told = asyncio.run(main())
    names = [event["event"] for event in told.events]
    assert names.count("turn.completed") == 2, told.events
    assert "turn.failed" not in names
    (shorter,) = [event for event in told.events if event["event"] == "quality.changed"]
    assert int(shorter["to"]) < int(shorter["from"]), "and only once: the next turn knew"


@dataclass
class Told:
    """Everything that was told of a conversation."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))


async def _lines(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def test_a_conversation_that_is_too_long_is_an_error_and_no_empty_answer(llama: LlamaServer) -> None:
    endless = [Message("user", "bonjour " * (CONTEXT + 1))]
    async with client(llama, saying("Oui.")) as bare:
        model = FallbackChat([Endpoint("llama", bare)], patience_s=10)
        with pytest.raises(LLMError, match="too long") as caught:
            await replied(model, endless)
        events = await replied(model, QUESTION)
    assert llama.base_url in str(caught.value)
    assert "".join(pieces(events)) == "Oui."
