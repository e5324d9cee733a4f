"""Which words were heard, as a table and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.heard import PlayedPiece, heard_text, spoken_share

ONE = [PlayedPiece("One two three four.", 4.0, complete=True)]
TWO = [PlayedPiece("Bonjour à tous.", 1.5, complete=True), PlayedPiece("Il est midi.", 1.5, complete=True)]


@pytest.mark.parametrize(
    ("pieces", "played", "expected"),
    [
        ([], 1.0, ""),
        (ONE, 0.0, ""),
        (ONE, 0.2, ""),
        (ONE, 4.0, "One two three four."),
        (ONE, 9.0, "One two three four."),
        (TWO, 1.5, "Bonjour à tous."),
        (TWO, 3.0, "Bonjour à tous. Il est midi."),
        (TWO, 1.9, "Bonjour à tous. Il"),
        ([PlayedPiece("", 1.0, complete=True), *ONE], 1.0, ""),  # a chime speaks no text
        ([PlayedPiece("", 1.0, complete=True), *ONE], 5.0, "One two three four."),
        ([PlayedPiece("Une phrase encore en train de se dire.", 0.5, complete=False)], 0.5, "Une phrase"),
    ],
)
def test_table(pieces: list[PlayedPiece], played: float, expected: str) -> None:
    assert heard_text(pieces, played) == expected


def test_a_word_is_heard_when_half_of_it_was() -> None:
    piece = [PlayedPiece("ba da", 2.0, complete=True)]  # a syllable, a second, each
    assert heard_text(piece, 0.49) == ""
    assert heard_text(piece, 0.51) == "ba"
    assert heard_text(piece, 1.49) == "ba"
    assert heard_text(piece, 1.51) == "ba da"


@pytest.mark.parametrize(
    ("shorter", "longer"), [("fin", "fin."), ("été", "étonnement"), ("à", "14"), ("—", "tsk")]
)
def test_longer_words_take_longer(shorter: str, longer: str) -> None:
    assert 0 < spoken_share(shorter) < spoken_share(longer)


words = st.text(alphabet="abéo., 1", min_size=1, max_size=30)
pieces = st.lists(st.builds(PlayedPiece, words, st.floats(0.1, 5), st.just(True)), max_size=4)


@given(pieces, st.floats(0, 20), st.floats(0, 20))
def test_what_is_heard_is_a_prefix_and_only_grows(played: list[PlayedPiece], one: float, two: float) -> None:
    whole = " ".join(" ".join(piece.text.split()) for piece in played if piece.text.split())
    less, more = (heard_text(played, seconds) for seconds in sorted((one, two)))
    assert more.startswith(less)
    assert whole.split()[: len(more.split())] == more.split()
