"""Words while the user still speaks: what is told, and that nothing else waits for it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pipeline.quality import REST, SLOW_GUESSES
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold

WORDS = "one two three four five six seven eight nine ten eleven twelve."
SPEECH = [Said(0.5, 4.5)]


def told(guess_s: float = 0.0, **changes: Any) -> Outcome:
    return hold(SPEECH, Stages([Line(WORDS, delay=0.2)], ["Well."], guess_s=guess_s), **changes)


def captions(outcome: Outcome) -> list[dict[str, object]]:
    return [event for event in outcome.all("transcript.partial") if "committed" in event]


def test_words_come_while_the_user_speaks_and_committed_ones_stay() -> None:
    outcome = told(stt__captions="on")
    found = captions(outcome)
    assert len(found) >= 5
    paused = outcome.all("speech.paused")[0]["t"]
    assert all(event["t"] < paused for event in found)
    for before, after in itertools.pairwise(found):
        assert str(after["committed"]).startswith(str(before["committed"]))
        assert after["text"] == f"{after['committed']} {after['tentative']}".strip()
    assert str(found[-1]["committed"]).split() == WORDS.split()[: len(str(found[-1]["committed"]).split())]
    assert len(str(found[-1]["committed"]).split()) >= 8
    first = next(event for event in found if event["committed"])
    assert float(str(first["t"])) - 0.5 < 0.8


def test_the_same_file_gives_the_same_captions_at_any_speed_of_the_recognizer() -> None:
    runs = [told(guess_s, fast=True, stt__captions="on").events for guess_s in (0.0, 0.3, 2.0)]
    assert runs[0] == runs[1] == runs[2]
    assert any("committed" in event for event in runs[0])


def test_auto_leaves_fast_runs_alone() -> None:
    assert captions(told(fast=True, stt__captions="auto")) == []
    assert captions(told(fast=True, stt__captions="off")) == []


@pytest.mark.parametrize("guess_s", [0.0, 0.09, 0.5, 5.0])
def test_the_decode_that_counts_comes_at_the_same_time(guess_s: float) -> None:
    without = told(stt__captions="off")
    with_captions = told(guess_s, stt__captions="on")
    for name in ("speech.paused", "transcript.final", "turn.committed", "audio.started"):
        assert with_captions.one(name)["t"] == without.one(name)["t"], name


def test_a_slow_machine_rests_and_tries_again() -> None:
    said = [Said(3.0 * n, 3.0 * n + 1.5) for n in range(1, REST + 4)]
    lines = [Line(f"number {n}.", delay=0.1) for n in range(len(said))]
    stages = Stages(lines, ["Yes."] * len(said), guess_s=0.2)
    outcome = hold(said, stages, stt__captions="auto")
    changes = [event for event in outcome.all("quality.changed") if event["what"] == "captions"]
    assert [(event["from"], event["to"]) for event in changes][:2] == [("on", "off"), ("off", "on")]
    assert "a guess takes 200 ms, a pause is 96" in changes[0]["reason"]
    resting = [
        event for event in captions(outcome) if changes[0]["t"] < float(str(event["t"])) < changes[1]["t"]
    ]
    assert resting == []
    assert len(captions(outcome)) >= SLOW_GUESSES


def test_what_the_gate_rejects_is_no_caption() -> None:
    outcome = hold(SPEECH, Stages([Line("... ... ... ...", delay=0.1)], use_up=False), stt__captions="on")
    assert captions(outcome) == []
