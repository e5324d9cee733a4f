"""The cut start: what is silent goes, what sounds stays to the sample, and silence that is meant is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.onset import FADE_S, KEEP_S, LONGEST_S, Onset
from tts.types import Int16

RATE = 10_000
KEPT, FADED = int(KEEP_S * RATE), int(FADE_S * RATE)


def piece(silence: int, sound: int) -> Int16:
    return np.concatenate([np.full(silence, 5, np.int16), np.full(sound, 3000, np.int16)])


def played(samples: Int16, sizes: list[int]) -> Int16:
    onset, parts, start = Onset(RATE), [], 0
    for size in sizes:
        parts.append(onset.feed(samples[start : start + size], last=False))
        start += size
    return np.concatenate([*parts, onset.feed(samples[start:], last=True)])


@pytest.mark.parametrize("silence", [0, KEPT, KEPT + 1, 2000, int(LONGEST_S * RATE)])
def test_silence_before_the_onset_goes_but_for_a_little(silence: int) -> None:
    whole = piece(silence, 4000)
    heard = played(whole, [])
    assert len(heard) == 4000 + min(silence, KEPT)
    assert np.array_equal(heard[FADED:], whole[len(whole) - len(heard) + FADED :])
    assert heard[0] == (whole[0] if silence <= KEPT else 0)


def test_a_long_silence_is_meant() -> None:
    whole = piece(int(LONGEST_S * RATE) + 1, 100)
    assert np.array_equal(played(whole, []), whole)


def test_a_piece_that_never_sounds_is_kept() -> None:
    assert len(played(piece(5000, 0), [1000, 1000])) == 5000
    assert len(played(piece(50_000, 0), [1000] * 20)) == 50_000
    assert len(played(piece(0, 0), [])) == 0


@given(st.integers(0, 12_000), st.integers(0, 3000), st.lists(st.integers(0, 4000), max_size=12))
def test_how_it_was_cut_does_not_matter(silence: int, sound: int, sizes: list[int]) -> None:
    whole = piece(silence, sound)
    heard = played(whole, sizes)
    assert np.array_equal(heard[FADED:], whole[len(whole) - len(heard) + FADED :])
    assert len(heard) >= sound
