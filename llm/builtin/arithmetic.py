"""Sums: find one in an utterance, work it out exactly, say it. Pure; nothing is ever evaluated as code.

``expression := term (("+"|"-") term)*``, ``term := factor (("*"|"/"|"% of") factor)*``,
``factor := "-" factor | prefix factor | number ("squared"|"cubed")* ["^" factor]``.
A sum is answered only when it is all there is: every other word of the utterance must belong to asking for a sum, so
that "add six eggs" or a part number never becomes one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from llm.builtin.answers import Language
from llm.builtin.numbers import read_number
from llm.builtin.operators import SUM_WORDS, Op, SumWords
from llm.builtin.text import LONGEST_LITERAL, Token, lex

Problem: TypeAlias = Literal["division_by_zero", "negative_root", "too_big"]

_LARGEST = 10**15
"""Beyond this nobody can follow a spoken number."""
_SMALLEST = Fraction(1, 10**9)
_RANGE = 10**60
"""What is in between may be larger, but stays well within a float."""
_PREFIXES = {
    Op.HALF: Fraction(1, 2),
    Op.THIRD: Fraction(1, 3),
    Op.QUARTER: Fraction(1, 4),
    Op.DOUBLE: Fraction(2),
    Op.TRIPLE: Fraction(3),
}
_POSTFIXES = {Op.SQUARE: 2, Op.CUBE: 3}
_MANY = {Op.ADD, Op.SUBTRACT, Op.MULTIPLY, Op.PERCENT}

_INNERMOST = re.compile(r"\(([^()]*)\)")
_RAISED = re.compile(r"\s*\^\s*(-?\d{1,15}(?:\.\d+)?)")
_IN_BRACKETS = re.compile(r"\([^()]*\d[^()]*\)")
_WRITTEN = re.compile(r"[-−(\s]*[\d(][\d\s.,()+\-−–*/×÷^x]*[\d)]")

_Item: TypeAlias = Fraction | Op | str
"""A number, an operation, or a word that is neither."""


class SumError(Exception):
    """The sum was understood but has no answer that can be said."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem: Problem = problem


@dataclass(frozen=True, slots=True)
class _Value:
    """A part of the sum, worked out, and how it is said."""

    number: Fraction
    said: str
    exact: bool = True
    many: bool = False
    """Whether its verb is a plural where the language has one."""


def answer_sum(text: str, heard: Language, said: Language) -> str | None:
    """The answer to a sum heard in one language, said in another ("7 times 8 is 56."); None if the text is no sum.

    Raises SumError for a division by zero, a root of a negative number, and numbers too big or too small to say.
    """
    if _IN_BRACKETS.search(text):
        return _answer_written(text, heard, said)
    items, words = _items(lex(text, heard), SUM_WORDS[heard]), SUM_WORDS[said]
    items, currency = _without_money(items, SUM_WORDS[heard])
    found = _Reader(items, words).longest()
    if found is None:
        return None
    value, start, end = found
    outside = items[:start] + items[end:]
    if not all(isinstance(item, str) and item in SUM_WORDS[heard].around for item in outside):
        return None
    result, rounded = _result(value.number, words)
    about = "" if value.exact and not rounded else f" {words.about}"
    equals = words.equals_many if value.many else words.equals
    unit = _unit(value.number, currency, said)
    sentence = f"{value.said} {equals}{about} {result}{unit}."
    return sentence[0].upper() + sentence[1:]


def _answer_written(text: str, heard: Language, said: Language) -> str | None:
    """A sum with brackets, which nobody speaks: signs and nothing else, beside words that ask for it."""
    found = _WRITTEN.search(text)
    if found is None:
        return None
    outside = lex(f"{text[: found.start()]} {text[found.end() :]}", heard)
    if not all(token.key in SUM_WORDS[heard].around for token in outside):
        return None
    value = work_out(found[0].replace(",", "." if heard == "fr" else ""))
    if value is None:
        return None
    words = SUM_WORDS[said]
    result, rounded = _result(value, words)
    return f"{words.that}{f' {words.about}' if rounded else ''} {result}."


