"""Several servers in order: who answers, who is left alone, who is tried again, and what is told of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from llm import (
    Endpoint,
    FallbackChat,
    LLMBusy,
    LLMEmpty,
    LLMError,
    LLMRejected,
    LLMTimedOut,
    LLMTooLong,
    LLMUnavailable,
    Message,
    ReplyEvent,
    Scripted,
    ScriptedReply,
    Step,
    TextDelta,
    create_chat_model,
    say,
)
from tests.kit.settings import settings
from tests.kit.sse_server import Reply, sse_server
from tests.kit.virtual_loop import run_virtual
from tests.llm.chaos import free_port

ASK = (Message("user", "Bonjour", "fr"),)
DEAD = LLMUnavailable("no server")
BUSY = LLMBusy("loading")


def failing(error: LLMError, after_s: float = 0.0) -> ScriptedReply:
    return ScriptedReply((Step(error, after_s),))


@dataclass
class Stage:
    """Servers as scripts, and what was told."""

    scripts: list[list[ScriptedReply]]
    told: list[tuple[str, str, str]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.servers = [Scripted(replies) for replies in self.scripts]
        names = ["a", "b", "c"]
        ends = [Endpoint(name, server) for name, server in zip(names, self.servers, strict=False)]
        self.chat = FallbackChat(ends, patience_s=30, notify=lambda *news: self.told.append(news))

    async def ask(self) -> list[ReplyEvent]:
        async with aclosing(self.chat.reply(ASK)) as events:
            got = [event async for event in events]
        self.heard.append("".join(event.text for event in got if isinstance(event, TextDelta)))
        return got

    @property
    def asked(self) -> list[int]:
        """How often each server was asked."""
        return [len(server.requests) for server in self.servers]


@pytest.mark.parametrize("error", [DEAD, LLMTimedOut("slow"), LLMRejected("bad key")])
def test_the_next_one_takes_over_and_it_is_told_with_its_reason(error: LLMError) -> None:
    stage = Stage([[failing(error)], [say("Oui.")]])
    run_virtual(stage.ask())
    assert stage.heard == ["Oui."]
    assert stage.told == [("a", "b", str(error))]


def test_one_that_failed_is_left_alone_and_tried_again_after_a_while() -> None:
    stage = Stage([[failing(DEAD), say("A.")], [say("B."), say("B.")]])

    async def main() -> None:
        await stage.ask()
        await asyncio.sleep(10)
        await stage.ask()
        assert stage.asked == [1, 2]
        await asyncio.sleep(30)
        await stage.ask()

    run_virtual(main())
    assert stage.heard == ["B.", "B.", "A."]
    assert stage.asked == [2, 2]
    assert stage.told == [("a", "b", "no server"), ("b", "a", "it answers again")]


def test_a_probe_that_fails_makes_the_while_longer() -> None:
    stage = Stage([[failing(DEAD), failing(DEAD), say("A.")], [say("B.")] * 3])

    async def main() -> None:
        for pause in (0, 31, 31, 30):
            await asyncio.sleep(pause)
            await stage.ask()

    run_virtual(main())
    assert stage.heard == ["B.", "B.", "B.", "A."]


def test_after_the_first_word_nobody_takes_over() -> None:
    broken = ScriptedReply((Step(TextDelta("Il fait ")), Step(DEAD)))
    stage = Stage([[broken], [say("Non.")]])
    with pytest.raises(LLMUnavailable, match="no server"):
        run_virtual(stage.ask())
    assert stage.asked == [1, 0]


def test_when_all_fail_each_is_named_with_its_reason_in_one_sentence() -> None:
    stage = Stage([[failing(DEAD)], [failing(LLMRejected("bad key."))]])
    with pytest.raises(LLMUnavailable) as caught:
        run_virtual(stage.ask())
    assert str(caught.value) == "None of the 2 LLM servers answers (a: no server; b: bad key)."
    assert stage.told == []


def test_an_empty_answer_among_the_failures_is_still_one() -> None:
    stage = Stage([[failing(LLMEmpty("nothing"))] * 2, [failing(DEAD)]])
    with pytest.raises(LLMEmpty, match="None of the 2"):
        run_virtual(stage.ask())


def test_a_server_that_said_nothing_is_asked_once_more_and_no_more() -> None:
    nothing = failing(LLMEmpty("nothing"))
    stage = Stage([[nothing, say("Oui."), nothing, nothing]])

    async def main() -> None:
        await stage.ask()
        with pytest.raises(LLMEmpty):
            await stage.ask()

    run_virtual(main())
    assert stage.heard == ["Oui."]
    assert stage.asked == [4]


def test_when_all_are_left_alone_a_person_waits_and_all_are_tried() -> None:
    stage = Stage([[failing(DEAD), say("A.")], [failing(DEAD)]])

    async def main() -> None:
        with pytest.raises(LLMUnavailable):
            await stage.ask()
        await stage.ask()

    run_virtual(main())
    assert stage.heard == ["A."]


def test_a_busy_server_is_asked_again_until_it_answers() -> None:
    stage = Stage([[failing(BUSY)] * 3 + [say("Enfin.")]])
    run_virtual(stage.ask())
    assert stage.heard == ["Enfin."]
    assert stage.told == []


def test_a_busy_server_is_not_asked_for_ever() -> None:
    stage = Stage([[failing(BUSY)] * 100])

    async def main() -> float:
        with pytest.raises(LLMBusy):
            await stage.ask()
        return asyncio.get_running_loop().time()

    assert 25 < run_virtual(main()) <= 30


def test_a_conversation_that_is_too_long_is_nobodys_failure() -> None:
    stage = Stage([[failing(LLMTooLong("too long", 2048)), say("A.")], [say("B.")]])

    async def main() -> None:
        with pytest.raises(LLMTooLong):
            await stage.ask()
        await stage.ask()

    run_virtual(main())
    assert stage.heard == ["A."]
    assert stage.asked == [2, 0]


def test_a_reply_that_is_left_judges_nobody_and_leaves_nothing() -> None:
    stage = Stage([[say("Un deux trois.", gap_s=1), say("A.")], []])

    async def main() -> None:
        async with aclosing(stage.chat.reply(ASK)) as events:
            await anext(events)
        assert stage.servers[0].left_early == 1
        await stage.ask()

    run_virtual(main())
    assert stage.heard == ["A."]


def test_a_cancelled_probe_can_be_tried_by_the_next() -> None:
    stage = Stage([[failing(DEAD), say("Lent.", first_s=5), say("A.")], [say("B.")] * 2])

    async def main() -> None:
        await stage.ask()
        await asyncio.sleep(31)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await stage.ask()
        await stage.ask()

    run_virtual(main())
    assert stage.heard == ["B.", "A."]


async def test_real_servers_one_is_gone_and_one_is_busy_at_first() -> None:
    replies = [Reply.refusal(503, "Loading model"), Reply.of("Bon", "jour.")]
    told: list[tuple[str, str, str]] = []
    with sse_server(replies) as second:
        ends = [
            Endpoint(url, create_chat_model(settings(llm__model="m").llm, base_url=url))
            for url in (f"http://127.0.0.1:{free_port()}/v1", second.base_url)
        ]
        chat = FallbackChat(ends, patience_s=5, notify=lambda *news: told.append(news))
        await chat.warm()
        got = [event.text async for event in chat.reply(ASK) if isinstance(event, TextDelta)]
        await chat.aclose()
    assert got == ["Bon", "jour."]
    assert [(before, after) for before, after, _ in told] == [(ends[0].name, ends[1].name)]
    assert "No LLM server answers" in told[0][2]


async def test_warming_fails_only_when_none_works() -> None:
    urls = [f"http://127.0.0.1:{free_port()}/v1" for _ in range(2)]
    ends = [Endpoint(url, create_chat_model(settings().llm, base_url=url)) for url in urls]
    chat = FallbackChat(ends, patience_s=1)
    with pytest.raises(LLMUnavailable, match="None of the 2"):
        await chat.warm()
    await chat.aclose()
    await chat.aclose()


def test_it_needs_a_server() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FallbackChat([], patience_s=1)
