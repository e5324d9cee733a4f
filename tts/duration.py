"""How long a text takes to say, and how long a voice rests after it. Pure estimates for French and English.

Used where no engine can tell: a silent voice, a voice taken over in mid-sentence, an engine that ends without a rest.
"""

from __future__ import annotations

import re

SECONDS_PER_SYLLABLE = 0.19
"""Of eSpeak at its normal speed over the sentences of the tests, rests apart; people take 0.15 to 0.25."""

RESTS = {".": 0.25, "!": 0.25, "?": 0.25, "…": 0.3, "\n": 0.3, ";": 0.15, ":": 0.15, ",": 0.1, "—": 0.1}
"""Seconds of silence after a mark."""

SYLLABLES_PER_DIGIT = 1.5
"""Said as a number: "2026" is "deux mille vingt-six" or "twenty twenty-six"."""

_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile(r"[aeiouyàáâäæèéêëìíîïòóôöœùúûüÿ]+", re.IGNORECASE)
_SILENT_END = re.compile(r"(?<=[^\Waeiouy])(?:es?|ent)\Z", re.IGNORECASE)


def syllables(text: str) -> float:
    """Syllables of a text; each digit counts as said within a number."""
    digits = sum(character.isdigit() for character in text)
    return sum(map(_of_word, _WORD.findall(text))) + SYLLABLES_PER_DIGIT * digits


def _of_word(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    return max(1, groups - 1 if groups > 1 and _SILENT_END.search(word) else groups)


def spoken_seconds(text: str, speed: float = 1.0) -> float:
    """Seconds that a voice takes to say ``text``, with the rests inside but not the one after it."""
    inside = text.rstrip("".join(RESTS) + " \u00a0\u202f")
    rests = sum(RESTS.get(character, 0.0) for character in inside)
    return (syllables(text) * SECONDS_PER_SYLLABLE + rests) / speed


def rest_after(text: str, speed: float = 1.0) -> float:
    """Seconds of silence that belong after ``text``, by its last mark."""
    last = text.rstrip().rstrip("\"'»”’)]*_ \u00a0\u202f")[-1:]
    return RESTS.get(last, 0.0) / speed
