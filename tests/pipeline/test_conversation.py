"""Conversations as scripts, on virtual time: what is said, heard, told and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from llm import (
    History,
    LLMUnavailable,
    Message,
    ReplyEvent,
    Scripted,
    ScriptedReply,
    Step,
    TextDelta,
    ToolCall,
    ToolSpec,
    say,
)
from pipeline import PipelineEvent, PipelineOrchestrator, TurnStarted
from stt import Line, STTUnavailable
from tests.kit.conversation import Said, Stages, hold
from tts import Failure, SpeechScript

HELLO = Line("Hello there.", delay=0.2)
LONG = "One two three four five six seven. " * 4


def test_one_turn_tells_its_events_in_order() -> None:
    outcome = hold(
        [Said(0.5, 1.5)], Stages([HELLO], [say("Good morning to you.", first_s=0.1)]), turn__speculate=False
    )
    assert [name for name in outcome.names if name != "reply.delta"] == [
        "session.started",
        "speech.started",
        "speech.paused",
        "transcript.partial",
        "speech.ended",
        "turn.started",
        "transcript.final",
        "turn.committed",
        "reply.sentence",
        "audio.started",
        "audio.finished",
        "turn.completed",
        "session.ended",
    ]
    assert outcome.history == [("user", "Hello there."), ("assistant", "Good morning to you.")]
    assert "".join(e["text"] for e in outcome.all("reply.delta")) == "Good morning to you."
    assert outcome.one("session.ended") == {
        "event": "session.ended",
        "t": outcome.one("session.ended")["t"],
        "turns": 1,
        "reason": "input ended",
    }


def test_the_latency_is_the_wait_plus_what_could_not_be_hidden() -> None:
    stages = Stages([HELLO], [say("Good morning.", first_s=0.2)], SpeechScript(first_chunk_s=0.1))
    latency = hold([Said(0.512, 1.536)], stages, turn__speculate=False).one("turn.completed")["latency"]
    assert latency["pause"] == pytest.approx(96)
    assert latency["stt_ms"] == pytest.approx(200, abs=1)
    assert latency["committed"] == pytest.approx(480, abs=1)
    assert latency["llm_ttft_ms"] == pytest.approx(200, abs=1)
    assert latency["tts_ms"] == pytest.approx(100, abs=1)
    assert latency["first_audio"] == pytest.approx(480 + 200 + 100, abs=2)
    assert latency["speculation"] == "off"


def test_the_second_prompt_holds_the_first_exchange() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(5.0, 6.0)],
        Stages([HELLO, Line("And now?")], ["First answer.", "Second answer."]),
    )
    roles = [[m.role for m in request] for request in outcome.requests]
    assert roles == [["system", "user"], ["system", "user", "assistant", "user"]]
    assert outcome.requests[1][2].content == "First answer."
    assert [t["turn"] for t in outcome.all("turn.completed")] == [1, 2]


def test_speech_cuts_the_reply_and_history_keeps_what_was_heard() -> None:
    outcome = hold([Said(0.5, 1.5), Said(4.0, 5.0)], Stages([HELLO, Line("Stop.")], [LONG, "Fine."]))
    cut = outcome.one("turn.interrupted")
    sentences = " ".join(e["text"] for e in outcome.all("reply.sentence") if e["turn"] == 1)
    assert cut["turn"] == 1
    assert cut["reason"] == "speech"
    assert cut["heard_text"]
    assert sentences.startswith(cut["heard_text"])
    assert cut["intended_text"] == sentences
    assert outcome.history[1] == ("assistant", cut["heard_text"])
    assert outcome.entries[1].intended == sentences
    assert outcome.requests[1][2].content == cut["heard_text"]
    quiet = outcome.sounding()[int(4.1 * 10) : int(5.0 * 10)]
    assert not quiet.any()


def test_what_was_heard_matches_the_sound() -> None:
    """The scripted voice takes 60 ms for a letter: the words that had sounded are known to the sample."""
    outcome = hold([Said(0.5, 1.5), Said(4.0, 5.0)], Stages([HELLO, Line("Stop.")], [LONG, "Fine."]))
    started, paused = outcome.all("audio.started")[0]["t"], outcome.one("playback.paused")["t"]
    letters = (paused - started) / 0.06
    heard = outcome.one("turn.interrupted")["heard_text"]
    assert abs(len(heard) - letters) < 8


def test_speech_before_the_first_sound_leaves_one_joined_question() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(2.4, 3.2)],
        Stages([HELLO, Line("How are you?")], [say("Hm.", first_s=3.0), "Fine."]),
        turn__speculate=False,
    )
    cut = outcome.one("turn.interrupted")
    assert (cut["heard_text"], cut["turn"]) == ("", 1)
    assert [m.content for m in outcome.requests[1][1:]] == ["Hello there. How are you?"]
    assert outcome.history == [
        ("user", "Hello there."),
        ("assistant", ""),
        ("user", "How are you?"),
        ("assistant", "Fine."),
    ]


def test_a_noise_before_the_first_sound_does_not_cost_the_reply() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(2.4, 3.2)],
        Stages([HELLO, Line("")], [say("Here it is.", first_s=3.0)]),
        turn__speculate=False,
    )
    assert outcome.one("transcript.rejected")["reason"] == "empty"
    assert outcome.one("turn.completed")["text"] == "Here it is."
    assert len(outcome.all("transcript.final")) == 1
    assert "turn.interrupted" not in outcome.names


def test_a_cough_in_the_reply_pauses_it_and_loses_no_sample() -> None:
    plain = hold([Said(0.5, 1.5)], Stages([HELLO], [LONG]))
    cough = hold([Said(0.5, 1.5), Said(3.0, 3.4)], Stages([HELLO, Line("", delay=0.2)], [LONG]))
    assert cough.one("turn.completed")["text"] == LONG.strip()
    assert (cough.names.count("playback.paused"), cough.names.count("playback.resumed")) == (1, 1)
    pause = cough.one("playback.resumed")["t"] - cough.one("playback.paused")["t"]
    assert pause < 2.0
    longer = cough.one("audio.finished")["t"] - plain.one("audio.finished")["t"]
    assert longer == pytest.approx(pause, abs=1e-3)


@pytest.mark.parametrize(
    ("reply", "said", "cut"),
    [
        (LONG, "Mm-hm.", False),
        (LONG, "Oui, oui.", False),
        (LONG, "Ok, got it.", False),
        (LONG, "Yes, but why?", True),
        (LONG, "Stop.", True),
        ("Would you like me to go on and on and on and on and on and on?", "Yes.", True),
    ],
)
def test_a_backchannel_lets_the_reply_go_on_and_an_answer_does_not(reply: str, said: str, cut: bool) -> None:
    stages = Stages([HELLO, Line(said)], [reply, "Well."], use_up=False)
    outcome = hold([Said(0.5, 1.5), Said(3.0, 3.4)], stages)
    assert ("turn.interrupted" in outcome.names) == cut
    reasons = [event["reason"] for event in outcome.all("transcript.rejected")]
    assert reasons == ([] if cut else ["backchannel"])


def test_long_speech_cuts_without_waiting_for_words() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(3.0, 7.0)], Stages([HELLO, Line("A long story.")], [LONG * 3, "I see."])
    )
    assert outcome.one("turn.interrupted")["t"] == pytest.approx(3.0 + 1.5, abs=0.1)


def test_the_wait_learns_the_pauses_of_the_speaker() -> None:
    """Who pauses 0.7 s in every sentence is not cut in the next one."""
    pausing = [Said(0.5, 1.5), Said(2.2, 3.0), Said(8.0, 9.0), Said(9.7, 10.5)]
    heard = [Line("I would"), Line("I would like tea."), Line("And."), Line("And milk.")]
    outcome = hold(pausing, Stages(heard, ["Tea.", "Milk.", "x", "y"], use_up=False), turn__speculate=False)
    assert [e["text"] for e in outcome.all("transcript.final")] == ["I would like tea.", "And milk."]
    waits = [round(e["t"] - e["voiced_until"], 2) for e in outcome.all("speech.ended")]
    assert waits[0] > 0.48


def test_a_blip_pauses_the_reply_and_loses_no_sample_of_it() -> None:
    plain = hold([Said(0.5, 1.5)], Stages([HELLO], ["One two three four five."]))
    blip = hold([Said(0.5, 1.5), Said(2.6, 2.65)], Stages([HELLO], ["One two three four five."]))
    assert blip.names.count("playback.paused") == blip.names.count("playback.resumed") == 1
    assert "turn.interrupted" not in blip.names
    pause = blip.one("playback.resumed")["t"] - blip.one("playback.paused")["t"]
    longer = blip.one("audio.finished")["t"] - plain.one("audio.finished")["t"]
    assert longer == pytest.approx(pause, abs=1e-3)


def test_resumed_speech_is_one_utterance_and_one_turn() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(1.8, 2.5)],
        Stages([Line("I would"), Line("I would like tea.")], ["With milk?", "Tea it is."], use_up=False),
    )
    assert [e["revision"] for e in outcome.all("speech.paused")] == [0, 1]
    assert [e["text"] for e in outcome.all("transcript.final")] == ["I would like tea."]
    assert len(outcome.all("turn.committed")) == 1
    assert outcome.history[0] == ("user", "I would like tea.")


def test_an_unfinished_sentence_gets_a_longer_wait() -> None:
    ended = [
        hold([Said(0.512, 1.536)], Stages([Line(text)], ["Yes."])).one("speech.ended")["t"]
        for text in ("Hello there.", "Hello", "Hello and")
    ]
    assert [round(t - 1.536, 2) for t in ended] == [0.48, 0.96, 1.44]


def test_a_recognizer_that_fails_costs_one_turn_and_is_told() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(4.0, 5.0)],
        Stages([Line(error=STTUnavailable("No ears.")), HELLO], ["Good morning."]),
    )
    failed = outcome.one("turn.failed")
    assert (failed["stage"], failed["error"], failed["turn"]) == ("stt", "No ears.", 1)
    assert outcome.one("turn.completed")["turn"] == 2


def test_what_is_cancelled_from_below_makes_nobody_deaf_or_dumb() -> None:
    """A closed thread pool, or a library's own scope, cancels whoever waits; nobody meant the conversation."""
    said = [Said(0.5, 1.5), Said(6.0, 7.0), Said(12.0, 13.0)]
    deaf = Line(error=asyncio.CancelledError())  # type: ignore[arg-type]  # no error of hearing
    dumb = Failure("Good day.", error=asyncio.CancelledError())  # type: ignore[arg-type]  # nor of speaking
    speech = SpeechScript(failures=(dumb,))
    outcome = hold(said, Stages([deaf, HELLO, HELLO], ["Good day.", "Good morning."], speech))
    assert [failed["stage"] for failed in outcome.all("turn.failed")] == ["stt", "tts"]
    assert outcome.one("turn.completed")["text"] == "Good morning."


