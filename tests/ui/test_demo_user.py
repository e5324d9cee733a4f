"""The user of the demo, against a partner who is a table: no engine, no clock but the user's own frames."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from pipeline import (
    AudioStarted,
    PipelineEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    TimerRang,
    TranscriptFinal,
    TranscriptRejected,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
)
from stt import SAMPLE_RATE
from tests.kit.virtual_loop import run_virtual
from ui.cli.demo_user import ASSETS, PATIENCE_S, SCRIPT, DemoUser, Recording, Step, When, shipped

FRAME = SAMPLE_RATE // 10
"""A tenth of a second."""
RECORDINGS = {
    name: Recording(name, "en", np.repeat(np.array([0, 0, *[value] * 5], np.int16), FRAME), 0.2)
    for name, value in {"one": 1, "two": 2, "three": 3}.items()
}
"""Each is two tenths of silence and five of voice."""
THINKING_S = 0.5


@dataclass
class Partner:
    """Answers each utterance half a second after it, for as long as the table says; 0 rejects, None never answers."""

    replies: Sequence[float | None]
    timer: tuple[float, float] | None = None
    """When it rings and how long it is spoken of, seconds."""
    fails: bool = False
    due: list[tuple[float, PipelineEvent]] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    heard: int = 0
    voiced: bool = False
    live: int | None = None

    def hear(self, now: float, *, voiced: bool) -> list[PipelineEvent]:
        """What happens up to ``now`` (s) because of what the user did."""
        if voiced and not self.voiced:
            self._cut(now)
            self.due.append((now, SpeechStartedEvent(t=now, turn=99, started_at=now)))
        elif self.voiced and not voiced:
            self._answer(now)
        self.voiced = voiced
        if self.timer and now >= self.timer[0]:
            self.due += [(now, TimerRang(t=now, label="", seconds=1.0)), *self._reply(now, self.timer[1])]
            self.timer = None
        ready = [event for at, event in self.due if at <= now + 1e-9]
        self.due = [(at, event) for at, event in self.due if at > now + 1e-9]
        return ready

    def _cut(self, now: float) -> None:
        talking = [entry for entry in self.due if isinstance(entry[1], TurnCompleted)]
        for entry in talking:
            self.due.remove(entry)
            cut = TurnInterrupted(t=now, turn=self.live, heard_text="", intended_text="", reason="speech")
            self.due.append((now, cut))

    def _answer(self, now: float) -> None:
        length = self.replies[self.heard] if self.heard < len(self.replies) else None
        self.heard += 1
        at = now + THINKING_S
        self.due.append((at, SpeechEndedEvent(t=at, turn=99, revision=0, voiced_until=now)))
        if self.fails:
            self.due.append((at, TurnFailed(t=at, turn=98, stage="stt", error="broken")))
        elif length == 0:
            self.due.append((at, TranscriptRejected(t=at, text="", reason="empty", evidence="")))
        elif length is not None:
            self.due += self._reply(at, length, said="words")

    def _reply(self, at: float, length: float, said: str = "") -> list[tuple[float, PipelineEvent]]:
        turn = self.live = next(self.numbers)
        words = TranscriptFinal(t=at, turn=turn, text=said, language="en", confidence=1.0)
        return [
            *([(at, words)] if said else []),
            (at, TurnCommitted(t=at, turn=turn, revision=0)),
            (at, AudioStarted(t=at, turn=turn)),
            (at + length, TurnCompleted(t=at + length, turn=turn, text="", latency=None)),
        ]


def perform(user: DemoUser, partner: Partner) -> str:
    """The user's whole track, one digit for each tenth of a second, and the frames that it was made of."""

    async def main() -> str:
        frames = []
        async for frame in user.frames(FRAME):
            frames.append(frame.samples)
            for event in partner.hear(len(frames) / 10, voiced=bool(frame.samples.any())):
                user.notify(event)
        assert np.array_equal(user.track, np.concatenate(frames))
        return "".join(str(frame[0]) for frame in frames)

    return run_virtual(main())


def onsets(track: str) -> dict[str, float]:
    """When the voice of each recording sets in, seconds."""
    return {digit: track.index(digit) / 10 for digit in "123" if digit in track}


def test_the_next_step_waits_for_the_end_of_the_reply_and_a_moment_more() -> None:
    user = DemoUser([Step("one", When.START, 0.6), Step("two", When.REPLY_OVER, 0.7)], RECORDINGS)
    track = perform(user, Partner([2.0, 1.0]))
    # Voice 0.6 to 1.1, its end noticed a frame later; half a second, two seconds of reply, 0.7 s.
    assert onsets(track) == {"1": 0.6, "2": pytest.approx(1.2 + 0.5 + 2.0 + 0.7)}
    assert user.late == []


