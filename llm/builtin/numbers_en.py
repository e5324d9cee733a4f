"""English number words, both ways. Pure data and one function."""

from __future__ import annotations

from llm.builtin.numbers import Lexicon

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = dict(
    zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(), strict=True)
)

LEXICON = Lexicon(
    small={word: n for n, word in enumerate(_ONES)} | {word: n for n, word in _TENS.items()},
    pairs={},
    follows={ten: range(1, 10) for ten in _TENS},
    hundreds=frozenset({"hundred", "hundreds"}),
    scales={"thousand": 10**3, "million": 10**6, "billion": 10**9},
    joiner="and",
    joined=frozenset(),
    joins_hundreds=True,
    articles=frozenset({"a", "one"}),
    points=frozenset({"point"}),
)


def in_words(number: int) -> str:
    """0 to 99 in words."""
    if not 0 <= number < 100:
        raise ValueError(f"{number} is not between 0 and 99")
    if number < 20:
        return _ONES[number]
    ten, one = number - number % 10, number % 10
    return f"{_TENS[ten]}-{_ONES[one]}" if one else _TENS[ten]
