"""What the rules of both languages are made of: patterns of numbers, Roman numerals, addresses. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""What to look for, and what is said instead, as ``re.sub`` takes them."""

SPACE = "[ \u00a0\u202f]"
"""One space within a line, also the French ones that do not break."""

ROMAN = r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
"""A Roman numeral up to 399; the look-ahead keeps it from being empty."""

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
_ENDS = (
    "com org net fr be ch ca eu uk de es it us io ai dev app info gov edu co tv me gouv.fr co.uk "
    "txt pdf md csv json xml html css js py ts toml yaml yml exe zip jpg jpeg png gif svg mp3 mp4 wav flac docx xlsx"
)
_LAST = "|".join(sorted((re.escape(end) for end in _ENDS.split()), key=len, reverse=True))

URL = re.compile(
    rf"\b(?:https?://|www\.)(?:www\.)?((?:{_HOST}\w+)|localhost)(?::\d+)?(?:[/?#][^\s<>«»\"”)\]]*[\w/=])?/?"
)
"""A web address; group 1 is the site's name, all that can be kept by ear."""

EMAIL = re.compile(rf"\b([\w.+-]+)@({_HOST}[A-Za-z]{{2,}})\b")

DOTTED = re.compile(rf"(?<![\w@./-]){_HOST}(?:{_LAST})(?![\w@/-]|\.\w)", re.IGNORECASE)
"""A site or a file named in the text: "example.com", "notes.txt"."""

FOUR_NUMBERS = re.compile(r"(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
"""An IP address."""


_LEFT = r"(?:(?<=[\d)²³°])|(?<=\b[A-Za-z]))"
_RIGHT = r"(?=[\d(√−-]|[A-Za-z]\b)"


def comparisons(less: str, more: str, at_most: str, at_least: str) -> tuple[Rule, ...]:
    """Rules for "<", ">", "<=" and ">=" between numbers and single letters: "I <3" and "Settings > Sound" are none."""
    said = (("<=|≤|⩽", at_most), (">=|≥|⩾", at_least), ("<", less), (">", more))
    return tuple(
        (re.compile(rf"{_LEFT}(?:{SPACE}(?:{sign}){SPACE}|(?:{sign})){_RIGHT}"), f" {words} ")
        for sign, words in said
    )


def powers(squared: str, cubed: str, raised: str) -> tuple[Rule, ...]:
    """Rules for "x²", "x^2" and "2^10"."""
    return (
        (re.compile(r"(?<=[\w)])(?:²|\^2(?![\w.]))"), f" {squared}"),
        (re.compile(r"(?<=[\w)])(?:³|\^3(?![\w.]))"), f" {cubed}"),
        (re.compile(r"(?<=[\w)])\^(?=[\w(−-])|(?<=\d)\*\*(?=\d)"), f" {raised} "),
    )


def table(words: Mapping[str, str], *, before: str = "", after: str = "", flags: int = 0) -> Rule:
    """Each word that stands by itself, between ``before`` and ``after`` (patterns without groups), replaced."""
    known = {(word.lower() if flags & re.IGNORECASE else word): said for word, said in words.items()}
    listed = "|".join(sorted(map(re.escape, known), key=len, reverse=True))

    def meant(found: re.Match[str]) -> str:
        word = found.group(1)
        return known[word.lower() if flags & re.IGNORECASE else word]

    return re.compile(rf"{before}({listed}){after}", flags), meant


def roman(numeral: str) -> int:
    """The value of a Roman numeral."""
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def addresses(dot: str, at: str) -> tuple[Rule, ...]:
    """Rules for what has dots inside a word, with the language's words for a dot and an at sign."""

    def spelled(text: str) -> str:
        return text.replace(".", f" {dot} ")

    return (
        (URL, lambda found: spelled(found.group(1))),
        (EMAIL, lambda found: f"{spelled(found.group(1))} {at} {spelled(found.group(2))}"),
        (FOUR_NUMBERS, lambda found: spelled(found.group(0))),
        (DOTTED, lambda found: spelled(found.group(0))),
    )
