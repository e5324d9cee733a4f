"""Durations: hear one ("une heure et demie", "1 h 30") and say one. Pure; whole seconds come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, TypeVar

from llm.builtin import numbers_en, numbers_fr
from llm.builtin.answers import Language
from llm.builtin.numbers import Lexicon, read_number
from llm.builtin.text import Token

_Keys: TypeAlias = tuple[str, ...]
_N = TypeVar("_N", int, Fraction)


@dataclass(frozen=True, slots=True)
class _DurationWords:
    lexicon: Lexicon
    units: Mapping[str, int]
    """Seconds in a unit."""
    wholes: Mapping[_Keys, int]
    """Phrases that are a duration by themselves, in seconds."""
    more: Mapping[_Keys, Fraction]
    """Phrases after a unit (or, in English, before it) that add a part of it."""
    articles: frozenset[str]
    """Words that mean one before a unit."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration and the tokens it was read from."""

    seconds: Fraction
    start: int
    end: int


def _phrases(lines: Mapping[str, int]) -> dict[_Keys, int]:
    return {tuple(phrase.split()): seconds for phrase, seconds in lines.items()}


_WORDS: Mapping[Language, _DurationWords] = {
    "en": _DurationWords(
        lexicon=numbers_en.LEXICON,
        units=dict.fromkeys(("second", "seconds", "sec", "secs", "s"), 1)
        | dict.fromkeys(("minute", "minutes", "min", "mins", "mn"), 60)
        | dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), 3600)
        | dict.fromkeys(("day", "days"), 86400),
        wholes=_phrases(
            {
                "half an hour": 1800,
                "half hour": 1800,
                "a half hour": 1800,
                "half a minute": 30,
                "a half minute": 30,
                "quarter of an hour": 900,
                "a quarter of an hour": 900,
                "quarter hour": 900,
                "a quarter hour": 900,
                "three quarters of an hour": 2700,
                "a couple of minutes": 120,
            }
        ),
        more={
            ("and", "a", "half"): Fraction(1, 2),
            ("and", "a", "quarter"): Fraction(1, 4),
            ("and", "three", "quarters"): Fraction(3, 4),
        },
        articles=frozenset({"a", "an"}),
    ),
    "fr": _DurationWords(
        lexicon=numbers_fr.LEXICON,
        units=dict.fromkeys(("seconde", "secondes", "sec", "s"), 1)
        | dict.fromkeys(("minute", "minutes", "min", "mn"), 60)
        | dict.fromkeys(("heure", "heures", "h"), 3600)
        | dict.fromkeys(("jour", "jours"), 86400),
        wholes=_phrases(
            {
                "une demi heure": 1800,
                "demi heure": 1800,
                "une demie heure": 1800,
                "une demi minute": 30,
                "demi minute": 30,
                "un quart d heure": 900,
                "quart d heure": 900,
                "trois quarts d heure": 2700,
            }
        ),
        more={
            ("et", "demie"): Fraction(1, 2),
            ("et", "demi"): Fraction(1, 2),
            ("et", "quart"): Fraction(1, 4),
            ("et", "un", "quart"): Fraction(1, 4),
            ("trois", "quarts"): Fraction(3, 4),
            ("et", "trois", "quarts"): Fraction(3, 4),
        },
        articles=frozenset(),
    ),
}


def lexicon_of(language: Language) -> Lexicon:
    """The number words of a language."""
    return _WORDS[language].lexicon


def find_duration(tokens: Sequence[Token], language: Language) -> Duration | None:
    """The first duration in the tokens, as long as it goes."""
    words = _WORDS[language]
    for start in range(len(tokens)):
        if read := _sequence(tokens, start, words):
            return Duration(read[0], start, read[1])
    return None


def _sequence(tokens: Sequence[Token], at: int, words: _DurationWords) -> tuple[Fraction, int] | None:
    """One part after the other ("one hour and thirty minutes"), the units coming down."""
    part = _part(tokens, at, words)
    if part is None:
        return None
    total, unit, end = part
    while True:
        joined = end < len(tokens) and tokens[end].key == words.lexicon.joiner
        following = _part(tokens, end + joined, words)
        if following is None or following[1] >= unit:
            return total, end
        total, unit, end = total + following[0], following[1], following[2]


def _part(tokens: Sequence[Token], at: int, words: _DurationWords) -> tuple[Fraction, int, int] | None:
    """(seconds, the unit's seconds, index after it) of one part."""
    whole = _match(tokens, at, words.wholes)
    if whole is not None:
        return Fraction(whole[0]), whole[0], whole[1]
    amount = _amount(tokens, at, words)
    if amount is None:
        return None
    number, end = amount
    unit = words.units.get(tokens[end].key) if end < len(tokens) else None
    if unit is None:
        return None
    extra, end = _extra(tokens, end + 1, unit, words)
    return number * unit + extra, unit, end


def _amount(tokens: Sequence[Token], at: int, words: _DurationWords) -> tuple[Fraction, int] | None:
    read = read_number(tokens, at, words.lexicon)
    if read is None and at < len(tokens) and tokens[at].key in words.articles:
        read = Fraction(1), at + 1
    if read is None:
        return None
    more = _match(tokens, read[1], words.more)
    return (read[0] + more[0], more[1]) if more else read


def _extra(tokens: Sequence[Token], at: int, unit: int, words: _DurationWords) -> tuple[Fraction, int]:
    """What follows the unit: "and a half", or a bare number of the next smaller unit ("deux minutes trente")."""
    more = _match(tokens, at, words.more)
    if more is not None:
        return more[0] * unit, more[1]
    read = read_number(tokens, at, words.lexicon) if unit in (60, 3600) else None
    bare = read is not None and not (read[1] < len(tokens) and tokens[read[1]].key in words.units)
    if read is not None and bare and read[0] < 60:
        return read[0] * unit / 60, read[1]
    return Fraction(0), at


def _match(tokens: Sequence[Token], at: int, phrases: Mapping[_Keys, _N]) -> tuple[_N, int] | None:
    for length in (5, 4, 3, 2):
        keys = tuple(token.key for token in tokens[at : at + length])
        if len(keys) == length and keys in phrases:
            return phrases[keys], at + length
    return None


def say_duration(seconds: int, language: Language) -> str:
    """In words: "one hour and thirty minutes", "deux minutes et trente secondes". 0 to 99:59:59."""
    amounts = (seconds // 3600, seconds % 3600 // 60, seconds % 60)
    say = _say_english if language == "en" else _say_french
    parts = [say(amount, place) for place, amount in enumerate(amounts) if amount] or [say(0, 2)]
    joiner = _WORDS[language].lexicon.joiner
    return f"{', '.join(parts[:-1])} {joiner} {parts[-1]}" if len(parts) > 1 else parts[0]


def _say_english(amount: int, place: int) -> str:
    unit = ("hour", "minute", "second")[place]
    return f"{numbers_en.in_words(amount)} {unit}{'' if amount == 1 else 's'}"


def _say_french(amount: int, place: int) -> str:
    unit = ("heure", "minute", "seconde")[place]
    return f"{numbers_fr.in_words(amount, feminine=True)} {unit}{'s' if amount > 1 else ''}"
