"""Sentences with which replies begin, in French and English: short, alike, and worth having ready. Pure data.

"Of course." is over before the sentence after it is written. So it may be spoken by itself although it is short
(``SentenceSplitter``), and rendered before anybody has said a word (``TTSManager.prepare``). None is so short that the
listener would wait for the next.
"""

from __future__ import annotations

import re

OPENERS = {
    "fr": ("Bien sûr.", "Bien sûr !", "D'accord.", "Très bien.", "Bonjour !", "Avec joie !", "Entendu."),
    "en": (
        "Of course.",
        "Of course!",
        "Certainly.",
        "Certainly!",
        "All right.",
        "Okay.",
        "Hello!",
        "Good idea!",
    ),
}

_WORDS = re.compile(r"[^\W_]+")


def is_opener(text: str) -> bool:
    """Whether a text is nothing but one of them, whatever its marks."""
    return tuple(_WORDS.findall(text.casefold())) in _KNOWN


_KNOWN = frozenset(tuple(_WORDS.findall(text.casefold())) for texts in OPENERS.values() for text in texts)
