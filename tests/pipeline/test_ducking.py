"""A reply that goes on softly under a voice, for whoever wants that, and a chime laid over a reply."""

from __future__ import annotations

import numpy as np
import pytest

from llm import ScriptedReply, Step, ToolCall, say
from pipeline import RATE
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold

HELLO = Line("Hello there.", delay=0.2)
LONG = "One two three four five six seven. " * 4
COUGH = [Said(0.5, 1.5), Said(3.0, 3.4)]


def loudest(outcome: Outcome, start: float, end: float) -> int:
    """The loudest sample of the output between two moments (s)."""
    played = np.concatenate(outcome.played).astype(int)
    return int(np.abs(played[round(start * RATE) : round(end * RATE)]).max())


@pytest.mark.parametrize("said", ["", "Mm-hm."])
def test_under_a_sound_that_means_nothing_the_reply_goes_on_softly(said: str) -> None:
    plain = hold([Said(0.5, 1.5)], Stages([HELLO], [LONG]))
    soft = hold(COUGH, Stages([HELLO, Line(said, delay=0.2)], [LONG]), barge_in__duck_db=20)
    assert soft.one("turn.completed")["text"] == LONG.strip()
    assert "playback.paused" not in soft.names
    assert soft.one("audio.finished")["t"] == pytest.approx(plain.one("audio.finished")["t"], abs=1e-3)
    full = loudest(soft, 2.4, 2.9)
    assert loudest(soft, 3.1, 3.4) == pytest.approx(full / 10, rel=0.02)
    assert loudest(soft, 4.6, 6.0) == full


def test_words_still_cut_it_and_the_next_reply_is_loud() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(3.0, 4.0)],
        Stages([HELLO, Line("Stop it now.")], [LONG, "Fine, as you like."]),
        barge_in__duck_db=20,
    )
    cut = outcome.one("turn.interrupted")
    assert LONG.startswith(cut["heard_text"])
    begun = outcome.all("audio.started")[1]["t"]
    assert loudest(outcome, begun, begun + 0.3) == pytest.approx(loudest(outcome, 2.4, 2.9), rel=0.01)


def test_what_has_not_sounded_yet_waits_as_ever() -> None:
    outcome = hold(
        [Said(0.5, 1.5), Said(2.4, 3.2)],
        Stages([HELLO, Line("How are you?")], [say("Hm.", first_s=0.95), "Fine."]),
        turn__speculate=False,
        barge_in__duck_db=6,
    )
    assert loudest(outcome, 2.5, 3.2) == 0


def test_without_it_a_voice_is_silence() -> None:
    paused = hold(COUGH, Stages([HELLO, Line("", delay=0.2)], [LONG]))
    assert loudest(paused, 3.1, 3.4) == 0
    assert "playback.paused" in paused.names


def test_a_timer_rings_over_a_reply_at_once() -> None:
    asks = ScriptedReply((Step(ToolCall("1", "timer", {"seconds": 4})),), "tool_calls")
    outcome = hold([Said(0.5, 1.5)], Stages([Line("A timer.")], [asks, LONG], offer_tools=True))
    rang = outcome.one("timer.rang")["t"]
    begun, done = outcome.all("audio.started")[0]["t"], outcome.all("audio.finished")[0]["t"]
    assert begun < rang < done - 1
    assert loudest(outcome, rang, rang + 0.7) > loudest(outcome, begun, rang) + 1000
