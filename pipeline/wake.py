"""Asleep or awake: whether a conversation listens at all. Synchronous, part of the frame callback; time is the frames'.

Asleep, frames go to the wake word's detector and count as silence. The word wakes, and while somebody speaks, a turn
lives or the set time after it has not run out, it stays awake. The pre-roll is the real sound, so that a question in
the same breath as the word loses nothing; what is left of the word itself may stand before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.events import WakeDetected

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from config import WakeSettings
    from pipeline.events import Emit
    from stt import Int16, WakeDetector


class Wake:
    """One per conversation that has a word."""

    def __init__(
        self,
        detector: WakeDetector,
        settings: WakeSettings,
        busy: Callable[[], bool],
        tell: tuple[Clock, Emit],
    ) -> None:
        """``busy``: whether somebody speaks or is answered. ``tell``: the clock and who is told."""
        self._detector, self._busy = detector, busy
        self._word, self._listen_s = settings.word or "", settings.listen_s
        self._clock, self._emit = tell
        self._until: float | None = None  # position, s; None is asleep

    @property
    def awake(self) -> bool:
        """Whether speech is listened to."""
        return self._until is not None

    def listens(self, samples: Int16, position: float) -> bool:
        """Whether this frame, which ends at ``position`` (s), may be speech for the assistant."""
        if self._until is not None:
            if self._busy():
                self._until = position + self._listen_s
            elif position > self._until:
                self._until = None
                self._detector.reset()
            return True
        if self._detector.heard(samples):
            self._until = position + self._listen_s
            self._emit(WakeDetected(t=self._clock.now(), word=self._word))
        return self.awake