def test_a_model_that_does_not_answer_is_excused_aloud_and_not_remembered() -> None:
    dead = ScriptedReply((Step(LLMUnavailable("No server.")),))
    outcome = hold([Said(0.5, 1.5), Said(6.0, 7.0)], Stages([HELLO, HELLO], [dead, "Back again."]))
    failed = outcome.one("turn.failed")
    assert (failed["stage"], failed["error"], failed["heard_text"]) == ("llm", "No server.", "")
    assert outcome.all("reply.sentence")[0]["text"] == "Sorry, the language model does not answer."
    assert outcome.sounding()[20:40].any()
    assert ("assistant", "Back again.") in outcome.history
    assert [m.role for m in outcome.requests[1]] == ["system", "user"]


def test_a_model_that_breaks_off_is_heard_as_far_as_it_came() -> None:
    broken = ScriptedReply((Step(TextDelta("All is well. And ")), Step(LLMUnavailable("Gone."), 0.1)))
    outcome = hold([Said(0.5, 1.5)], Stages([HELLO], [broken]))
    assert outcome.one("turn.failed")["heard_text"] == "All is well."
    assert outcome.history[1] == ("assistant", "All is well.")


def test_a_voice_that_fails_ends_the_turn_and_not_the_conversation() -> None:
    speech = SpeechScript(failures=(Failure("Good morning."),))
    outcome = hold(
        [Said(0.5, 1.5), Said(4.0, 5.0)], Stages([HELLO, HELLO], ["Good morning.", "Better now."], speech)
    )
    assert outcome.one("turn.failed")["stage"] == "tts"
    assert outcome.one("turn.completed")["text"] == "Better now."


