"""Laws that every conversation keeps, whatever is said when: half of the moments on a grid, to make things meet."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm import LLMUnavailable, ScriptedReply, Step, TextDelta, ToolCall, say
from pipeline import PipelineOrchestrator
from stt import Int16, Line, STTUnavailable
from tests.kit.conversation import Outcome, Said, Stages, hold
from tts import Failure, SpeechScript

TEXTS = ("Yes.", "Hello there.", "Well, I think that", "", "Stop.", "What time is it?", "Mm-hm.")
REPLY = "One two three four. Five six, seven eight nine ten? Eleven! Twelve thirteen."
FIRST = "One two three four."
"""The first piece of that reply, as it is handed to the voice."""

GRID = 0.16
"""Seconds: on it, moments meet. Half of all moments are."""

moment = st.one_of(st.integers(1, 20).map(lambda n: n * GRID), st.floats(0.02, 3.0))
delay = st.sampled_from([0.0, 0.05, GRID, 0.4, 0.9])
bools = st.booleans()


@dataclass(frozen=True)
class Case:
    """A conversation and what is done to it from outside."""

    said: list[Said]
    stages: Stages
    speculate: bool
    cancel_at: float | None
    keys: list[float]
    """Moments at which the key is pressed, s."""
    filler_ms: float | None = None


@dataclass
class Ears:
    """A turn model that answers each question in its own time."""

    answers: list[tuple[float, float | None]]
    asked: int = 0

    async def completeness(self, samples: Int16) -> float | None:  # noqa: ARG002  # only the script counts
        wait_s, answer = self.answers[self.asked % len(self.answers)]
        self.asked += 1
        await asyncio.sleep(wait_s)
        return answer


@st.composite
def replies(draw: st.DrawFn) -> ScriptedReply:
    """Mostly a reply; sometimes none, half of one, or a timer."""
    first = draw(delay)
    kind = draw(st.sampled_from(["say"] * 4 + ["long", "dead", "broken", "timer"]))
    if kind == "dead":
        return ScriptedReply((Step(LLMUnavailable("No server."), first),))
    if kind == "broken":
        return ScriptedReply((Step(TextDelta(REPLY[:30]), first), Step(LLMUnavailable("Gone."), 0.1)))
    if kind == "timer":
        seconds = draw(st.sampled_from([0.5, 2.0]))
        return ScriptedReply((Step(ToolCall("1", "timer", {"seconds": seconds}), first),), "tool_calls")
    text = " ".join([REPLY] * 4) if kind == "long" else REPLY
    return say(text, first_s=first, gap_s=draw(st.sampled_from([0.0, 0.03])))


@st.composite
def conversations(draw: st.DrawFn, *, disturbed: bool = True) -> Case:
    said, now = [], 0.0
    for _ in range(draw(st.integers(1, 5))):
        start = now + draw(moment)
        now = start + draw(moment)
        said.append(Said(start, now))
    broken = STTUnavailable("No ears.")
    errors = st.sampled_from([None] * 9 + [broken])
    heard = [Line(draw(st.sampled_from(TEXTS)), delay=draw(delay), error=draw(errors)) for _ in range(14)]
    failures = (
        (Failure(FIRST, draw(st.integers(0, 2))),) if draw(st.sampled_from([False] * 5 + [True])) else ()
    )
    speech = SpeechScript(
        first_chunk_s=draw(delay), chunk_s=draw(st.sampled_from([0.1, 1.0])), failures=failures
    )
    sounds = st.sampled_from([None, 0.0, 0.2, 0.5, 1.0])
    model = Ears(draw(st.lists(st.tuples(delay, sounds), min_size=1, max_size=4))) if draw(bools) else None
    stages = Stages(
        heard,
        [draw(replies()) for _ in range(20)],
        speech,
        offer_tools=True,
        turn_model=model,
        use_up=False,
    )
    cancel_at = draw(st.one_of(st.none(), st.none(), st.floats(0.1, now + 4))) if disturbed else None
    keys = draw(st.lists(moment, max_size=2)) if disturbed else []
    filler_ms = draw(st.sampled_from([None, None, 160.0, 500.0]))
    return Case(said, stages, draw(bools), cancel_at, keys, filler_ms)


def play(case: Case) -> Outcome:
    async def press(orchestrator: PipelineOrchestrator) -> None:
        for wait in case.keys:
            await asyncio.sleep(wait)
            orchestrator.stop_speaking()

    return hold(
        case.said,
        case.stages,
        cancel_at=case.cancel_at,
        script=press,
        turn__speculate=case.speculate,
        turn__filler_after_ms=case.filler_ms,
    )


def check_laws(case: Case) -> None:
    """Every rule that a conversation keeps, on one conversation."""
    outcome = play(case)
    check_slot(outcome.events)
    check_silence(outcome)
    check_heard(outcome)
    if case.cancel_at is None:
        check_words(outcome)
    assert outcome.names[-1] == "session.ended"
    assert outcome.names.count("session.ended") == 1


@given(conversations())
def test_laws(case: Case) -> None:
    check_laws(case)


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
        elif name == "turn.failed" and event["stage"] == "stt":
            assert turn not in committed, "words that could not be decoded were committed"
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
    last = outcome.entries[-1] if outcome.entries else None
    assert last is None or last.role == "assistant", "the last words were never answered"
    for request in outcome.requests:
        roles = [message.role for message in request]
        assert all(a != b for a, b in itertools.pairwise(roles)), "messages of one role in a row"


def check_heard(outcome: Outcome) -> None:
    """What was heard of a turn is a prefix of its sentences, at a word."""
    for event in outcome.all("turn.interrupted") + outcome.all("turn.completed") + outcome.all("turn.failed"):
        heard = str(event.get("heard_text", event.get("text"))).split()
        turn = [e for e in outcome.all("reply.sentence") if e["turn"] == event["turn"]]
        assert " ".join(e["text"] for e in turn).split()[: len(heard)] == heard


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


@settings(max_examples=15)
@given(conversations(disturbed=False), st.data())
def test_fast_tells_the_same_at_any_speed(case: Case, data: st.DataObject) -> None:
    """With the frame counter as the only clock, the speed of the stages changes nothing at all."""
    chunk_s = case.stages.speech.chunk_s
    other = Stages(
        [Line(line.text, delay=data.draw(delay)) for line in case.stages.heard],
        [say(REPLY, first_s=data.draw(delay), gap_s=0.01) for _ in case.stages.replies],
        SpeechScript(chunk_s=chunk_s),
        use_up=False,
    )
    still = Stages(
        [Line(line.text) for line in case.stages.heard],
        [say(REPLY) for _ in case.stages.replies],
        SpeechScript(chunk_s=chunk_s),
        use_up=False,
    )
    runs = [hold(case.said, s, fast=True, turn__speculate=case.speculate).events for s in (still, other)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("speculate", [False, True])
@pytest.mark.parametrize("shift", range(-3, 4))
@pytest.mark.parametrize(
    "meets",
    [
        0.48,  # the end of the wait
        0.096,  # the pause
        0.48 + 0.4,  # the first token, without speculation
        0.096 + 0.2 + 0.4,  # the first token, with it
        0.48 + 0.4 + 0.1,  # the first sound
        0.48 + 0.4 + 0.1 + 4.2,  # about the end of the reply
    ],
)
def test_speech_at_the_very_instant(speculate: bool, shift: int, meets: float) -> None:
    """Speech that begins at the frame in which something else happens, and at the frames around it."""
    first = 0.512 + 0.992
    start = first + round((meets) / 0.032) * 0.032 + shift * 0.032
    case = Case(
        [Said(0.512, first), Said(start, start + 0.8)],
        Stages(
            [Line("Hello there.", delay=0.2) for _ in range(4)],
            [say(REPLY, first_s=0.4) for _ in range(6)],
            SpeechScript(first_chunk_s=0.1),
            use_up=False,
        ),
        speculate,
        None,
        [],
    )
    check_laws(case)