def test_a_cut_comes_a_set_time_after_the_first_sound() -> None:
    script = [
        Step("one", When.START, 0.2),
        Step("two", When.CUT_IN, 1.5),
        Step("three", When.REPLY_OVER, 0.2),
    ]
    user = DemoUser(script, RECORDINGS)
    found = onsets(perform(user, Partner([20.0, 1.0, 1.0])))
    first_sound = 0.2 + 0.5 + 0.1 + THINKING_S
    assert found["2"] == pytest.approx(first_sound + 1.5)
    assert found["3"] == pytest.approx(found["2"] + 0.6 + THINKING_S + 1.0 + 0.2)
    assert user.late == []


def test_a_reply_that_ends_before_the_cut_is_told() -> None:
    script = [Step("one", When.START, 0.2), Step("two", When.CUT_IN, 5.0)]
    user = DemoUser(script, RECORDINGS)
    found = onsets(perform(user, Partner([1.0, 1.0])))
    assert found["2"] == pytest.approx(0.2 + 0.6 + THINKING_S + 1.0 + 0.2)
    assert user.late == [script[1]]


def test_the_timer_s_own_turn_is_waited_for_and_not_taken_for_an_answer() -> None:
    script = [
        Step("one", When.START, 0.2),
        Step("two", When.REPLY_OVER, 0.2),
        Step("three", When.TIMER_OVER, 0.5),
    ]
    user = DemoUser(script, RECORDINGS)
    found = onsets(perform(user, Partner([1.0, 1.0, 1.0], timer=(8.0, 2.0))))
    assert found["2"] < 4
    assert found["3"] == pytest.approx(8.0 + 2.0 + 0.5)
    assert user.late == []


def test_a_timer_that_rings_early_does_not_cut_the_answer_before_it() -> None:
    script = [
        Step("one", When.START, 0.2),
        Step("two", When.REPLY_OVER, 0.2),
        Step("three", When.TIMER_OVER, 0.5),
    ]
    user = DemoUser(script, RECORDINGS)
    found = onsets(perform(user, Partner([1.0, 4.0, 1.0], timer=(2.0, 0.1))))
    assert found["3"] == pytest.approx(found["2"] + 0.6 + THINKING_S + 4.0 + 0.5)
    assert user.late == []


@pytest.mark.parametrize("partner", [Partner([0, 1.0]), Partner([], fails=True)], ids=["rejected", "failed"])
def test_words_that_were_not_understood_do_not_stop_the_show(partner: Partner) -> None:
    user = DemoUser([Step("one", When.START, 0.2), Step("two", When.REPLY_OVER, 0.3)], RECORDINGS)
    assert onsets(perform(user, partner))["2"] == pytest.approx(0.2 + 0.6 + THINKING_S + 0.3)


def test_a_step_goes_on_when_nothing_comes() -> None:
    script = [
        Step("one", When.START, 0.2),
        Step("two", When.REPLY_OVER, 0.3),
        Step("three", When.TIMER_OVER, 0.3),
    ]
    user = DemoUser(script, RECORDINGS)
    track = perform(user, Partner([None, None, None]))
    assert list(onsets(track)) == ["1", "2", "3"]
    assert user.late == script[1:]
    assert len(track) / 10 == pytest.approx(3 * 0.7 + 3 * PATIENCE_S, abs=0.5)


def test_the_sound_ends_when_the_last_words_are_answered() -> None:
    user = DemoUser([Step("one", When.START, 0.2)], RECORDINGS)
    track = perform(user, Partner([3.0]))
    assert len(track) / 10 == pytest.approx(0.2 + 0.6 + THINKING_S + 3.0)


def test_a_recording_is_played_whole_in_frames_of_any_size() -> None:
    user = DemoUser([Step("one", When.START, 0.0)], RECORDINGS)

    async def main() -> list[int]:
        frames = user.frames(512)
        sizes = [len((await anext(frames)).samples) for _ in range(30)]
        await frames.aclose()
        return sizes

    assert set(run_virtual(main())) == {512}
    assert np.array_equal(user.track[: 7 * FRAME], RECORDINGS["one"].samples)


def test_the_shipped_recordings_are_whole() -> None:
    recordings = shipped()
    assert {path.stem for path in ASSETS.glob("*.flac")} == set(recordings)
    for name, recording in recordings.items():
        assert recording.language == name[:2]
        assert recording.text
        assert 0 < recording.onset_s < len(recording.samples) / SAMPLE_RATE
        assert np.abs(recording.samples.astype(np.int32)).max() > 3000


def test_the_script_is_in_the_box_and_in_order() -> None:
    recordings = shipped()
    languages = [recordings[step.recording].language for step in SCRIPT]
    assert languages == sorted(languages, reverse=True)  # French, then English
    assert {step.when for step in SCRIPT} == set(When)
    assert SCRIPT[0].when is When.START
    assert SCRIPT[-1].when is When.TIMER_OVER