def _without_money(items: list[_Item], words: SumWords) -> tuple[list[_Item], str]:
    """The items without names of currencies, and what the result is in; nothing where that is not plain."""
    named = [words.money[item][0] for item in items if isinstance(item, str) and item in words.money]
    bare = [item for item in items if not (isinstance(item, str) and item in words.money)]
    if len(set(named)) > 1:
        return items, ""
    plain = len(named) == 1 or not {Op.MULTIPLY, Op.DIVIDE}.intersection(o for o in bare if isinstance(o, Op))
    return bare, named[0] if named and plain else ""


def _unit(number: Fraction, currency: str, said: Language) -> str:
    """The currency after a number, as the language counts it."""
    if not currency:
        return ""
    single = abs(number) < 2 if said == "fr" else number == 1
    return f" {SUM_WORDS[said].money.get(currency, (currency, currency))[not single]}"


def work_out(sum_: str) -> Fraction | None:
    """The result of a sum in signs ("2 * (3 + 4)") and nothing else; None if it is none. Raises SumError."""
    sum_ = sum_.replace("**", "^")
    while inner := _INNERMOST.search(sum_):
        value = work_out(inner[1])
        if value is None:
            return None
        rest = sum_[inner.end() :]
        if raised := _RAISED.match(rest):  # at once: the sign belongs to what was in the brackets
            value, rest = _power(value, Fraction(raised[1]))[0], rest[raised.end() :]
        sum_ = f"{sum_[: inner.start()]} {_literal(value)} {rest}"
    words = SUM_WORDS["en"]
    return _Reader(_items(lex(sum_, "en"), words), words).whole()


def _literal(number: Fraction) -> str:
    """A number as it may stand within a sum: no longer than what is read as one."""
    whole = str(abs(int(number)))
    places = LONGEST_LITERAL - 1 - len(whole)
    written = whole if number.denominator == 1 or places < 1 else f"{float(abs(number)):.{places}f}"
    return f"-{written}" if number < 0 else written


def _items(tokens: Sequence[Token], words: SumWords) -> list[_Item]:
    items: list[_Item] = []
    at = 0
    while at < len(tokens):
        item, at = _item(tokens, at, words)
        items.append(item)
    return items


def _item(tokens: Sequence[Token], at: int, words: SumWords) -> tuple[_Item, int]:
    for length in (5, 4, 3, 2, 1):
        op = words.heard.get(tuple(token.key for token in tokens[at : at + length]))
        if op is not None:
            return op, min(at + length, len(tokens))
    read = read_number(tokens, at, words.lexicon)
    return read if read is not None else (tokens[at].key, at + 1)


class _Reader:
    """Reads expressions out of the items, working them out on the way."""

    def __init__(self, items: Sequence[_Item], words: SumWords) -> None:
        self._items = items
        self._words = words
        self._at = 0
        self._operations = 0

    def longest(self) -> tuple[_Value, int, int] | None:
        """The first expression with an operation in it, and where it starts and ends."""
        for start, item in enumerate(self._items):
            if isinstance(item, str):
                continue
            self._at, self._operations = start, 0
            value = self._expression()
            if value is not None and self._operations:
                return value, start, self._at
        return None

    def whole(self) -> Fraction | None:
        """The value when all of it is one expression."""
        value = self._expression()
        return value.number if value is not None and self._at == len(self._items) else None

    def _take(self, *ops: Op) -> Op | None:
        item = self._items[self._at] if self._at < len(self._items) else None
        if isinstance(item, Op) and item in ops:
            self._at += 1
            return item
        return None

    def _expression(self) -> _Value | None:
        left = self._term()
        while left is not None and (op := self._take(Op.ADD, Op.SUBTRACT)):
            left = self._binary(op, left, self._term())
        return left

    def _term(self) -> _Value | None:
        left = self._factor()
        while left is not None and (op := self._take(Op.MULTIPLY, Op.DIVIDE, Op.PERCENT)):
            left = self._binary(op, left, self._factor())
        return left

    def _factor(self) -> _Value | None:
        if self._take(Op.SUBTRACT):
            inner = self._factor()
            return inner and _Value(-inner.number, f"{self._words.minus} {inner.said}", inner.exact)
        if op := self._take(Op.ROOT, *_PREFIXES):
            inner = self._factor()
            self._operations += 1
            return inner and self._prefixed(op, inner)
        return self._powered()

    def _powered(self) -> _Value | None:
        item = self._items[self._at] if self._at < len(self._items) else None
        if not isinstance(item, Fraction):
            return None
        self._at += 1
        value = _Value(item, say_number(item, self._words))
        while op := self._take(*_POSTFIXES):
            self._operations += 1
            power, _ = _power(value.number, Fraction(_POSTFIXES[op]))
            value = _Value(power, f"{value.said} {self._words.said[op]}")
        if self._take(Op.POWER):
            return self._binary(Op.POWER, value, self._factor())
        return value

    def _prefixed(self, op: Op, inner: _Value) -> _Value:
        said = f"{self._words.said[op]} {inner.said}"
        if op is Op.ROOT:
            number, exact = _root(inner.number)
            return _Value(_bounded(number), said, exact and inner.exact)
        return _Value(_bounded(_PREFIXES[op] * inner.number), said, inner.exact)

    def _binary(self, op: Op, left: _Value, right: _Value | None) -> _Value | None:
        if right is None:
            return None
        self._operations += 1
        number, exact = _work_out(op, left.number, right.number)
        said = f"{left.said} {self._words.said[op]} {right.said}"
        return _Value(_bounded(number), said, exact and left.exact and right.exact, op in _MANY)


