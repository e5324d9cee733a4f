"""How a turn ends: a closed set of facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Completed:
    """All of the reply was heard."""

    heard_text: str
    settles: bool = True
    """Whether the words that it answered are owed no longer."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The reply was cut."""

    heard_text: str
    intended_text: str
    reason: str
    """``speech``, ``key`` or ``session``."""
    audible: bool
    """Whether any of it was heard."""

    @property
    def settles(self) -> bool:
        """Words stay owed when speech came before the first sound; a key press says: never mind."""
        return self.audible or self.reason != "speech"


@dataclass(frozen=True, slots=True)
class Superseded:
    """The turn was provisional and its words were not the last."""

    settles: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A stage failed; what was ready before was heard."""

    stage: str
    error: str
    heard_text: str
    settles: bool = True


TurnOutcome: TypeAlias = Completed | Interrupted | Superseded | Failed
