"""Timers on the audio clock. Pure: somebody who sees every frame asks what is due."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

LIMIT = 50
"""Timers that may run at once."""
LONGEST_S = 7 * 24 * 3600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One running timer."""

    number: int
    seconds: float
    due: float
    """Position on the audio clock, seconds."""
    label: str
    language: str | None


class Timers:
    """The timers of one conversation, by due time."""

    def __init__(self) -> None:
        self._running: list[Timer] = []
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._running)

    def set(self, now: float, seconds: float, label: str, language: str | None) -> Timer:
        """Start a timer. Raises ValueError, one sentence, when it cannot be."""
        if not 0 < seconds <= LONGEST_S:
            raise ValueError(f"a timer runs from one second to seven days, not {seconds:g} seconds")
        if len(self._running) >= LIMIT:
            raise ValueError(f"{LIMIT} timers are running already")
        timer = Timer(next(self._numbers), seconds, now + seconds, label, language)
        self._running.append(timer)
        self._running.sort(key=lambda t: t.due)
        return timer

    def cancel(self, label: str) -> int:
        """Stop the timers of that label, or all of them for an empty one; how many there were."""
        kept = [t for t in self._running if label and t.label != label]
        count = len(self._running) - len(kept)
        self._running = kept
        return count

    def due(self, now: float) -> list[Timer]:
        """Take out what has run down at ``now`` (s)."""
        rung = [t for t in self._running if t.due <= now]
        if rung:
            self._running = [t for t in self._running if t.due > now]
        return rung
