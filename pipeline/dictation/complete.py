"""Are these all the words that were said? A look at their number against the voice that was heard. PURE.

Recognizers lose words without any error: one in sixteen long dictations came back with half of its words (667
dictations of a user of TypeWhisper). What looks so is understood once more from the whole recording, and marked if it
still does.
"""

from __future__ import annotations

SLOW = 1.2
"""Words in a second of voice. Dictation has 2 to 4; recordings that had lost half of their words lay below 1.2."""
LONG_S = 6.0
"""Seconds of voice from which the rate says something: a name spelled slowly is no loss."""
DEAF_S = 2.0
"""Seconds of voice in one stretch of which nobody says nothing."""


def doubt(words: int, voiced_s: float, deaf_s: float = 0.0) -> str | None:
    """Why words may be missing, as a clause; None when all seems to be there.

    ``voiced_s``: seconds that the detector took for voice; ``deaf_s``: those in stretches that gave no word at all.
    """
    if deaf_s >= DEAF_S:
        return f"{deaf_s:.0f} s of voice gave no words"
    if voiced_s >= LONG_S and words / voiced_s < SLOW:
        return f"only {words} words in {voiced_s:.0f} s of voice"
    return None