def test_a_timer_that_rings_between_typed_lines_cuts_no_reply_and_is_not_cut() -> None:
    asks = ScriptedReply((Step(ToolCall("1", "timer", {"seconds": 1, "label": "tea"})),), "tool_calls")
    replies: list[ScriptedReply | str] = [asks, "Fine.", LONG, "The third.", "The fourth."]
    lines = ["A timer.", "Talk.", "Third?", "Fourth?"]
    outcome = hold([], Stages([], replies, offer_tools=True), typed=lines)
    assert outcome.all("turn.interrupted") == []
    assert [text for role, text in outcome.history if role == "assistant"][2:] == [
        "Your timer “tea” for 1 second is over.",
        "The third.",
        "The fourth.",
    ]


def test_a_timer_is_set_by_the_model_and_rings_on_the_audio_clock() -> None:
    asks = ScriptedReply((Step(ToolCall("1", "timer", {"seconds": 5, "label": "tea"})),), "tool_calls")
    outcome = hold(
        [Said(0.5, 1.5), Said(9.0, 9.5)],
        Stages(
            [Line("Five seconds please."), Line("Thanks.")],
            [asks, "Timer set.", "You are welcome."],
            offer_tools=True,
        ),
        turn__speculate=False,
    )
    called, rang = outcome.one("tool.called"), outcome.one("timer.rang")
    assert (called["name"], called["ok"]) == ("timer", True)
    assert rang["t"] == pytest.approx(called["t"] + 5, abs=0.04)
    ring = next(e for e in outcome.all("reply.sentence") if e["turn"] == 2)
    assert ring["text"] == "Your timer “tea” for 5 seconds is over."
    assert [m.role for m in outcome.requests[1][-2:]] == ["assistant", "tool"]
    mine = next(e for e in outcome.all("turn.completed") + outcome.all("turn.interrupted") if e["turn"] == 2)
    assert mine.get("latency") is None


