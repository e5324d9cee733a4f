"""When to leave a failing backend alone, and when to try it again. Pure: the time is always an argument.

closed     it works and is asked
open       it failed, or fell behind, and is left alone for a while
half-open  the while is over: one caller may try; how that ends decides

Two things open a breaker: failures, and *debt*: the seconds by which a backend was slower than what it has to keep up
with, saved up over its calls and paid back by quick ones. Each probe that fails doubles the while, up to a bound.
Whoever asked and was allowed reports exactly one of ``succeeded``, ``failed`` and ``released``.

Which backend comes next, and what to tell the user, is for the room that owns the breaker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a breaker does with the next caller."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """How much a breaker bears."""

    failures: int = 1
    """Failures in a row that open it."""
    outage_s: float = 30.0
    """Seconds for which it stays open at first."""
    longest_s: float = 480.0
    """Seconds beyond which the doubling does not go."""
    debt_s: float = 4.0
    """Seconds behind that open it."""

    def __post_init__(self) -> None:
        if self.failures < 1 or not 0 < self.outage_s <= self.longest_s or self.debt_s <= 0:
            raise ValueError("a breaker needs at least one failure, 0 < outage_s <= longest_s and debt_s > 0")


class Breaker:
    """One backend's. Times are seconds on any one clock that never runs backward."""

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self._policy = policy or BreakerPolicy()
        self._failures = 0
        self._until: float | None = None  # None while closed
        self._outage_s = self._policy.outage_s
        self._debt_s = 0.0
        self._probing = False

    def __repr__(self) -> str:
        state = State.CLOSED if self._until is None else f"open until {self._until:.1f}"
        return f"<Breaker {state}, {self._failures} failures, {self._debt_s:.1f} s behind>"

    def state(self, now: float) -> State:
        """What it is at ``now``."""
        if self._until is None:
            return State.CLOSED
        return State.OPEN if now < self._until else State.HALF_OPEN

    def usable(self, now: float) -> bool:
        """Whether ``ask`` would allow a call."""
        state = self.state(now)
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._probing)

    def ask(self, now: float) -> bool:
        """Whether to call the backend; in half-open only one caller may at a time."""
        if not self.usable(now):
            return False
        self._probing = self._until is not None
        return True

    def succeeded(self, now: float, *, behind_s: float = 0.0) -> None:
        """The call worked and took ``behind_s`` seconds more than it was worth; negative when it was quicker."""
        probe = self._until is not None
        self._debt_s = max(0.0, (0.0 if probe else self._debt_s) + behind_s)
        if self._debt_s > self._policy.debt_s or (probe and behind_s > 0):
            self._open(now)
            return
        self._failures = 0
        self._until = None
        self._outage_s = self._policy.outage_s
        self._probing = False

    def failed(self, now: float, *, outage_s: float | None = None) -> None:
        """The call failed; ``outage_s`` (may be infinite) instead of the usual while."""
        self._failures += 1
        if outage_s is not None:
            self._until = now + outage_s
            self._probing = False
        elif self._until is not None or self._failures >= self._policy.failures:
            self._open(now)

    def released(self) -> None:
        """The call ended without an answer: cancelled, or not the backend's fault."""
        self._probing = False

    def _open(self, now: float) -> None:
        state = self.state(now)
        if state is State.HALF_OPEN:
            self._outage_s = min(self._outage_s * 2, self._policy.longest_s)
        if state is not State.OPEN:  # several calls may fail of one cause: that is one outage
            self._until = now + self._outage_s
        self._debt_s = 0.0
        self._probing = False
