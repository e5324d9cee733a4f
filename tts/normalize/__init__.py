"""Text as it is written, made ready for a voice: "14 h 30" becomes "14 heures 30". Pure.

Marks of writing that were left over go first. Then only what engines read badly is rewritten; plain numbers, which
eSpeak (Piper's reader too) says well in every language, stay digits: that is why no library of number words is needed.
A language without rules only loses the marks.
Applied to one piece of text just before the engine; nobody else sees the result. Twice is the same as once.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tts.normalize.endings import with_stops
from tts.normalize.leftovers import LEFTOVERS

if TYPE_CHECKING:
    from tts.normalize.rules import Rule

__all__ = ["normalize", "with_stops"]


def normalize(text: str, language: str) -> str:
    """``text`` as ``language`` (ISO 639-1) says it; white space at both ends stays."""
    for pattern, meant in (*LEFTOVERS, *_rules(language)):
        text = pattern.sub(meant, text)
    return text


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    if language == "fr":
        from tts.normalize.french import RULES

        return RULES
    if language == "en":
        from tts.normalize.english import RULES

        return RULES
    return ()