def _bounded(number: Fraction) -> Fraction:
    if number and not Fraction(1, _RANGE) < abs(number) < _RANGE:
        raise SumError("too_big")
    return number


def _work_out(op: Op, left: Fraction, right: Fraction) -> tuple[Fraction, bool]:
    if op is Op.POWER:
        return _power(left, right)
    if op is Op.DIVIDE:
        if not right:
            raise SumError("division_by_zero")
        return left / right, True
    if op is Op.PERCENT:
        return left * right / 100, True
    if op is Op.MULTIPLY:
        return left * right, True
    return (left + right if op is Op.ADD else left - right), True


def _power(base: Fraction, exponent: Fraction) -> tuple[Fraction, bool]:
    """The power and whether it is exact. The size is judged before anything large is built."""
    if not base and exponent < 0:
        raise SumError("division_by_zero")
    if base < 0 and exponent.denominator != 1:
        raise SumError("negative_root")
    if base and abs(float(exponent) * math.log10(abs(base))) > math.log10(_LARGEST):
        raise SumError("too_big")
    if exponent.denominator == 1 and abs(exponent) <= 1000:
        return base ** int(exponent), True
    return Fraction(float(base) ** float(exponent)), False


def _root(number: Fraction) -> tuple[Fraction, bool]:
    if number < 0:
        raise SumError("negative_root")
    root = Fraction(math.isqrt(number.numerator), math.isqrt(number.denominator))
    return (root, True) if root * root == number else (Fraction(math.sqrt(number)), False)


def _result(number: Fraction, words: SumWords) -> tuple[str, bool]:
    """The number as said, and whether it had to be rounded (two decimals, or two digits of a small number)."""
    if abs(number) >= _LARGEST or 0 < abs(number) < _SMALLEST:
        raise SumError("too_big")
    exact = _decimals(number)
    if exact is not None and exact <= 6:
        return say_number(number, words), False
    places = 2 if abs(number) >= Fraction(1, 10) else 1 - math.floor(math.log10(abs(number)))
    return say_number(round(number, places), words), True


def _decimals(number: Fraction) -> int | None:
    """How many decimals write the number exactly, up to 12."""
    return next((n for n in range(13) if (number * 10**n).denominator == 1), None)


def say_number(number: Fraction, words: SumWords) -> str:
    """Digits, the decimal mark of the language, and a word for minus."""
    places = _decimals(number)
    digits = f"{float(abs(number)):.12f}" if places is None else _fixed(abs(number), places)
    sign = f"{words.minus} " if number < 0 else ""
    return sign + digits.replace(".", words.decimal_mark)


def _fixed(number: Fraction, places: int) -> str:
    whole = str(int(number * 10**places)).rjust(places + 1, "0")
    return f"{whole[:-places]}.{whole[-places:]}" if places else whole
