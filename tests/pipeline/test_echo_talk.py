"""The text guard in a conversation: the assistant's own words, heard again, change nothing. On virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from llm import say
from pipeline import PipelineOrchestrator
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold

HELLO = Line("Tell me about France.")
REPLY = "The capital of France is Paris, and the country lies between two seas and several mountains."
ECHO = "capital of France is Paris and the"


async def share_a_room(orchestrator: PipelineOrchestrator) -> None:
    """As with a live microphone beside a live speaker."""
    orchestrator._hearing.shared_room = True


def talk(*said: Said, heard: str, shared: bool, **changes: Any) -> Outcome:
    stages = Stages([HELLO, Line(heard)], [REPLY, "Fine."], use_up=False)
    return hold(
        [Said(0.5, 1.5), *said], stages, script=share_a_room if shared else None, typed=None, **changes
    )


def test_an_echo_into_the_reply_lets_it_go_on_and_is_told() -> None:
    outcome = talk(Said(4.5, 5.3), heard=ECHO, shared=True)
    rejected = outcome.one("transcript.rejected")
    assert (rejected["reason"], rejected["text"]) == ("echo", ECHO)
    assert "like a part of" in rejected["evidence"]
    assert outcome.one("turn.completed")["text"] == REPLY
    assert (outcome.names.count("playback.paused"), outcome.names.count("playback.resumed")) == (1, 1)
    assert [text for _, text in outcome.history] == [HELLO.text, REPLY]


@pytest.mark.parametrize(("heard", "shared"), [(ECHO, False), ("What about Italy?", True), ("Stop.", True)])
def test_other_words_cut_it_and_so_do_the_same_where_there_is_no_echo(heard: str, shared: bool) -> None:
    outcome = talk(Said(4.5, 5.3), heard=heard, shared=shared)
    assert outcome.names.count("turn.interrupted") == 1
    assert outcome.all("transcript.rejected") == []
    assert outcome.all("transcript.final")[-1]["text"] == heard


def test_what_was_not_yet_spoken_cannot_be_an_echo() -> None:
    outcome = talk(Said(2.0, 2.6), heard="several mountains", shared=True, turn__speculate=False)
    assert outcome.all("transcript.rejected") == []


@pytest.mark.parametrize(("after_s", "echo"), [(0.05, True), (0.8, False)])
def test_the_last_words_may_be_carried_a_moment_longer(after_s: float, echo: bool) -> None:
    over = talk(heard="", shared=True).one("audio.finished")["t"]
    outcome = hold(
        [Said(0.5, 1.5), Said(over + after_s, over + after_s + 0.6)],
        Stages([HELLO, Line("two seas and several mountains")], [say(REPLY), "Yes."], use_up=False),
        script=share_a_room,
    )
    assert [e["reason"] for e in outcome.all("transcript.rejected")] == (["echo"] if echo else [])
    assert len(outcome.all("transcript.final")) == (1 if echo else 2)
