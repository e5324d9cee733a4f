"""How large a loudspeaker's buffer is: tables of when it ran dry and how busy the machine is."""

from __future__ import annotations

import pytest

from pipeline.sinks.cushion import CALM_S, SIZES, Cushion


@pytest.mark.parametrize(("load", "step"), [(0.0, 0), (1.2, 0), (1.3, 2), (2.9, 2), (5.0, 3)])
def test_it_begins_as_small_as_the_load_allows(load: float, step: int) -> None:
    assert Cushion(load).size == SIZES[step]


@pytest.mark.parametrize(
    ("dry_at", "urgent_at"),
    [([0.0], []), ([0.0, 3.0], []), ([0.0, 3.0, 9.0], [9.0]), ([0.0, 8.0, 11.0, 12.0], [12.0])],
)
def test_it_grows_at_once_when_it_runs_dry_again_and_again(
    dry_at: list[float], urgent_at: list[float]
) -> None:
    cushion = Cushion()
    changes = [(at, cushion.ran_dry(at)) for at in dry_at]
    assert [at for at, change in changes if change and change.urgent] == urgent_at
    assert cushion.size == SIZES[len(urgent_at)]


def test_once_is_repaired_in_the_next_silence() -> None:
    cushion = Cushion()
    assert cushion.ran_dry(1.0) is None
    change = cushion.silent(5.0, load=0.1)
    assert change is not None
    assert (change.before, change.after, change.urgent) == (SIZES[0], SIZES[1], False)
    assert "ran dry" in change.reason
    assert cushion.silent(6.0, load=0.1) is None


def test_an_overloaded_machine_is_seen_in_a_silence() -> None:
    cushion = Cushion()
    change = cushion.silent(5.0, load=2.0)
    assert change is not None
    assert change.after == SIZES[2]
    assert cushion.silent(6.0, load=2.0) is None


def test_it_shrinks_step_by_step_when_all_is_calm_and_not_below_what_the_load_asks() -> None:
    cushion = Cushion(load=5.0)
    told = [
        cushion.silent(at * CALM_S, load) for at, load in [(1.0, 5.0), (2.0, 2.0), (2.5, 0.1), (3.0, 0.1)]
    ]
    sizes = [change.after if change else None for change in told]
    assert sizes == [None, SIZES[2], None, SIZES[1]]
    assert cushion.silent(4.5 * CALM_S, 0.1) is not None
    assert cushion.silent(9 * CALM_S, 0.1) is None


def test_it_does_not_grow_beyond_the_largest() -> None:
    cushion = Cushion(load=9.0)
    assert [cushion.ran_dry(at / 10) for at in range(9)] == [None] * 9
    assert cushion.silent(2.0, load=9.0) is None
