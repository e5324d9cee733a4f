"""Cutting long recordings: where pieces begin and end, that none is too long, that no voice is lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt import SAMPLE_RATE, Int16, ScriptedDetector
from stt.chunks import LONGEST_S, PAD_S, Cutting, Piece, split_at_pauses
from tests.stt.material import silence, tone

FRAME_S = 512 / SAMPLE_RATE


def pieces(
    samples: Int16, enough_s: float = 0.0, block: int = 7001, longest_s: float = LONGEST_S
) -> list[Piece]:
    blocks = (samples[i : i + block] for i in range(0, len(samples), block))
    return list(split_at_pauses(blocks, ScriptedDetector(), Cutting(0.5, enough_s, longest_s)))


def voice(seconds: float) -> Int16:
    return np.full(round(seconds * SAMPLE_RATE), 1000, np.int16)


def script(*spans: float) -> Int16:
    """Silence and voice by turns, silence first, in seconds."""
    return np.concatenate([voice(s) if i % 2 else silence(s) for i, s in enumerate(spans)])


@pytest.mark.parametrize(
    ("spans", "enough_s", "expected"),
    [
        ((3.0,), 0.0, []),
        ((), 0.0, []),
        ((1.0, 2.0, 1.0), 0.0, [(1.0, 3.0)]),
        ((0.0, 2.0), 0.0, [(0.0, 2.0)]),
        ((1.0, 0.05, 1.0), 0.0, []),
        ((1.0, 1.0, 0.3, 1.0, 1.0), 0.0, [(1.0, 3.3)]),
        ((1.0, 1.0, 0.8, 1.0, 1.0), 0.0, [(1.0, 2.0), (2.8, 3.8)]),
        ((1.0, 1.0, 0.8, 1.0, 1.0), 5.0, [(1.0, 3.8)]),
        ((1.0, 1.0, 2.5, 1.0, 1.0), 5.0, [(1.0, 2.0), (4.5, 5.5)]),
        ((1.0, 3.0, 0.8, 3.0, 0.8, 3.0, 1.0), 5.0, [(1.0, 7.8), (8.6, 11.6)]),
    ],
)
def test_pieces_end_at_pauses(
    spans: tuple[float, ...], enough_s: float, expected: list[tuple[float, float]]
) -> None:
    samples = script(*spans) if spans else silence(0)
    found = pieces(samples, enough_s)
    assert len(found) == len(expected)
    for piece, (start, end) in zip(found, expected, strict=True):
        assert piece.start == pytest.approx(max(0.0, start - PAD_S), abs=2 * FRAME_S)
        assert piece.start + piece.duration == pytest.approx(
            min(end + PAD_S, len(samples) / SAMPLE_RATE), abs=2 * FRAME_S
        )


def test_a_piece_holds_the_samples_of_its_place() -> None:
    ramp = np.arange(1, 1 + 6 * SAMPLE_RATE, dtype=np.int64) % 30_000 + 1
    samples = np.concatenate([silence(1), ramp.astype(np.int16), silence(1)])
    (piece,) = pieces(samples)
    begin = round(piece.start * SAMPLE_RATE)
    assert np.array_equal(piece.samples, samples[begin : begin + len(piece.samples)])


def test_speech_without_a_pause_is_cut_where_it_is_weakest() -> None:
    samples = script(0.5, 22.0, 0.2, 20.0, 1.0)
    first, second = pieces(samples)
    assert first.start + first.duration == pytest.approx(22.7, abs=0.25)
    assert second.start == pytest.approx(first.start + first.duration, abs=2 * FRAME_S)


class Quiet:
    """A detector that is never sure but always above the threshold."""

    frame_samples = 512

    def probability(self, samples: Int16) -> float:
        return 0.6 + abs(float(samples[0])) / 1e5

    def reset(self) -> None:
        """No state."""


def test_an_hour_of_speech_comes_in_bounded_pieces_without_loss() -> None:
    def hour() -> Iterator[Int16]:
        for second in range(3600):
            yield np.full(SAMPLE_RATE, 1 + second, np.int16)

    total, longest, last = 0, 0.0, 0.0
    for piece in split_at_pauses(hour(), Quiet(), Cutting(0.5)):
        assert piece.start == pytest.approx(last, abs=1e-6)
        last = piece.start + piece.duration
        total += len(piece.samples)
        longest = max(longest, piece.duration)
    assert total == 3600 * SAMPLE_RATE
    assert longest <= LONGEST_S + FRAME_S


@given(
    spans=st.lists(st.floats(0.1, 4.0), min_size=1, max_size=12),
    enough_s=st.sampled_from([0.0, 3.0, 12.0]),
    block=st.integers(1, 40_000),
)
def test_no_voice_is_lost(spans: list[float], enough_s: float, block: int) -> None:
    samples = script(*spans)
    found = pieces(samples, enough_s, max(block, len(samples) // 200), longest_s=6.0)
    kept = sum(int(np.count_nonzero(piece.samples)) for piece in found)
    assert kept >= np.count_nonzero(samples) - 3 * 512 * (len(spans) // 2 + 1)
    assert all(piece.duration <= 6.0 + 2 * PAD_S + FRAME_S for piece in found)
    starts = [piece.start for piece in found]
    assert starts == sorted(starts)


def test_blocks_of_any_size_give_the_same_pieces() -> None:
    samples = np.concatenate([silence(1), tone(1.5) | 1, silence(0.7), tone(2.0) | 1, silence(1)])
    reference = [(p.start, len(p.samples)) for p in pieces(samples, block=512)]
    assert len(reference) == 2
    for block in (1, 100, 5000, 1_000_000):
        assert [(p.start, len(p.samples)) for p in pieces(samples, block=block)] == reference
