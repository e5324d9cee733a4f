"""The breaker's whole life as tables of calls at given times, and its promises under random ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.breaker import Breaker, BreakerPolicy, State

POLICY = BreakerPolicy(failures=2, outage_s=10, longest_s=35, debt_s=3)


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(POLICY)
    breaker.failed(at)
    breaker.failed(at)
    return breaker


def test_it_opens_after_the_failures_that_it_bears() -> None:
    breaker = Breaker(POLICY)
    breaker.failed(0)
    assert breaker.state(0) is State.CLOSED
    breaker.failed(1)
    assert [breaker.state(t) for t in (1, 10.9, 11)] == [State.OPEN, State.OPEN, State.HALF_OPEN]
    assert not breaker.ask(5)


def test_a_success_between_failures_counts_them_from_the_beginning() -> None:
    breaker = Breaker(POLICY)
    for _ in range(5):
        breaker.failed(0)
        breaker.succeeded(0)
    assert breaker.state(0) is State.CLOSED


def test_half_open_lets_one_caller_try() -> None:
    breaker = opened()
    assert breaker.ask(10)
    assert not breaker.ask(10)
    breaker.released()
    assert breaker.ask(11)
    breaker.succeeded(12)
    assert breaker.state(12) is State.CLOSED
    assert breaker.ask(12)
    assert breaker.ask(12)


def test_each_failed_probe_doubles_the_while_up_to_its_bound() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(4):
        wait = next(s for s in range(1000) if breaker.state(now + s) is State.HALF_OPEN)
        waits.append(wait)
        now += wait
        assert breaker.ask(now)
        breaker.failed(now)
    assert waits == [10, 20, 35, 35]
    now += 35
    breaker.succeeded(now)
    breaker.failed(now)
    breaker.failed(now)
    assert breaker.state(now + 10) is State.HALF_OPEN


@pytest.mark.parametrize(
    ("behind", "state"),
    [
        ([2.9], State.CLOSED),
        ([1, 1, 1], State.CLOSED),
        ([1, 1, 1, 0.1], State.OPEN),
        ([2, -5, 2], State.CLOSED),  # quick calls pay the debt back, but nothing is saved up
        ([2, -1, 2.5], State.OPEN),
        ([-100, 3.1], State.OPEN),
    ],
)
def test_falling_behind_opens_it(behind: list[float], state: State) -> None:
    breaker = Breaker(POLICY)
    for seconds in behind:
        breaker.succeeded(0, behind_s=seconds)
    assert breaker.state(0) is state


def test_a_probe_that_is_still_too_slow_opens_it_again() -> None:
    breaker = opened()
    assert breaker.ask(10)
    breaker.succeeded(12, behind_s=0.5)
    assert breaker.state(12) is State.OPEN
    assert breaker.ask(32)
    breaker.succeeded(33, behind_s=-0.5)
    assert breaker.state(33) is State.CLOSED


def test_calls_that_fail_together_are_one_outage() -> None:
    breaker = opened()
    breaker.failed(1)
    breaker.failed(2)
    assert breaker.state(10) is State.HALF_OPEN


def test_an_outage_of_its_own_length_may_last_for_ever() -> None:
    breaker = Breaker(POLICY)
    breaker.failed(0, outage_s=math.inf)
    assert breaker.state(1e12) is State.OPEN


@pytest.mark.parametrize("wrong", [{"failures": 0}, {"outage_s": 0}, {"longest_s": 1}, {"debt_s": 0}])
def test_a_policy_is_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a breaker needs"):
        BreakerPolicy(**wrong)  # type: ignore[arg-type]  # the table holds ints and floats


STEPS = st.lists(
    st.tuples(st.floats(0, 20), st.sampled_from("ask ok slow fail release".split())), max_size=60
)


@given(STEPS)
def test_never_two_probes_and_never_shut_for_good(steps: list[tuple[float, str]]) -> None:
    breaker, now, probing = Breaker(POLICY), 0.0, False
    for wait, what in steps:
        now += wait
        half_open = breaker.state(now) is State.HALF_OPEN
        if what == "ask" and breaker.ask(now):
            assert breaker.state(now) is not State.OPEN
            assert not (half_open and probing)
            probing = half_open or probing
        elif what in ("ok", "slow"):
            breaker.succeeded(now, behind_s=5 if what == "slow" else 0)
            probing = False
        elif what == "fail":
            breaker.failed(now)
            probing = probing and breaker.state(now) is State.CLOSED
        elif what == "release":
            breaker.released()
            probing = False
    breaker.released()
    assert breaker.ask(now + POLICY.longest_s)
