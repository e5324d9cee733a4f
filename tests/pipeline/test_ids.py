"""In which order what is kept was begun."""

from __future__ import annotations

from pipeline import by_time


def test_time_counts_before_kind_and_numbers_are_numbers() -> None:
    begun = [
        "20261119-235959",
        "d20261120-093015",
        "20261120-093015-2",
        "d20261120-093015-10",
        "20261120-093016",
    ]
    assert sorted(set(begun), key=by_time) == begun
