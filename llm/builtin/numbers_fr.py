"""French number words, both ways, the Belgian and Swiss ones included. Pure data and one function."""

from __future__ import annotations

from llm.builtin.numbers import Lexicon
from llm.builtin.text import fold

_ONES = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
)
_TENS = dict(zip(range(20, 70, 10), "vingt trente quarante cinquante soixante".split(), strict=True))
_REGIONAL = {"septante": 70, "huitante": 80, "octante": 80, "nonante": 90}

_ROUND = (20, 30, 40, 50, 70, 80, 90)
_SEVENTEEN_UP = range(7, 10)

LEXICON = Lexicon(
    small={fold(word): n for n, word in enumerate(_ONES)}
    | {word: n for n, word in _TENS.items()}
    | _REGIONAL
    | {"une": 1},
    pairs={("quatre", "vingt"): 80, ("quatre", "vingts"): 80},
    follows={ten: range(1, 10) for ten in _ROUND} | {60: range(1, 20), 80: range(1, 20), 10: _SEVENTEEN_UP},
    hundreds=frozenset({"cent", "cents"}),
    scales={
        "mille": 10**3,
        "million": 10**6,
        "millions": 10**6,
        "milliard": 10**9,
        "milliards": 10**9,
    },
    joiner="et",
    joined=frozenset({1, 11}),
    joins_hundreds=False,
    articles=frozenset(),
    points=frozenset({"virgule"}),
)


def in_words(number: int, *, feminine: bool = False) -> str:
    """0 to 99 in words; feminine before minutes, hours, seconds."""
    if not 0 <= number < 100:
        raise ValueError(f"{number} is not between 0 and 99")
    words = _masculine(number)
    return f"{words}e" if feminine and words.endswith("un") else words


def _masculine(number: int) -> str:
    if number <= 16:
        return _ONES[number]
    if number < 20:
        return f"dix-{_ONES[number - 10]}"
    if number < 70:
        ten, rest = number - number % 10, number % 10
        return _joined(_TENS[ten], rest, joiner=rest == 1)
    if number < 80:
        return _joined("soixante", number - 60, joiner=number == 71)
    return "quatre-vingts" if number == 80 else _joined("quatre-vingt", number - 80, joiner=False)


def _joined(ten: str, rest: int, *, joiner: bool) -> str:
    if not rest:
        return ten
    return f"{ten} et {_masculine(rest)}" if joiner else f"{ten}-{_masculine(rest)}"
