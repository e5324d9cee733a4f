"""The summary of a long conversation: written while nobody waits, dropped at once when somebody does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from llm import Entry, LLMUnavailable, Scripted, ScriptedReply, Step, TextDelta, say
from llm.history import SUMMARY_CHARS, SUMMARY_LEAD
from pipeline import PipelineOrchestrator
from pipeline.memory import INSTRUCTIONS
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold

LONG = [
    entry
    for n in range(30)
    for entry in (Entry("user", f"Question {n}. " + "Il fait beau. " * 4), Entry("assistant", "Oui.", "Oui."))
]
"""What was said before: more than fits."""
SMALL: dict[str, Any] = {"history__max_tokens": 600, "stt__language": "fr"}
SUMMARY = "L'utilisateur a posé trente questions sur le temps."


def talk(chat: Scripted, said: list[Said], words: list[str], **changes: Any) -> Outcome:
    heard = [Line(text) for text in words]
    settings: dict[str, Any] = {**SMALL, "history__summarize": True, **changes}
    return hold(said, Stages(heard=heard, chat=chat), resumed=LONG, **settings)


def summaries(chat: Scripted) -> list[int]:
    """Which of the requests asked for a summary."""
    return [n for n, request in enumerate(chat.requests) if request[0].content == INSTRUCTIONS]


TWICE = [Said(0.5, 1.5), Said(8.0, 9.0)]


def test_what_fades_is_summarized_between_two_turns() -> None:
    chat = Scripted([say("Bien."), say(f"<think>hm</think>**{SUMMARY}**"), say("Voilà.")])
    talk(chat, TWICE, ["Encore une.", "Et maintenant ?"])
    assert summaries(chat) == [1]
    asked = chat.requests[1][1].content
    assert asked.startswith("User: Question 0. ")
    assert "Assistant: Oui." in asked
    first, last = chat.requests[0], chat.requests[2]
    assert last[0].content == f"{first[0].content}\n\n{SUMMARY_LEAD}{SUMMARY}"
    assert "Question 0." not in str(last[1:])
    assert last[-1].content == "Et maintenant ?"


def test_it_is_off_unless_it_is_asked_for() -> None:
    chat = Scripted([say("Bien."), say("Voilà.")])
    talk(chat, TWICE, ["Encore une.", "Et maintenant ?"], history__summarize=False)
    assert summaries(chat) == []


def test_whoever_speaks_meanwhile_finds_the_model_free() -> None:
    """The summary would take a minute: the voice ends it before the model is asked anything."""
    slow = ScriptedReply((Step(TextDelta("Long"), 60.0),))
    chat = Scripted([say("Bien."), slow, say("Voilà."), say(SUMMARY)])
    outcome = talk(chat, TWICE, ["Encore une.", "Et maintenant ?"])
    assert summaries(chat)[:1] == [1]
    assert chat.left_early >= 1
    assert SUMMARY_LEAD not in chat.requests[2][0].content
    assert outcome.history[-1] == ("assistant", "Voilà.")


def test_there_are_never_two_requests_at_once() -> None:
    class Counting(Scripted):
        most = live = 0

        async def reply(self, messages, *, tools=()):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            self.live += 1
            self.most = max(self.most, self.live)
            try:
                async for event in super().reply(messages, tools=tools):
                    yield event
            finally:
                self.live -= 1

    slow = [say("mot " * 40, gap_s=0.2) for _ in range(12)]
    chat = Counting(slow)
    said = [Said(0.5 + 3 * n, 1.5 + 3 * n) for n in range(5)]
    stages = Stages(heard=[Line(f"Question {n}.") for n in range(5)], chat=chat, use_up=False)
    hold(said, stages, resumed=LONG, **{**SMALL, "history__summarize": True})
    assert summaries(chat)
    assert chat.most == 1


@pytest.mark.parametrize("what", [LLMUnavailable("gone"), TextDelta("<think>nothing else</think>")])
def test_a_summary_that_fails_is_not_asked_for_again(what: object) -> None:
    failed = ScriptedReply((Step(what),))  # type: ignore[arg-type]
    chat = Scripted([say("Bien."), failed, say("Voilà.")])
    outcome = talk(chat, TWICE, ["Encore une.", "Et maintenant ?"])
    assert summaries(chat) == [1]
    assert outcome.all("turn.failed") == []


def test_a_summary_without_an_end_is_cut_off() -> None:
    endless = say("mot. " * SUMMARY_CHARS)
    chat = Scripted([say("Bien."), endless, say("Voilà."), say(SUMMARY)])
    talk(chat, TWICE, ["Encore une.", "Et maintenant ?"])
    assert len(chat.requests[2][0].content) < SUMMARY_CHARS + 600
    assert chat.left_early == 1


def test_the_end_of_the_session_ends_it() -> None:
    chat = Scripted([say("Bien."), ScriptedReply((Step(TextDelta("Long"), 3600.0),))])

    async def beside(_orchestrator: PipelineOrchestrator) -> None:
        await asyncio.sleep(0)

    outcome = hold(
        [Said(0.5, 1.5)],
        Stages(heard=[Line("Encore une.")], chat=chat, use_up=False),
        resumed=LONG,
        script=beside,
        **{**SMALL, "history__summarize": True},
    )
    assert outcome.ended_at < 60