def test_a_tool_waits_for_the_commit_and_is_forgotten_with_its_turn() -> None:
    """The first revision asks for a timer, and is superseded: no timer may run."""
    asks = ScriptedReply((Step(ToolCall("1", "timer", {"seconds": 1})),), "tool_calls")
    outcome = hold(
        [Said(0.5, 1.5), Said(1.8, 2.4)],
        Stages([Line("A timer."), Line("A timer, no, nothing.")], [asks, "Nothing then."], offer_tools=True),
        turn__speculate=True,
    )
    assert outcome.names.count("turn.superseded") == 1
    assert "tool.called" not in outcome.names
    assert "timer.rang" not in outcome.names


def test_speculation_hides_the_stages_under_the_wait() -> None:
    stages = Stages([HELLO], [say("Good morning.", first_s=0.1)], SpeechScript(first_chunk_s=0.06))
    off, on = (
        hold([Said(0.512, 1.536)], stages, turn__speculate=speculate).one("turn.completed")["latency"]
        for speculate in (False, True)
    )
    assert (off["speculation"], on["speculation"]) == ("off", "hit")
    assert off["first_audio"] == pytest.approx(480 + 100 + 60, abs=2)
    assert on["first_audio"] == pytest.approx(480, abs=2)


def test_a_superseded_turn_leaves_no_trace() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(1.9, 2.5)],
        Stages([Line("I would."), Line("I would like tea.")], ["Would what?", "Tea it is."]),
        turn__speculate=True,
    )
    assert [e["revision"] for e in outcome.all("turn.superseded")] == [0]
    assert [e["text"] for e in outcome.all("reply.sentence")] == ["Tea it is."]
    assert outcome.history == [("user", "I would like tea."), ("assistant", "Tea it is.")]
    assert [m.content for m in outcome.requests[1][1:]] == ["I would like tea."]


def test_a_provisional_failure_is_forgotten_with_its_turn_and_told_with_its_commit() -> None:
    dead = ScriptedReply((Step(LLMUnavailable("No server.")),))
    outcome = hold(
        [Said(0.5, 1.5), Said(1.9, 2.5), Said(6.0, 7.0)],
        Stages([Line("I would."), Line("I would like tea."), HELLO], [dead, "Tea it is.", dead]),
        turn__speculate=True,
    )
    failed = outcome.one("turn.failed")
    assert failed["turn"] == 2
    committed = [e for e in outcome.all("turn.committed") if e["turn"] == 2]
    assert outcome.events.index(committed[0]) < outcome.events.index(failed)


class SlowToLeave(Scripted):
    """A model whose connection takes a while to close."""

    busy = most = 0

    def __init__(self, replies: Sequence[ScriptedReply], leaves_s: float = 0.9) -> None:
        super().__init__(replies)
        self._leaves_s = leaves_s

    async def reply(
        self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ReplyEvent, None]:
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            async with aclosing(super().reply(messages, tools=tools)) as events:
                async for event in events:
                    yield event
        finally:
            await asyncio.sleep(self._leaves_s)
            self.busy -= 1


