"""What is measured: named series of raw samples, the goal of each, and the statistics of both. Pure.

A ``Board`` is filled while a contest runs, so that an interrupted one has what it had. Statistics are computed when
they are read; only raw samples are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Statistic = Literal["p50", "p95", "max"]
SHARES: dict[Statistic, float] = {"p50": 0.5, "p95": 0.95, "max": 1.0}


@dataclass(frozen=True, slots=True)
class Goal:
    """What DESIGN promises of a series."""

    statistic: Statistic
    below: float
    """In the unit of the series."""

    def __str__(self) -> str:
        return f"{self.statistic} < {self.below:g}"


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0-1) of the samples lie, interpolated between neighbors.

    Raises ValueError without samples.
    """
    if not samples:
        raise ValueError("there is no percentile of nothing")
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies within 0 and 1, got {share}")
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class Series:
    """One figure: its samples in the order in which they were taken."""

    def __init__(self, name: str, unit: str, goal: Goal | None = None) -> None:
        self.name = name
        self.unit = unit
        self.goal = goal
        self.samples: list[float] = []

    def __repr__(self) -> str:
        return f"<Series {self.name!r}, {len(self.samples)} samples>"

    def add(self, *values: float) -> None:
        """Take samples."""
        self.samples += values

    def at(self, statistic: Statistic) -> float:
        """That statistic of the samples. Raises ValueError without any."""
        return percentile(self.samples, SHARES[statistic])

    @property
    def verdict(self) -> str:
        """``ok`` or ``above``; empty without a goal or samples. Information, never a failure."""
        if self.goal is None or not self.samples:
            return ""
        return "ok" if self.at(self.goal.statistic) < self.goal.below else "above"


class Board:
    """All that one contest found out."""

    def __init__(self, contest: str) -> None:
        self.contest = contest
        self.series: list[Series] = []
        self.remarks: list[str] = []
        """Sentences for a person."""
        self.facts: dict[str, object] = {}
        """Circumstances: load, lateness of timers, seconds taken."""

    def __repr__(self) -> str:
        return f"<Board {self.contest}, {len(self.series)} series>"

    def figure(self, name: str, unit: str, goal: Goal | None = None) -> Series:
        """The series of that name; made when it is not there yet."""
        for series in self.series:
            if series.name == name:
                return series
        self.series.append(Series(name, unit, goal))
        return self.series[-1]

    def remark(self, sentence: str) -> None:
        """Say something about the figures, once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)
