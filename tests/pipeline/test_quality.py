"""Adapting to a slow machine: what is decided, and what a listener hears of it."""

from __future__ import annotations

import numpy as np
import pytest

from llm import say
from pipeline.quality import CLEAN_TURNS, LEAD_STEP_S, MOST_LEAD_S, REST, WASTED, Quality
from stt import Line
from tests.kit.conversation import Said, Stages, hold
from tts import SpeechScript


class Watched(Quality):
    """Remembers what it told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        super().__init__(lambda what, before, after, _: self.told.append((what, before, after)))


def test_a_gap_asks_for_a_lead_and_clean_replies_give_it_back() -> None:
    quality = Watched()
    quality.replied(starved=False)
    assert quality.lead_s == 0
    for _ in range(10):
        quality.replied(starved=True)
    assert quality.lead_s == MOST_LEAD_S
    for _ in range(CLEAN_TURNS):
        quality.replied(starved=False)
    assert quality.lead_s == MOST_LEAD_S / 2
    for _ in range(4 * CLEAN_TURNS):
        quality.replied(starved=False)
    assert quality.lead_s == 0
    assert quality.told[0] == ("lead", "0.0 s", f"{LEAD_STEP_S:.1f} s")


def test_wasted_speculation_rests_and_comes_back() -> None:
    quality = Watched()
    for _ in range(WASTED):
        assert quality.may_speculate
        quality.speculated(wasted=True)
    assert not quality.may_speculate
    for _ in range(REST):
        quality.utterance()
    assert quality.may_speculate
    assert quality.told == [("speculation", "on", "off"), ("speculation", "off", "on")]


@pytest.mark.parametrize(("guess_s", "asked"), [(0.09, 9), (0.11, 3), (0.49, 3), (0.6, 1), (30.0, 1)])
def test_captions_rest_after_some_slow_guesses_or_a_hopeless_one(guess_s: float, asked: int) -> None:
    quality = Watched()
    times = 0
    while quality.may_caption and times < 9:
        quality.guessed(guess_s, 0.1)
        times += 1
    assert times == asked


def test_speculation_that_mostly_hits_goes_on() -> None:
    quality = Watched()
    for _ in range(20):
        quality.speculated(wasted=False)
        quality.speculated(wasted=True)
    assert quality.told == []


def gaps(sounding: np.ndarray) -> int:
    """Silences inside each reply: the rests of the voice are shorter than the tenth of a second that is seen here."""
    edges = np.flatnonzero(np.diff(sounding.astype(int)))
    return len(edges) // 2


def test_after_a_gap_the_next_reply_begins_later_and_without_one() -> None:
    """The voice makes 0.4 s of sound at a time and takes half as long again to do it."""
    slow = SpeechScript(chunk_s=0.4, work_per_second=1.5)
    reply = "abcdefghijklmnopqrstabcdefghij."
    said = [Said(0.5 + 8 * n, 1.5 + 8 * n) for n in range(5)]
    stages = Stages([Line("Hello there.")] * 5, [say(reply)] * 5, slow)
    outcome = hold(said, stages)
    changes = [event["to"] for event in outcome.all("quality.changed")]
    assert changes[0] == f"{LEAD_STEP_S:.1f} s"
    first = [event["latency"]["first_audio"] for event in outcome.all("turn.completed")]
    assert first[0] == pytest.approx(480, abs=2)
    assert first[-1] > first[0] + 300
    sounding = outcome.sounding()
    per_reply = [gaps(sounding[int((s.end + 0.2) * 10) : int((s.end + 6.5) * 10)]) for s in said]
    assert per_reply[0] > 1
    assert per_reply[-1] == 1  # its own beginning and end
