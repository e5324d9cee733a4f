"""How a pause sounded, beside its words: it shortens and lengthens the wait, and never delays anything."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.barge_in import Scene
from pipeline.endpointing import Endpointer, weighed
from pipeline.floor import Decoded, Floor, Judge
from pipeline.prosody import Sounded, TurnModel
from pipeline.quality import Quality
from stt import Int16, Line, SpeechResumed, SpeechStarted, Transcript
from tests.kit.conversation import Outcome, Said, Stages, hold
from tests.kit.settings import settings

COMPLETE, UNMARKED, HANGING = "It is done.", "It is done", "It is done and"


@dataclass
class Script:
    """A turn model that answers after so many seconds."""

    answers: Sequence[tuple[float, float | None]]
    heard: list[int] = field(default_factory=list)
    """Samples of each question."""

    async def completeness(self, samples: Int16) -> float | None:
        delay, answer = self.answers[len(self.heard)]
        self.heard.append(len(samples))
        await asyncio.sleep(delay)
        return answer


def wait_of(text: str, model: TurnModel | None, decode_s: float = 0.1, **changes: Any) -> float:
    """Milliseconds from the last voiced sample to the end of the utterance."""
    outcome = hold(
        [Said(0.5, 1.5)], Stages([Line(text, delay=decode_s)], ["Fine."], turn_model=model), **changes
    )
    ended = outcome.one("speech.ended")
    return 1000 * float(ended["t"] - ended["voiced_until"])


def test_the_two_witnesses() -> None:
    assert weighed(0.5, None) == 0.5
    assert weighed(1.0, 1.0) == pytest.approx(1.0)
    assert weighed(0.0, 0.0) == pytest.approx(0.0)
    assert weighed(0.5, 0.5) == pytest.approx(0.5)
    assert 0.2 < weighed(1.0, 0.0) < 0.5  # a full stop that sounds as if more would come
    assert 0.5 < weighed(0.0, 1.0) < 0.8
    assert weighed(0.5, 1.0) > 0.9
    values = [weighed(words, sound / 10) for words in (0.0, 0.5, 1.0) for sound in range(11)]
    assert all(0.0 <= value <= 1.0 for value in values)
    assert all(values[i] < values[i + 1] for i in range(32) if i % 11 != 10)


def test_the_wait_stays_between_its_bounds() -> None:
    e = Endpointer(settings(turn__min_wait_ms=480, turn__max_wait_ms=1440).turn)
    assert e.wait_ms(COMPLETE, 1.0) == pytest.approx(480)
    assert e.wait_ms(HANGING, 0.0) == pytest.approx(1440)
    assert e.wait_ms(UNMARKED, 1.0) < 600 < 960 < 1300 < e.wait_ms(UNMARKED, 0.0)
    assert e.wait_ms("", 0.0) == 480


@pytest.mark.parametrize("delay_s", [0.02, 0.25])
def test_before_or_after_the_words_it_moves_the_wait(delay_s: float) -> None:
    plain = wait_of(UNMARKED, None)
    assert wait_of(UNMARKED, Script([(delay_s, 1.0)])) < plain - 300
    assert wait_of(UNMARKED, Script([(delay_s, 0.0)])) > plain + 300
    assert wait_of(COMPLETE, Script([(delay_s, 1.0)])) == wait_of(COMPLETE, None)


def test_no_answer_and_a_late_one_change_nothing() -> None:
    for words in (COMPLETE, UNMARKED):
        plain = wait_of(words, None)
        assert wait_of(words, Script([(0.02, None)])) == plain
        assert wait_of(words, Script([(3.0, 0.0)])) == plain


def test_with_fast_the_same_events_come_every_time() -> None:
    def talk() -> Outcome:
        model = Script([(0.3, 0.1), (0.0, 0.9)])
        said, lines = [Said(0.5, 1.5), Said(2.2, 3.0)], [Line("Well"), Line("Well then.")]
        return hold(said, Stages(lines, ["Fine.", "Fine."], turn_model=model, use_up=False), fast=True)

    first = talk()
    assert first.names.count("transcript.final") == 1
    assert [talk().events for _ in range(3)] == [first.events] * 3


def test_a_pause_that_was_none_is_asked_about_again() -> None:
    model = Script([(0.5, 1.0), (0.02, 1.0)])
    lines = [Line(UNMARKED, delay=0.05), Line(UNMARKED, delay=0.05)]
    stages = Stages(lines, ["Fine.", "Fine."], turn_model=model, use_up=False)
    outcome = hold([Said(0.5, 1.5), Said(1.8, 2.6)], stages)
    assert len(model.heard) == 2
    assert model.heard[1] > model.heard[0] + 12_000  # the whole utterance
    assert outcome.one("transcript.final")["text"] == UNMARKED


def test_a_cancelled_conversation_leaves_no_question_behind() -> None:
    outcome = hold(
        [Said(0.5, 1.5)],
        Stages([Line(COMPLETE)], ["Fine."], turn_model=Script([(60.0, 1.0)])),
        cancel_at=1.8,
    )
    assert outcome.all("turn.committed") == []


def test_the_sound_of_another_pause_says_nothing_about_this_one() -> None:
    def wait_after(*sounds: Sounded) -> float:
        floor = Floor(settings(turn__speculate=False).turn, Quality(lambda *_: None), itertools.count(100))
        floor.started(SpeechStarted(1, 0.0, 0.1), Scene())
        floor.resumed(SpeechResumed(1, 1, 0.0, 1.0))
        for sound in sounds:
            assert floor.sounded(sound) == []  # before the words: nothing to judge yet
        transcript = Transcript(UNMARKED, "en", 0.9, (), True, 1.0, 0.1, "m", "b")
        (judge,) = floor.decoded(Decoded(1, 1, 1.0, transcript))
        assert isinstance(judge, Judge)
        return judge.wait_ms

    plain = wait_after()
    assert wait_after(Sounded(1, 0, 1.0)) == plain
    assert wait_after(Sounded(7, 1, 1.0)) == plain
    assert wait_after(Sounded(1, 1, 1.0)) < plain - 300
