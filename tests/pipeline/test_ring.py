"""The ring of the loudspeaker, in tables: samples are counted in ones, a fade is 5 of them at 1 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.sinks.ring import PlaybackRing

if TYPE_CHECKING:
    from tts import Int16

RATE = 1_000
FADE = 5
LOUD = 1_000


def level(count: int, amplitude: int = LOUD) -> Int16:
    return np.full(count, amplitude, np.int16)


def ramp(first: int, count: int) -> Int16:
    """Samples whose value is their number: 1000 + n."""
    return np.arange(first, first + count, dtype=np.int16) + LOUD


def steps(block: Int16) -> list[int]:
    """Volumes of a block of ``level`` samples, in fifths."""
    return [int(sample) * FADE // LOUD for sample in block]


# Each scenario is a line of steps: wN writes N samples, tN takes a block of N, p pauses, r resumes, a aborts.
SCENARIOS: list[tuple[str, list[int]]] = [
    ("t3", [0, 0, 0]),
    ("w3 t3", [5, 5, 5]),
    ("w2 t4", [5, 5, 0, 0]),
    ("w2 w2 t4", [5, 5, 5, 5]),
    ("w0 t2 w1 t1", [0, 0, 5]),
    # a pause before anything sounds is silent at once, and what was written waits
    ("p w3 t3 r t3", [0, 0, 0, 1, 2, 3]),
    ("w3 p t3 r t3", [0, 0, 0, 1, 2, 3]),
    # a pause in the middle fades out what plays last; resume fades in what comes next
    ("w20 t2 p t6 r t6", [5, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 5]),
    ("w20 t2 p t2 t5 r t2 t4", [5, 5, 4, 3, 2, 1, 0, 0, 0, 1, 2, 3, 4, 5, 5]),
    # taken back before the fade is over: it turns round where it stands
    ("w20 t2 p t2 r t4", [5, 5, 4, 3, 4, 5, 5, 5]),
    ("w20 t2 p r t2", [5, 5, 5, 5]),
    ("w20 t2 p p t6 r r t2", [5, 5, 4, 3, 2, 1, 0, 0, 1, 2]),
    # an abort fades a rest, and the next session follows at full volume
    ("w20 t2 a t7", [5, 5, 4, 3, 2, 1, 0, 0, 0]),
    ("w20 t2 a w9 t7", [5, 5, 4, 3, 2, 1, 0, 5, 5]),
    ("w20 t2 a w9 t2 t5", [5, 5, 4, 3, 2, 1, 0, 5, 5]),
    ("w20 a t3", [0, 0, 0]),
    ("w3 t6 a t3", [5, 5, 5, 0, 0, 0, 0, 0, 0]),
    # a hold outlives the session
    ("w20 t2 p t6 a w3 t3 r t3", [5, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 1, 2, 3]),
    ("w20 t2 p a w3 t7 r t3", [5, 5, 4, 3, 2, 1, 0, 0, 0, 1, 2, 3]),
    # ran dry while paused: nothing left to fade
    ("w2 t2 p t3 w3 t3 r t2", [5, 5, 0, 0, 0, 0, 0, 0, 1, 2]),
]


@pytest.mark.parametrize(("scenario", "volumes"), SCENARIOS)
def test_what_is_played(scenario: str, volumes: list[int]) -> None:
    ring = PlaybackRing(RATE)
    played: list[int] = []
    for step in scenario.split():
        verb, count = step[0], int(step[1:] or 0)
        if verb == "w":
            ring.write(level(count))
        elif verb == "t":
            played += steps(ring.take(count, 0.0))
        elif verb == "a":
            ring.abort(0.0)
        else:
            {"p": ring.pause, "r": ring.resume}[verb]()
    assert played == volumes


@pytest.mark.parametrize("block", [1, 3, 7, 10, 64])
@pytest.mark.parametrize("pause_at", [0, 1, 30, 80])
def test_a_pause_neither_loses_nor_repeats_a_sample(block: int, pause_at: int) -> None:
    """Each sample is its own number, so that those at full volume must come in order, and all but the fades must."""
    ring = PlaybackRing(RATE)
    for first in range(0, 100, 20):
        ring.write(ramp(first, 20))
    taken: list[Int16] = []
    while sum(map(len, taken)) < pause_at:
        taken.append(ring.take(block, 0.0))
    ring.pause()
    before = [ring.take(block, 0.0) for _ in range(20)]
    assert not before[-1].any()
    ring.resume()
    after = [ring.take(block, 0.0) for _ in range(120)]
    sound = np.concatenate([*taken, *before, *after])
    full = sound[sound >= LOUD] - LOUD
    assert np.all(np.diff(full) > 0), "out of order or played twice"
    assert 100 - len(full) <= 2 * FADE, "more is missing at full volume than the two fades"
    assert full[-1] == 99
    assert (ring.queued, ring.heard(1.0)) == (0, 100)


def test_heard_is_counted_by_the_time_at_the_ear() -> None:
    ring = PlaybackRing(RATE)
    ring.write(level(100))
    ring.take(10, 5.00)
    ring.take(10, 5.01)
    ring.pause()
    ring.take(10, 5.02)  # 5 samples of fade, then silence
    ring.take(10, 5.03)
    ring.resume()
    ring.take(10, 5.04)
    table = [
        (4.9, 0),
        (5.0, 0),
        (5.004, 4),
        (5.01, 10),
        (5.02, 20),
        (5.0249, 24),
        (5.03, 25),
        (5.045, 30),
        (9, 35),
    ]
    assert [(now, ring.heard(now)) for now, _ in table] == table
    assert [ring.heard_at(n) for n in (0, 15, 24, 25, 34)] == pytest.approx([5.0, 5.015, 5.024, 5.04, 5.049])
    assert ring.heard_at(35) is None
    assert ring.finished_at is None
    assert ring.abort(5.045) == 30


def test_silence_between_writes_counts_for_nothing() -> None:
    ring = PlaybackRing(RATE)
    ring.take(10, 1.00)
    ring.write(level(5))
    ring.take(10, 2.00)
    ring.take(10, 2.01)
    ring.write(level(5))
    ring.take(10, 2.02)
    assert [ring.heard(now) for now in (1.5, 2.003, 2.015, 2.023, 3.0)] == [0, 3, 5, 8, 10]
    assert ring.finished_at == pytest.approx(2.025)
    assert ring.gaps == 1


def test_an_aborted_session_leaves_no_count_behind() -> None:
    ring = PlaybackRing(RATE)
    assert ring.abort(0.0) == 0
    ring.write(level(50))
    ring.take(10, 1.0)
    assert ring.abort(9.0) == 10
    assert ring.abort(9.0) == 0
    assert (ring.queued, ring.heard(9.0), ring.heard_at(0), ring.session) == (0, 0, None, 3)
    ring.write(level(20))
    ring.take(10, 10.0)  # the first five are the rest of the session before
    assert ring.heard_at(0) == pytest.approx(10.005)
    assert ring.abort(11.0) == 5


def test_running_dry_is_a_gap_only_when_more_comes() -> None:
    ring = PlaybackRing(RATE)
    ring.write(level(5))
    ring.take(10, 0.0)
    ring.abort(1.0)
    ring.write(level(5))
    ring.take(5, 1.0)
    ring.write(level(5))
    ring.pause()
    ring.take(5, 1.0)
    ring.take(5, 1.0)
    ring.resume()
    ring.write(level(5))
    assert ring.gaps == 0


def test_it_is_idle_only_while_it_can_give_nothing_but_silence() -> None:
    ring = PlaybackRing(1000)
    assert ring.idle
    ring.pause()
    ring.write(np.full(30, 100, np.int16))
    assert not ring.idle
    ring.resume()
    ring.take(10, 0.0)
    ring.abort(1.0)
    assert not ring.idle  # the faded rest of what sounded
    assert ring.take(10, 0.0).any()
    assert ring.idle
    assert not ring.take(10, 0.0).any()


@pytest.mark.parametrize(
    ("lost_at", "heard", "next_one"),
    [
        (0.0, 0, LOUD),
        (1.015, 15, LOUD + 15),
        (1.02, 20, LOUD + 20),
        (1.025, 20, LOUD + 20),
        (9.0, 40, LOUD + 40),
    ],
)
def test_what_a_lost_device_did_not_play_comes_next(lost_at: float, heard: int, next_one: int) -> None:
    ring = PlaybackRing(RATE)
    ring.write(ramp(0, 60))
    ring.take(20, 1.0)
    ring.take(20, 1.05)  # a late block: silence between
    back = ring.rewind(lost_at)
    assert (back, ring.queued) == (40 - heard, 60 - heard)
    assert ring.heard(2.0) == heard
    after = np.concatenate([ring.take(30, 5.0), ring.take(60, 5.03)])
    assert (after[FADE:] if back else after)[0] == next_one + (FADE if back else 0)
    assert np.count_nonzero(after) >= 60 - heard - 1  # the first of a fade may be nothing
    assert ring.heard(9.0) == 60
    assert ring.heard_at(heard) == pytest.approx(5.0)


def test_a_rewind_without_a_session_changes_nothing() -> None:
    ring = PlaybackRing(RATE)
    assert ring.rewind(1.0) == 0
    ring.write(level(3))
    assert steps(ring.take(3, 0.0)) == [5, 5, 5]


def test_a_rewind_gives_back_no_more_than_was_kept() -> None:
    ring = PlaybackRing(RATE)
    ring.write(ramp(0, 10_000))
    for block in range(9):
        ring.take(1000, float(block))
    assert 2000 <= ring.rewind(-1.0) < 3000
    assert ring.take(FADE + 1, 10.0)[-1] == LOUD + 9000 - 2000 + FADE


def test_drained_is_told_again_after_a_rewind() -> None:
    ring = PlaybackRing(RATE)
    ring.write(level(10))
    ring.take(10, 1.0)
    assert ring.finished_at == pytest.approx(1.01)
    ring.rewind(1.004)
    assert ring.finished_at is None
    ring.take(10, 2.0)
    assert ring.finished_at == pytest.approx(2.006)
