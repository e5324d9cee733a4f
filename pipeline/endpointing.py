"""How long to wait after a pause, for this speaker and this machine. Pure.

The words give the probability that the utterance is complete (``stt.completeness``), and so does its sound where a turn
model listens; as two witnesses who know nothing of each other they are weighed by their odds. Around it this file
learns two things over a conversation: the speaker's own pauses (who pauses for 700 ms in mid-sentence must not be cut
at 480), and the time the pipeline needs to be ready, because a wait below it buys nothing. Never beyond
``max_wait_ms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stt import completeness

if TYPE_CHECKING:
    from config import TurnSettings

PAUSE_WEIGHT = 0.3
"""Weight of the newest pause in the running mean."""
PAUSE_MARGIN = 1.15
"""The wait for a complete utterance is at least this multiple of the speaker's usual inner pause..."""
PAUSE_SHARE = 0.5
"""...but never more than this share of the way from the shortest to the longest wait: pauses must not make it slow."""
FRAME_MS = 32
"""A wait is rounded up to whole frames of the detector: one that must not outlast the reply stays that much below."""
SURE = 0.9
"""How far the words are believed beside another witness: a full stop means 9 in 10, a hanging "and" 1 in 10."""
SOUND_SURE = 0.95
"""The same for the sound, at its most certain."""
READY_WEIGHT = 0.3
"""Weight of the newest time to be ready."""


class Endpointer:
    """One per conversation."""

    def __init__(self, turn: TurnSettings) -> None:
        self._shortest = turn.min_wait_ms
        self._longest = max(turn.min_wait_ms, turn.max_wait_ms)
        self._pause: float | None = None
        self._ready: float | None = None

    def __repr__(self) -> str:
        return f"<Endpointer inner pause {self._pause or 0:.0f} ms, ready in {self._ready or 0:.0f} ms>"

    def spoke_on(self, pause_ms: float) -> None:
        """The speaker went on after a pause within an utterance."""
        self._pause = _mean(self._pause, pause_ms, PAUSE_WEIGHT)

    def was_ready(self, ms: float) -> None:
        """A reply could have sounded this long after t0, had nobody waited."""
        self._ready = _mean(self._ready, ms, READY_WEIGHT)

    def wait_ms(self, text: str, sound: float | None = None) -> float:
        """Milliseconds from t0 to the end of the utterance, given its words; without words the shortest.

        ``sound``: probability (0-1) by the sound alone that it is complete; None when nobody has judged it.
        """
        span = self._longest - self._shortest
        learned = min((self._pause or 0) * PAUSE_MARGIN, self._shortest + PAUSE_SHARE * span)
        ready = (self._ready or 0) - FRAME_MS
        floor = min(max(self._shortest, learned, ready), self._longest)
        if not text:
            return floor
        return self._longest - weighed(completeness(text), sound) * (self._longest - floor)


def weighed(words: float, sound: float | None) -> float:
    """The probability that an utterance is complete, by its words (0-1) and, where that is known, its sound (0-1)."""
    if sound is None:
        return words
    least, most = _both(0.0, 0.0), _both(1.0, 1.0)
    return (_both(words, sound) - least) / (most - least)  # two certain witnesses are as good as certainty


def _both(words: float, sound: float) -> float:
    """The odds of two witnesses multiplied, as a probability."""
    odds = _odds(words, SURE) * _odds(sound, SOUND_SURE)
    return odds / (1.0 + odds)


def _odds(probability: float, sure: float) -> float:
    """The odds of a probability that is believed no further than ``sure``, either way."""
    believed = 1.0 - sure + probability * (2.0 * sure - 1.0)
    return believed / (1.0 - believed)


def _mean(old: float | None, new: float, weight: float) -> float:
    return new if old is None else old + weight * (new - old)
