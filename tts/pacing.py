"""How much text to hand to the voice at once, given how far playback is ahead. Pure.

Early in a reply every clause counts; once seconds of speech are waiting to be heard, joining sentences costs nobody
anything and gives the voice more to shape. But what is rendered and not heard is wasted when the listener cuts in, so
there is an upper bound as well: beyond it nothing more is rendered until playback has caught up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts.duration import spoken_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Pacing:
    """When to join and when to hold back."""

    comfort_s: float = 4.0
    """Seconds waiting to be heard from which sentences are joined."""
    ahead_s: float = 20.0
    """Seconds waiting to be heard beyond which nothing more is rendered."""
    longest_s: float = 8.0
    """Seconds that a joined piece may take to say."""

    def __post_init__(self) -> None:
        if not 0 <= self.comfort_s <= self.ahead_s or self.longest_s <= 0:
            raise ValueError("pacing needs 0 <= comfort_s <= ahead_s and longest_s > 0")

    def take(self, waiting: Sequence[str], queued_s: float) -> int:
        """How many of the pieces that wait to be spoken to hand over as one; 0 means: not now.

        ``queued_s`` is the rendered speech that was not heard yet. Joining never leaves less than the time that the
        listener has to wait for anyway, and never makes a piece longer than ``longest_s`` unless one alone is.
        """
        if not waiting or queued_s >= self.ahead_s:
            return 0
        if queued_s < self.comfort_s:
            return 1
        total = 0.0
        for count, piece in enumerate(waiting):
            total += spoken_seconds(piece)
            if total > self.longest_s:
                return max(1, count)
        return len(waiting)
