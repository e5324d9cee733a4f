"""Echo that a canceller let through, and a person: told apart by what was played."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.echo import LEAKING, LOST, LOST_LIKE
from pipeline.leak import ALIKE, Leak, Likeness
from stt import SAMPLE_RATE, Int16
from ui.cli.demo_user import shipped

VOICES = shipped()
FRAME = 512


def voice(name: str) -> Int16:
    return VOICES[name].samples[round(VOICES[name].onset_s * SAMPLE_RATE) :]


def likenesses(left: Int16, far: Int16) -> list[Likeness]:
    """Frame by frame, from the first whole window on; near silence left out."""
    leak = Leak()
    ends = range(FRAME, min(len(left), len(far)) + 1, FRAME)
    found = [leak.likeness(left[end - FRAME : end], far[end - FRAME : end]) for end in ends]
    return [alike for alike in found[12:] if alike.value]


@pytest.mark.parametrize("delay_s", [0.01, 0.08, 0.2])
@pytest.mark.parametrize("gain", [0.5, 0.05])
def test_an_echo_is_seen_for_what_it_is(delay_s: float, gain: float) -> None:
    far = voice("fr_story")
    echo = np.concatenate([np.zeros(round(delay_s * SAMPLE_RATE)), gain * far.astype(float)])[: len(far)]
    found = likenesses(echo.astype(np.int16), far)
    assert len(found) > 10
    assert np.median([alike.value for alike in found]) > 0.6
    assert max(alike.frames for alike in found) > LOST
    assert np.median([alike.delay for alike in found]) == pytest.approx(delay_s * SAMPLE_RATE, abs=2)


def test_another_voice_is_hardly_ever_taken_for_it() -> None:
    names = ["fr_story", "en_time", "fr_stop", "en_sum", "fr_time", "en_timer"]
    found = [
        alike
        for mine, far in itertools.permutations(names, 2)
        for alike in likenesses(voice(mine), voice(far))
    ]
    assert len(found) > 500
    values = np.array([alike.value for alike in found])
    assert np.mean(values >= ALIKE) < 0.05
    assert np.median(values) < ALIKE / 2
    muted = np.array([alike.frames >= LEAKING for alike in found])
    assert np.mean(muted) < 0.02
    assert not any(alike.frames >= LOST and alike.value >= LOST_LIKE for alike in found)


def test_silence_resembles_nothing_and_what_is_forgotten_neither() -> None:
    leak = Leak()
    far = voice("fr_story")
    assert leak.likeness(np.zeros(FRAME, np.int16), far[:FRAME]) == Likeness(0.0, 0)
    for start in range(0, 20 * FRAME, FRAME):
        leak.likeness(far[start : start + FRAME], far[start : start + FRAME])
    leak.clear()
    forgotten = leak.likeness(voice("en_time")[8 * FRAME : 9 * FRAME], np.zeros(FRAME, np.int16))
    assert forgotten.value < ALIKE


def test_what_is_alike_at_another_delay_begins_anew() -> None:
    far = np.concatenate([voice("fr_story"), voice("en_timer")])
    near, later = (np.concatenate([np.zeros(delay, np.int16), far]) for delay in (320, 800))
    change = 40 * FRAME
    left = np.concatenate([near[:change], later[change : len(far)]])
    found = [alike for alike in likenesses(left, far[: len(left)]) if alike.value >= ALIKE]
    rows = [alike.frames for alike in found]
    assert max(rows) > LOST
    assert 1 in rows[LOST:]  # when the delay changed, though no frame in between was unlike
