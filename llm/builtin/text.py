"""From an utterance to comparable words. Pure; knows letters and digits, no vocabulary except polite words.

Speech recognizers disagree about accents, hyphens, apostrophes and capitals, so everything is compared in its
*folded* form: lower case, no accents, one word per token ("Qu'est-il" gives ``qu est il``). A token keeps its place in
the source, so that a label can be cut out as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from llm.builtin.answers import Language

MAX_CHARACTERS = 400
"""A spoken request is shorter than this (about half a minute); what is longer is not for the skills."""

_LETTER = r"[^\W\d_]"
_SIGN = rf"(?<!{_LETTER})[-−–]|[-−–](?!{_LETTER})|[+*/×÷^%=€$]"
_LITERAL = {
    "en": r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?",
    "fr": r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)?",
}
_TOKEN = {
    language: re.compile(rf"(?P<literal>{literal})|(?P<word>{_LETTER}+)|(?P<sign>{_SIGN})")
    for language, literal in _LITERAL.items()
}
LONGEST_LITERAL = 15
"""Digits: far below the length at which int() refuses, far above any spoken number."""

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_POLITE = re.compile(r"\b(?:please|s il (?:te|vous) plait|stp|svp)\b")
_LEAD = re.compile(r"^(?:(?:hey|ok|okay|well|so|now|and|um|uh|euh|alors|bon|et|dis|dites) )+")
_NAME = re.compile(r"^(?:prism|prisme) (?=\S)|(?<=\S) (?:prism|prisme)$")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number in digits, or sign of an utterance."""

    key: str
    """Folded word, the sign itself, or the digits as written."""
    start: int
    end: int
    """Place in the source, in characters."""
    value: Fraction | None = None
    """For digits only."""


def fold(text: str) -> str:
    """Lower case without accents; ligatures are spelt out."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def lex(text: str, language: Language) -> list[Token]:
    """Cut into tokens; punctuation is dropped. The language decides what a comma between digits means."""
    return [_token(found, language) for found in _TOKEN[language].finditer(text)]


def _token(found: re.Match[str], language: Language) -> Token:
    written = found.group()
    if found.lastgroup == "literal" and len(written) <= LONGEST_LITERAL:
        return Token(written, found.start(), found.end(), _literal(written, language))
    key = fold(written).replace("−", "-").replace("–", "-")
    return Token(key, found.start(), found.end())


def _literal(written: str, language: Language) -> Fraction:
    if language == "fr":
        return Fraction(re.sub(r"[ \u00a0\u202f]", "", written).replace(",", "."))
    return Fraction(written.replace(",", ""))


def core(text: str) -> str:
    """The folded words without politeness, fillers and the assistant's name: what the patterns look at."""
    words = " ".join(re.findall(r"[^\W_]+", fold(text)))
    polite_gone = " ".join(_POLITE.sub(" ", words).split())
    bare = _LEAD.sub("", polite_gone)
    return _NAME.sub("", bare).strip() or polite_gone or words
