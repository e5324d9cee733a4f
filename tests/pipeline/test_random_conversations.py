"""Laws that every conversation keeps, whatever is said when: half of the moments on a grid, to make things meet."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llm import say
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold
from tts import SpeechScript

TEXTS = ("Yes.", "Hello there.", "Well, I think that", "", "Stop.", "What time is it?")
REPLY = "One two three four. Five six, seven eight nine ten? Eleven! Twelve thirteen."

moment = st.one_of(st.integers(1, 20).map(lambda n: n * 0.16), st.floats(0.05, 3.0))
delay = st.sampled_from([0.0, 0.05, 0.16, 0.4, 0.9])
bools = st.booleans()


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Said], Stages, bool]:
    said, now = [], 0.0
    for _ in range(draw(st.integers(1, 5))):
        start = now + draw(moment)
        now = start + draw(moment)
        said.append(Said(start, now))
    heard = [Line(draw(st.sampled_from(TEXTS)), delay=draw(delay)) for _ in range(14)]
    replies = [say(REPLY, first_s=draw(delay), gap_s=draw(st.sampled_from([0.0, 0.03]))) for _ in range(14)]
    speech = SpeechScript(first_chunk_s=draw(delay), chunk_s=draw(st.sampled_from([0.1, 1.0])))
    return said, Stages(heard, replies, speech, use_up=False), draw(bools)


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_laws(conversation: tuple[list[Said], Stages, bool]) -> None:
    said, stages, speculate = conversation
    outcome = hold(said, stages, turn__speculate=speculate)
    check_slot(outcome.events)
    check_words(outcome)
    check_silence(outcome)
    assert outcome.names[-1] == "session.ended"
    assert outcome.names.count("session.ended") == 1


def check_slot(events: list[dict[str, Any]]) -> None:
    """Never two live turns; nothing of a turn before its start or after its end; nothing heard before its commit."""
    live: int | None = None
    committed: set[int] = set()
    for event in events:
        name, turn = event["event"], event.get("turn")
        if name == "turn.started":
            assert live is None, "a second live turn"
            live = turn
        elif name == "turn.committed":
            assert live == turn
            assert turn not in committed
            committed.add(event["turn"])
        elif name.startswith(("reply.", "audio.")):
            assert live == turn in committed
        elif name in {"turn.completed", "turn.interrupted", "turn.failed", "turn.superseded"}:
            assert live == turn
            assert (turn in committed) == (name != "turn.superseded")
            live = None
    assert live is None


def check_words(outcome: Outcome) -> None:
    """What is said is committed once and is answered; what is heard is a prefix of what was to be said."""
    finals = outcome.all("transcript.final")
    assert len({e["turn"] for e in finals}) == len(finals)
    assert [text for role, text in outcome.history if role == "user"] == [e["text"] for e in finals]
    for event in outcome.all("turn.interrupted") + outcome.all("turn.completed"):
        heard = str(event.get("heard_text", event.get("text"))).split()
        turn = [e for e in outcome.all("reply.sentence") if e["turn"] == event["turn"]]
        assert " ".join(e["text"] for e in turn).split()[: len(heard)] == heard
    last = outcome.entries[-1] if outcome.entries else None
    assert last is None or last.role == "assistant", "the last words were never answered"
    for request in outcome.requests:
        roles = [message.role for message in request]
        assert all(a != b for a, b in itertools.pairwise(roles)), "messages of one role in a row"


def check_silence(outcome: Outcome) -> None:
    """While there is confirmed speech, up to its pause, not a sample sounds."""
    sounding = outcome.sounding()
    start: float | None = None
    for event in outcome.events:
        if event["event"] in {"speech.started", "speech.resumed"}:
            start = event["t"]
        elif event["event"] == "speech.paused" and start is not None:
            first, last = int(start * 10) + 1, int(event["t"] * 10)
            assert not sounding[first:last].any(), f"sound over the user between {start} and {event['t']}"
            start = None


@settings(max_examples=15, deadline=None)
@given(conversations(), st.data())
def test_fast_tells_the_same_at_any_speed(
    conversation: tuple[list[Said], Stages, bool], data: st.DataObject
) -> None:
    """With the frame counter as the only clock, the speed of the stages changes nothing at all."""
    said, stages, speculate = conversation
    other = Stages(
        [Line(line.text, delay=data.draw(delay)) for line in stages.heard],
        [say(REPLY, first_s=data.draw(delay), gap_s=0.01) for _ in stages.replies],
        SpeechScript(first_chunk_s=0.0, chunk_s=stages.speech.chunk_s),
        use_up=False,
    )
    still = Stages(stages.heard, stages.replies, SpeechScript(chunk_s=stages.speech.chunk_s), use_up=False)
    runs = [hold(said, s, fast=True, turn__speculate=speculate).events for s in (still, other)]
    assert runs[0] == runs[1]
