"""When sentences are joined: a table, and what always holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts import Pacing, spoken_seconds

SHORT = "Une phrase courte. "
LONG = "Voici une phrase qui est nettement plus longue que la moyenne et qui dure. " * 3


@pytest.mark.parametrize(
    ("waiting", "queued", "taken"),
    [
        ([], 0.0, 0),
        ([SHORT], 0.0, 1),
        ([SHORT] * 3, 0.0, 1),  # nobody may wait for the second sentence
        ([SHORT] * 3, 3.9, 1),
        ([SHORT] * 3, 4.0, 3),
        ([SHORT] * 30, 10.0, int(8 // (spoken_seconds(SHORT)))),
        ([LONG, SHORT], 10.0, 1),  # longer than a joined piece may be, but one piece is never cut
        ([SHORT] * 3, 20.0, 0),
    ],
)
def test_what_is_taken(waiting: list[str], queued: float, taken: int) -> None:
    assert Pacing().take(waiting, queued) == taken


@given(st.lists(st.text(max_size=80), max_size=20), st.floats(0, 60))
def test_never_too_many_and_never_stuck(waiting: list[str], queued: float) -> None:
    pacing = Pacing()
    taken = pacing.take(waiting, queued)
    assert 0 <= taken <= len(waiting)
    assert (taken == 0) == (not waiting or queued >= pacing.ahead_s)
    if taken > 1:
        assert sum(map(spoken_seconds, waiting[:taken])) <= pacing.longest_s


@pytest.mark.parametrize("wrong", [{"comfort_s": -1}, {"ahead_s": 1}, {"longest_s": 0}])
def test_it_is_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="pacing needs"):
        Pacing(**wrong)