def test_there_are_never_two_requests_at_once() -> None:
    chat = SlowToLeave([say(LONG, first_s=0.5, gap_s=0.1)] * 3)
    stages = Stages([Line("I would."), Line("I would like tea."), Line("Stop.")], chat=chat)
    hold([Said(0.5, 1.5), Said(1.9, 2.5), Said(4.0, 5.0)], stages)
    assert chat.most == 1
    assert len(chat.requests) == 3


def test_a_timer_waits_until_nobody_speaks() -> None:
    asks = ScriptedReply((Step(ToolCall("1", "timer", {"seconds": 3})),), "tool_calls")
    outcome = hold(
        [Said(0.5, 1.5), Said(4.0, 8.0)],
        Stages([Line("Three seconds."), Line("A long story.")], [asks, "Set.", "I see."], offer_tools=True),
        turn__speculate=False,
    )
    rang = outcome.one("timer.rang")["t"]
    ring = next(e for e in outcome.all("reply.sentence") if "is over" in e["text"])
    story = next(e for e in outcome.all("turn.completed") if e["text"] == "I see.")
    assert rang < 8.0 < story["t"] <= ring["t"]


def test_once_ends_after_the_first_committed_turn() -> None:
    outcome = hold([Said(0.5, 1.5), Said(5.0, 6.0)], Stages([HELLO, HELLO], ["One.", "Two."]), once=True)
    assert len(outcome.all("turn.completed")) == 1
    assert outcome.one("session.ended")["reason"] == "once"


def test_once_passes_over_what_was_not_believed() -> None:
    stages = Stages([Line(""), HELLO, HELLO], ["One.", "Two."])
    outcome = hold([Said(0.5, 1.5), Said(4.0, 5.0), Said(9.0, 9.5)], stages, once=True)
    assert outcome.one("turn.completed")["turn"] == 2


def test_typed_lines_take_turns() -> None:
    outcome = hold([], Stages((), ["Bonjour.", "Au revoir."]), typed=["bonjour à tous\n", "\n", "au revoir"])
    assert [e["text"] for e in outcome.all("transcript.final")] == ["bonjour à tous", "au revoir"]
    assert [e["language"] for e in outcome.all("transcript.final")] == ["fr", "fr"]
    assert [e["text"] for e in outcome.all("turn.completed")] == ["Bonjour.", "Au revoir."]


def test_the_key_stops_the_reply_at_once_and_does_not_start_it_again() -> None:
    async def press(orchestrator: PipelineOrchestrator) -> None:
        await asyncio.sleep(3.0)
        orchestrator.stop_speaking()

    outcome = hold([Said(0.5, 1.5)], Stages([HELLO], [LONG]), script=press)
    cut = outcome.one("turn.interrupted")
    assert cut["reason"] == "key"
    assert cut["t"] == pytest.approx(3.0, abs=0.05)
    assert len(outcome.all("turn.started")) == 1


@pytest.mark.parametrize("at", [0.2, 1.0, 1.65, 2.05, 2.3, 4.0])
def test_ctrl_c_in_any_stage_closes_the_books(at: float) -> None:
    """Before speech, in it, in the decode, in the request, in the synthesis, in the sound."""
    stages = Stages([HELLO], [say(LONG, first_s=0.2)], SpeechScript(first_chunk_s=0.2))
    outcome = hold([Said(0.5, 1.5)], stages, cancel_at=at)
    assert outcome.one("session.ended")["reason"] == "interrupted"
    assert outcome.ended_at == pytest.approx(at, abs=0.01)
    for cut in outcome.all("turn.interrupted"):
        assert cut["reason"] == "session"
    assert len(outcome.all("turn.interrupted")) == len(outcome.all("turn.committed"))


def test_from_the_second_reply_on_a_thought_that_the_template_opened_is_not_heard() -> None:
    replies = ["He asks. </think>It is one.", "He asks again. </think>It is two.", "It is three."]
    outcome = hold([], Stages(chat=Scripted(map(say, replies))), typed=["Now?", "And now?", "And now?"])
    said = [event["text"] for event in outcome.all("turn.completed")]
    assert said == ["He asks. It is one.", "It is two.", "It is three."]


def test_a_thought_that_was_never_brought_to_its_end_is_not_heard() -> None:
    opened, endless = say("He asks. </think>It is one."), say("He asks and asks.")
    chat = Scripted([opened, replace(endless, finish_reason="length")])
    outcome = hold([], Stages(chat=chat), typed=["Now?", "And now?"])
    assert outcome.one("turn.failed")["stage"] == "llm"
    assert outcome.history[-1] == ("assistant", "")


