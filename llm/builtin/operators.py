"""The words for doing sums: how each operation is heard and said, per language. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from llm.builtin import numbers_en, numbers_fr
from llm.builtin.answers import Language
from llm.builtin.numbers import Lexicon


class Op(Enum):
    """One operation; the value is for people who read a test's output."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    PERCENT = "% of"
    POWER = "^"
    SQUARE = "squared"
    CUBE = "cubed"
    ROOT = "square root of"
    HALF = "half of"
    THIRD = "a third of"
    QUARTER = "a quarter of"
    DOUBLE = "double"
    TRIPLE = "triple"


@dataclass(frozen=True, slots=True)
class SumWords:
    """How one language talks about sums."""

    lexicon: Lexicon
    heard: Mapping[tuple[str, ...], Op]
    """Folded words to operation; the longest match wins."""
    said: Mapping[Op, str]
    around: frozenset[str]
    """Words that may stand before and after a sum ("what is", "combien font")."""
    decimal_mark: str
    minus: str
    equals: str
    equals_many: str
    """After a sum of several things: "7 et 8 font", "la racine fait"."""
    about: str
    that: str
    """After a sum that is not said again."""
    money: Mapping[str, tuple[str, str]]
    """Folded names and signs of currencies: one of it, many of it."""


_SIGNS = {
    ("+",): Op.ADD,
    ("-",): Op.SUBTRACT,
    ("*",): Op.MULTIPLY,
    ("×",): Op.MULTIPLY,
    ("x",): Op.MULTIPLY,
    ("/",): Op.DIVIDE,
    ("÷",): Op.DIVIDE,
    ("^",): Op.POWER,
}


def _phrases(table: Mapping[Op, str]) -> dict[tuple[str, ...], Op]:
    """``{ADD: "plus | and"}`` to ``{("plus",): ADD, ("and",): ADD}``, the signs included."""
    words = {tuple(phrase.split()): op for op, line in table.items() for phrase in line.split("|")}
    return words | _SIGNS


def _money(**currencies: str) -> dict[str, tuple[str, str]]:
    """``dollar="dollars $"`` to ``{"dollar": ("dollar", "dollars"), "dollars": ..., "$": ...}``."""
    return {
        heard: (one, others.split()[0])
        for one, others in currencies.items()
        for heard in (one, *others.split())
    }


_ENGLISH = SumWords(
    lexicon=numbers_en.LEXICON,
    heard=_phrases(
        {
            Op.ADD: "plus | added to",
            Op.SUBTRACT: "minus",
            Op.MULTIPLY: "times | multiplied by",
            Op.DIVIDE: "divided by | over",
            Op.PERCENT: "percent of | per cent of | % of",
            Op.POWER: "to the power of | to the power | raised to the power of | raised to the power | raised to",
            Op.SQUARE: "squared",
            Op.CUBE: "cubed",
            Op.ROOT: "the square root of | square root of | root of",
            Op.HALF: "half of | a half of | one half of",
            Op.THIRD: "a third of | one third of",
            Op.QUARTER: "a quarter of | one quarter of",
            Op.DOUBLE: "double | twice",
            Op.TRIPLE: "triple",
        }
    ),
    said={
        Op.ADD: "plus",
        Op.SUBTRACT: "minus",
        Op.MULTIPLY: "times",
        Op.DIVIDE: "divided by",
        Op.PERCENT: "percent of",
        Op.POWER: "to the power of",
        Op.SQUARE: "squared",
        Op.CUBE: "cubed",
        Op.ROOT: "the square root of",
        Op.HALF: "half of",
        Op.THIRD: "a third of",
        Op.QUARTER: "a quarter of",
        Op.DOUBLE: "twice",
        Op.TRIPLE: "triple",
    },
    around=frozenset(
        "what whats is s are the can could you tell me how much many does do make makes equal equals to calculate "
        "compute please result answer of so and ok okay hey prism give work out it that now hello hi =".split()
    ),
    decimal_mark=".",
    minus="minus",
    equals="is",
    equals_many="is",
    about="about",
    that="That is",
    money=_money(dollar="dollars $ buck bucks", euro="euros €", pound="pounds"),
)

_FRENCH = SumWords(
    lexicon=numbers_fr.LEXICON,
    heard=_phrases(
        {
            Op.ADD: "plus | ajoute a",
            Op.SUBTRACT: "moins",
            Op.MULTIPLY: "fois | multiplie par | multiplies par | multipliees par | multipliee par",
            Op.DIVIDE: "divise par | divises par | divisee par | divisees par | sur",
            Op.PERCENT: "pour cent de | pour cent d | pourcent de | pourcents de | % de",
            Op.POWER: "puissance | a la puissance | exposant",
            Op.SQUARE: "au carre",
            Op.CUBE: "au cube",
            Op.ROOT: "la racine carree de | racine carree de | la racine de | racine de",
            Op.HALF: "la moitie de | moitie de",
            Op.THIRD: "le tiers de | un tiers de",
            Op.QUARTER: "le quart de | un quart de",
            Op.DOUBLE: "le double de | double de",
            Op.TRIPLE: "le triple de | triple de",
        }
    ),
    said={
        Op.ADD: "plus",
        Op.SUBTRACT: "moins",
        Op.MULTIPLY: "fois",
        Op.DIVIDE: "divisé par",
        Op.PERCENT: "pour cent de",
        Op.POWER: "puissance",
        Op.SQUARE: "au carré",
        Op.CUBE: "au cube",
        Op.ROOT: "la racine carrée de",
        Op.HALF: "la moitié de",
        Op.THIRD: "le tiers de",
        Op.QUARTER: "le quart de",
        Op.DOUBLE: "le double de",
        Op.TRIPLE: "le triple de",
    },
    around=frozenset(
        "combien font fait ca cela ce c est quel quelle quels est que qu quoi le la resultat reponse de du d "
        "calcule calculer calculez peux peut tu vous pouvez me moi dis dire dites egale egal egalent a donne "
        "donnent et s il te plait stp svp alors ok prism bonjour salut valent vaut coute coutent =".split()
    ),
    decimal_mark=",",
    minus="moins",
    equals="fait",
    equals_many="font",
    about="environ",
    that="Cela fait",
    money=_money(euro="euros €", dollar="dollars $"),
)

SUM_WORDS: Mapping[Language, SumWords] = {"en": _ENGLISH, "fr": _FRENCH}
