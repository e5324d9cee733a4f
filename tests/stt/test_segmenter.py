"""The segmenter as tables: a picture of the frames on one side, the facts on the other.

In a picture ``#`` is a voiced frame, ``-`` one between release and threshold, ``.`` a silent one. A frame is 32 ms:
pause 96 ms = 3 frames, shortest wait 480 ms = 15, longest 1440 ms = 45, blip 96 ms = 3 frames of voice.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt import (
    Segmenter,
    SpeechEnded,
    SpeechFact,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechSustained,
    completeness,
)
from tests.kit.settings import settings

FRAME = 512
LEVEL = {"#": 0.9, "-": 0.4, ".": 0.1}


def make(**changes: object) -> Segmenter:
    config = settings(**changes)
    return Segmenter(config, FRAME, itertools.count(1))


def push(segmenter: Segmenter, picture: str, first: int = 0) -> list[tuple[int, SpeechFact]]:
    facts = []
    for index, mark in enumerate(picture, first):
        facts += [(index, fact) for fact in segmenter.push(np.full(FRAME, index, np.int16), LEVEL[mark])]
    return facts


def short(facts: list[tuple[int, SpeechFact]]) -> list[str]:
    names = {
        SpeechStarted: "start",
        SpeechSustained: "sustained",
        SpeechPaused: "pause",
        SpeechResumed: "resume",
        SpeechEnded: "end",
    }
    return [f"{index}:{names[type(fact)]}" for index, fact in facts]


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("." * 60, []),
        ("...##" + "." * 60, []),  # a blip is not speech
        ("...###" + "." * 3, ["5:start", "8:pause"]),
        ("...###" + "." * 44, ["5:start", "8:pause"]),
        ("...###" + "." * 45, ["5:start", "8:pause", "50:end"]),
        ("###..###...", ["2:start", "10:pause"]),  # a gap shorter than the pause is none
        ("#.#.#...", ["4:start", "7:pause"]),  # one silent frame does not dismiss an onset
        ("#..#..#..." + "." * 50, []),  # two do
        ("####....##.....", ["2:start", "6:pause"]),  # a blip in a pause is no revision
        ("####....###...", ["2:start", "6:pause", "10:resume", "13:pause"]),
        ("####---....", ["2:start", "7:pause"]),  # the hysteresis holds the pause back, and t0 does not move
        ("---####...", ["5:start", "9:pause"]),  # below the threshold nothing begins
    ],
)
def test_pictures(picture: str, expected: list[str]) -> None:
    assert short(push(make(), picture)) == expected


def test_t0_is_the_last_strong_frame() -> None:
    facts = push(make(), "####---....")
    pause = facts[-1][1]
    assert isinstance(pause, SpeechPaused)
    assert pause.segment.ended_at == pytest.approx(4 * 0.032)
    assert pause.at == pytest.approx(8 * 0.032)


def test_a_blip_moves_neither_t0_nor_the_end() -> None:
    quiet = push(make(), "####" + "." * 60)
    blip = push(make(), "####" + "." * 10 + "##" + "." * 48)
    assert short(blip) == short(quiet) == ["2:start", "6:pause", "48:end"]
    end = blip[-1][1]
    assert isinstance(end, SpeechEnded)
    assert end.ended_at == pytest.approx(4 * 0.032)


def test_nothing_ends_while_an_onset_is_undecided() -> None:
    segmenter = make()
    facts = push(segmenter, "####" + "." * 44 + "##")
    assert short(facts) == ["2:start", "6:pause"]
    assert segmenter.onset_pending
    assert short(push(segmenter, "#", 50)) == ["50:resume"]


def test_the_onset_is_pending_from_its_first_frame_until_it_is_decided() -> None:
    segmenter = make()
    pending = []
    for index, mark in enumerate("..##..###..."):
        push(segmenter, mark, index)
        pending.append(segmenter.onset_pending)
    assert pending == [False, False, True, True, True, False, True, True, False, False, False, False]


def test_voice_that_lasts_is_told_once_for_each_revision() -> None:
    segmenter = make(barge_in__max_undecided_ms=320)
    facts = push(segmenter, "#" * 30 + "..." + "#" * 30)
    assert [(i, f.revision) for i, f in facts if isinstance(f, SpeechSustained)] == [(9, 0), (42, 1)]


def test_a_resume_tells_how_long_the_pause_was() -> None:
    (resumed,) = [f for _, f in push(make(), "####.....###") if isinstance(f, SpeechResumed)]
    assert resumed.paused_for == pytest.approx(5 * 0.032)


def test_a_judgement_shortens_the_wait() -> None:
    segmenter = make()
    push(segmenter, "###...")
    assert segmenter.judge(1, 0, 480) == []
    assert short(push(segmenter, "." * 20, 6)) == ["17:end"]


def test_a_judgement_that_comes_too_late_ends_at_once() -> None:
    segmenter = make()
    push(segmenter, "###" + "." * 20)
    (fact,) = segmenter.judge(1, 0, 480)
    assert isinstance(fact, SpeechEnded)
    assert not segmenter.open


@pytest.mark.parametrize(("utterance", "revision"), [(1, 1), (2, 0), (0, 0)])
def test_a_stale_judgement_is_ignored(utterance: int, revision: int) -> None:
    segmenter = make()
    push(segmenter, "###" + "." * 20)
    assert segmenter.judge(utterance, revision, 0) == []
    assert segmenter.open


def test_a_judgement_of_the_old_revision_does_not_end_the_new_one() -> None:
    segmenter = make()
    push(segmenter, "###...###...")
    assert segmenter.judge(1, 0, 0) == []
    (fact,) = segmenter.judge(1, 1, 0)
    assert isinstance(fact, SpeechEnded)
    assert fact.revision == 1


def test_the_segment_holds_the_preroll_and_all_audio_in_order() -> None:
    facts = push(make(turn__preroll_ms=64), "." * 10 + "###...")
    pause = facts[-1][1]
    assert isinstance(pause, SpeechPaused)
    assert [int(v) for v in pause.segment.samples[::FRAME]] == [8, 9, 10, 11, 12, 13, 14, 15]
    assert pause.segment.started_at == pytest.approx(10 * 0.032)


def test_who_speaks_on_as_the_utterance_ends_has_a_preroll_that_nobody_heard_before() -> None:
    segmenter = make(turn__preroll_ms=160)
    push(segmenter, "####...")
    segmenter.judge(1, 0, 256)
    facts = push(segmenter, ".....####...", 7)
    assert short(facts) == ["11:end", "14:start", "18:pause"]
    paused = facts[-1][1]
    assert isinstance(paused, SpeechPaused)
    assert [int(v) for v in paused.segment.samples[::FRAME]] == list(range(7, 19))  # the first one had 0 to 6


def test_without_preroll_the_onset_itself_is_kept() -> None:
    facts = push(make(turn__preroll_ms=0), "..###...")
    pause = facts[-1][1]
    assert isinstance(pause, SpeechPaused)
    assert [int(v) for v in pause.segment.samples[::FRAME]] == [2, 3, 4, 5, 6, 7]


def test_a_revision_holds_the_joined_audio() -> None:
    facts = push(make(turn__preroll_ms=0), "###...###...")
    segments = [fact.segment for _, fact in facts if isinstance(fact, SpeechPaused)]
    assert [s.revision for s in segments] == [0, 1]
    assert [len(s.samples) // FRAME for s in segments] == [6, 12]


def test_endless_speech_is_cut_and_no_sample_is_heard_twice() -> None:
    facts = push(make(turn__max_utterance_s=1, turn__preroll_ms=320), "#" * 70 + "." * 50)
    segments = [fact.segment for _, fact in facts if isinstance(fact, SpeechPaused)]
    heard = np.concatenate([s.samples[::FRAME] for s in segments]).tolist()
    assert heard == list(range(len(heard)))
    assert len(segments) == 3
    assert [s.utterance for s in segments] == [1, 2, 3]


def test_endless_speech_is_cut_at_its_best_pause_and_the_rest_is_the_next_utterance() -> None:
    segmenter = make(turn__max_utterance_s=1, turn__preroll_ms=0)  # 32 frames; the last 10 are searched
    facts = push(segmenter, "#" * 26 + "." + "#" * 20 + "...")
    assert short(facts) == ["2:start", "31:pause", "31:end", "31:start", "49:pause"]
    first, second = (fact.segment for _, fact in facts if isinstance(fact, SpeechPaused))
    assert [int(v) for v in first.samples[::FRAME]] == list(range(27))
    assert [int(v) for v in second.samples[::FRAME]] == list(range(27, 50))
    assert (first.ended_at, second.started_at) == pytest.approx((26 * 0.032, 27 * 0.032))
    assert (first.voiced, second.voiced) == pytest.approx((26 * 0.032, 20 * 0.032))


def test_a_short_rest_after_the_cut_is_an_onset_like_any_other() -> None:
    segmenter = make(turn__max_utterance_s=1, turn__preroll_ms=0)
    assert short(push(segmenter, "#" * 29 + ".##")) == ["2:start", "31:pause", "31:end"]
    assert segmenter.onset_pending
    assert short(push(segmenter, "#...", 32)) == ["32:start", "35:pause"]


@given(st.text(alphabet="###-.", min_size=60, max_size=300))
def test_however_it_is_cut_no_frame_of_speech_is_lost_or_heard_twice(picture: str) -> None:
    facts = push(make(turn__max_utterance_s=1, turn__preroll_ms=0), picture + "." * 50)
    last: dict[int, list[int]] = {}
    for _, fact in facts:
        if isinstance(fact, SpeechPaused):
            last[fact.segment.utterance] = [int(v) for v in fact.segment.samples[::FRAME]]
    heard = [index for indices in last.values() for index in indices]
    assert heard == sorted(set(heard))
    lost = {index for index, mark in enumerate(picture) if mark == "#"} - set(heard)
    assert not any({index, index + 1, index + 2} <= lost for index in lost), "a run of voice is never lost"


@given(st.text(alphabet="#-.", min_size=1, max_size=200))
def test_facts_come_in_a_sane_order(picture: str) -> None:
    """Whatever is heard: start, then pauses and resumes in turn, then one end; t0 never after now, revisions by one."""
    state, revision = "idle", 0
    for _, fact in push(make(), picture):
        match fact:
            case SpeechStarted():
                assert state == "idle"
                state, revision = "speaking", 0
            case SpeechPaused():
                assert state == "speaking"
                assert fact.segment.revision == revision
                assert fact.segment.started_at < fact.segment.ended_at <= fact.at
                state = "paused"
            case SpeechResumed():
                assert state == "paused"
                assert fact.revision == revision + 1
                state, revision = "speaking", fact.revision
            case SpeechSustained():
                assert state == "speaking"
            case SpeechEnded():
                assert state == "paused"
                assert fact.revision == revision
                state = "idle"


@pytest.mark.parametrize(
    ("text", "probability"),
    [
        ("What time is it?", 1.0),
        ("Oui.", 1.0),
        ("Stop", 0.5),
        ("Je voudrais que", 0.0),
        ("I went to the", 0.0),
        ("Il y a du pain et.", 0.0),
        ("Well,", 0.0),
        ("Alors...", 0.0),
        ("Qui ?", 1.0),
        ("Turn the light on.", 1.0),
        ("Tell me what time it is.", 1.0),
        ("Dis-le.", 1.0),
        ("Vingt et un.", 1.0),
        ("Je voudrais le", 0.0),
        ("« Oui. »", 1.0),
        ("", 0.0),
    ],
)
def test_completeness(text: str, probability: float) -> None:
    assert completeness(text) == probability