def test_with_fast_the_voice_is_given_the_same_pieces_however_quick_the_model_is() -> None:
    """Pieces that wait are joined, but for --fast: how many wait depends on the speed of the stages."""

    def spoken(gap_s: float) -> list[str]:
        reply = say(" ".join(["One two three four five six seven."] * 12), gap_s=gap_s)
        return hold([Said(0.5, 1.5)], Stages([HELLO], [reply]), fast=True).spoken

    assert spoken(0.0) == spoken(0.5)
    assert len(spoken(0.0)) == 12


class Broken:
    """An observer that fails with the first turn."""

    told = 0

    def notify(self, event: PipelineEvent) -> None:
        self.told += 1
        if isinstance(event, TurnStarted):
            raise KeyError("a bug of somebody else's")


def test_an_observer_that_fails_is_dismissed_and_nobody_else_notices() -> None:
    broken = Broken()
    outcome = hold([Said(0.5, 1.5)], Stages([HELLO], ["Good morning."]), watch=[broken])
    assert outcome.one("turn.completed")["text"] == "Good morning."
    assert broken.told == 1 + outcome.names.index("turn.started")


def test_words_that_come_after_the_end_of_their_utterance_are_a_miss() -> None:
    slow = Line("Hello there.", delay=2.0)
    outcome = hold([Said(0.512, 1.536)], Stages([slow], ["Good morning."]), turn__speculate=True)
    latency = outcome.one("turn.completed")["latency"]
    assert latency["speculation"] == "miss"
    assert latency["committed"] == pytest.approx(96 + 2000, abs=1)
    assert latency["first_audio"] >= latency["committed"]


def test_a_reply_goes_on_within_two_seconds_though_nobody_knows_yet_what_was_said() -> None:
    """The recognizer is slow: whatever it says, the reply is not held for it; words cut it when they come."""
    said = [Said(0.5, 1.5), Said(3.0, 3.4)]
    for text, ended in (("", "turn.completed"), ("Stop.", "turn.interrupted")):
        stages = Stages([HELLO, Line(text, delay=4.0)], [LONG * 3, "Fine."], use_up=False)
        outcome = hold(said, stages)
        paused, resumed = outcome.one("playback.paused"), outcome.one("playback.resumed")
        assert resumed["t"] - paused["t"] < 2.0
        assert outcome.all(ended)[0]["turn"] == 1


def test_a_turn_that_cannot_be_left_is_waited_for_a_second_and_no_longer() -> None:
    stuck = SlowToLeave([say(LONG, first_s=0.2, gap_s=0.15), say("Fine.")], leaves_s=5.0)
    outcome = hold([Said(0.5, 1.5), Said(4.0, 4.9)], Stages([HELLO, Line("Stop.")], chat=stuck))
    cut, begun = outcome.one("turn.interrupted"), outcome.all("turn.started")[1]
    assert begun["t"] - cut["t"] < 0.01
    words = outcome.all("transcript.partial")[-1]["t"]
    assert begun["t"] == pytest.approx(words + 1.0, abs=0.05)
    assert outcome.history[1] == ("assistant", cut["heard_text"])


def test_without_barge_in_the_reply_is_heard_to_its_end() -> None:
    outcome = hold([Said(0.5, 1.5), Said(3.0, 3.6)], Stages([HELLO], [LONG]), barge_in__enabled=False)
    assert outcome.one("turn.completed")["text"] == LONG.strip()
    assert len(outcome.all("speech.started")) == 1


@pytest.mark.timeout(120)
@pytest.mark.real
def test_five_hundred_turns_stay_within_the_bound() -> None:
    chat = Scripted([say("Oui.") for _ in range(500)])
    lines = [f"Question {number} : quelle heure est-il ?" for number in range(500)]
    bound = 1000
    outcome = hold(
        [], Stages(chat=chat), typed=lines, stt__language="fr", history__max_tokens=bound, fast=True
    )
    assert len(outcome.history) == 1000
    assert max(History().estimate(prompt) for prompt in chat.requests) <= bound
    assert all(prompt[-1].content == line for prompt, line in zip(chat.requests, lines, strict=True))
    changes = sum(
        after[: len(before)] != before
        for before, after in zip(chat.requests, chat.requests[1:], strict=False)
    )
    assert changes < 75, "the front of the prompt, which a server has read, changes seldom"
