"""What dictation is doing, for whoever asks: the tray, ``prism ctl status``, scripts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.dictation.coordinator import DictationState


@dataclass(frozen=True, slots=True)
class LastDictation:
    """What became of the last dictation that had words."""

    id: str
    text: str
    delivery: str
    """``confirmed``, ``sent`` or ``kept``."""
    where: str


@dataclass(frozen=True, slots=True)
class Status:
    """One moment."""

    state: DictationState
    id: str | None = None
    """Of the dictation that is being recorded, else of the oldest that waits for its words."""
    trigger: str | None = None
    """Who started it."""
    target: str | None = None
    """Where its words will go, in words."""
    waiting: int = 0
    """Dictations whose recording is over and whose words are still to come."""
    last: LastDictation | None = None
    error: str | None = None
    """Why the last one failed; one sentence."""

    def to_json(self) -> dict[str, Any]:
        """As a flat JSON object but for ``last``; what is None is left out."""
        return {key: value for key, value in asdict(self).items() if value is not None}
