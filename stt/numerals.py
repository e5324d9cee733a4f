"""Numbers in words become figures, through ``text2num`` (extra ``numbers``), and what it leaves odd is mended. PURE.

Small numbers by themselves stay words, as people write them ("un thé", "one of them", "the first"): the library's own
threshold is 3. What it does not know of: "pour cent" is no hundred, and a year is said in two halves ("in nineteen
ninety-nine"): they are joined only after a word that announces a year.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stt.base import STTBackendMissing

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES = frozenset({"da", "de", "en", "es", "fr", "it", "nl", "pt"})
"""Known to the library."""
_HUNDRED = re.compile(r"(?<=\d) pour 100\b")
_YEAR = re.compile(
    r"\b((?:in|of|since|until|by|before|after|from|year|january|february|march|april|may|june|july|august|september"
    r"|october|november|december),? |\d+(?:st|nd|rd|th),? )(1[1-9]|20) (\d\d)\b",
    re.IGNORECASE,
)


def digits() -> Callable[[str, str], str]:
    """A function of text and language. Raises STTBackendMissing without the library."""
    try:
        from text_to_num import alpha2digit
    except ImportError as error:
        raise STTBackendMissing(
            "stt.numbers=digits needs text2num: run `pip install 'prism-voice[numbers]'`."
        ) from error

    def written(text: str, language: str) -> str:
        if language not in LANGUAGES:
            return text
        figures = str(alpha2digit(text, language))
        if language == "fr":
            return _HUNDRED.sub(" %", figures)
        return _YEAR.sub(r"\1\2\3", figures) if language == "en" else figures

    return written
