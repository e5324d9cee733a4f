"""Reading numbers, in digits and in words. Pure; the words of a language stand in its own file as a ``Lexicon``.

A cardinal grows from left to right: small numbers fill the last group of three digits, hundreds multiply it, a scale
(thousand, million) closes it. What may follow what is data: English lets 1-9 follow 20, French lets 10-19 follow 60.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from llm.builtin.text import Token


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The number words of one language, folded."""

    small: Mapping[str, int]
    """0 to 99 where one word says it."""
    pairs: Mapping[tuple[str, str], int]
    """Two words that say one small number ("quatre vingts")."""
    follows: Mapping[int, range]
    """Which small numbers may follow directly on which (after 20: 1 to 9)."""
    hundreds: frozenset[str]
    scales: Mapping[str, int]
    joiner: str
    """The word for *and*."""
    joined: frozenset[int]
    """The small numbers that the joiner may bring after a ten ("vingt et un")."""
    joins_hundreds: bool
    """Whether the joiner stands after hundreds ("a hundred and five")."""
    articles: frozenset[str]
    """Words that mean 1 before a hundred or a scale only ("a hundred")."""
    points: frozenset[str]
    """The words for the decimal point."""


@dataclass(slots=True)
class _Cardinal:
    """A number in words while it is being read."""

    lexicon: Lexicon
    total: int = 0
    group: int = 0
    tail: int | None = None
    """The last small number of the group."""
    scale: int = field(default=10**12)
    """Scales must come down: the last one used."""
    started: bool = False

    def add_small(self, number: int, *, joined: bool) -> bool:
        if self.tail is None:
            fits = not joined or (self.lexicon.joins_hundreds and self.started)
            fits = fits and (number > 0 or not self.started)
        else:
            fits = number in self.lexicon.follows.get(self.tail, range(0))
            fits = fits and (not joined or number in self.lexicon.joined)
        if fits:
            self.group, self.tail, self.started = self.group + number, number, True
        return fits

    def add_hundred(self) -> bool:
        if self.group >= 20 or self.tail == 0:
            return False
        self.group, self.tail, self.started = max(self.group, 1) * 100, None, True
        return True

    def add_scale(self, scale: int) -> bool:
        if scale >= self.scale or (self.started and self.group == 0):
            return False
        self.total, self.group = self.total + max(self.group, 1) * scale, 0
        self.tail, self.scale, self.started = None, scale, True
        return True


def read_number(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> tuple[Fraction, int] | None:
    """The longest number that starts at ``at`` and the index after it."""
    if at >= len(tokens):
        return None
    literal = tokens[at].value
    if literal is not None:
        return _scaled_literal(tokens, at, literal, lexicon)
    whole = _cardinal(tokens, at, lexicon)
    if whole is None:
        return None
    return _with_decimals(tokens, whole, lexicon)


def _scaled_literal(
    tokens: Sequence[Token], at: int, value: Fraction, lexicon: Lexicon
) -> tuple[Fraction, int]:
    scale = lexicon.scales.get(tokens[at + 1].key) if at + 1 < len(tokens) else None
    if scale is not None:
        return value * scale, at + 2
    return (
        _with_decimals(tokens, (int(value), at + 1), lexicon) if value.denominator == 1 else (value, at + 1)
    )


def _cardinal(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> tuple[int, int] | None:
    number, end = _Cardinal(lexicon), at
    while end < len(tokens):
        joined = number.started and tokens[end].key == lexicon.joiner
        after = _step(tokens, end + joined, number, joined=joined)
        if after is None:
            break
        end = after
    return (number.total + number.group, end) if number.started else None


def _step(tokens: Sequence[Token], at: int, number: _Cardinal, *, joined: bool) -> int | None:
    """Take the word(s) at ``at`` into the number: the index after them, or None if they do not belong to it."""
    lexicon, keys = number.lexicon, [token.key for token in tokens[at : at + 2]]
    if not keys:
        return None
    pair = lexicon.pairs.get((keys[0], keys[-1])) if len(keys) == 2 else None
    if pair is not None:
        return at + 2 if number.add_small(pair, joined=joined) else None
    if keys[0] in lexicon.small:
        return at + 1 if number.add_small(lexicon.small[keys[0]], joined=joined) else None
    if joined:
        return None
    if keys[0] in lexicon.articles and not number.started:
        large = len(keys) == 2 and (keys[1] in lexicon.hundreds or keys[1] in lexicon.scales)
        return at + 1 if large and number.add_small(1, joined=False) else None
    if keys[0] in lexicon.hundreds:
        return at + 1 if number.add_hundred() else None
    scale = lexicon.scales.get(keys[0])
    return at + 1 if scale is not None and number.add_scale(scale) else None


def _with_decimals(tokens: Sequence[Token], whole: tuple[int, int], lexicon: Lexicon) -> tuple[Fraction, int]:
    """Take "point one four" or "virgule quatorze" too: the numbers after the point are strung together."""
    value, end = whole
    if end >= len(tokens) or tokens[end].key not in lexicon.points:
        return Fraction(value), end
    digits, at = "", end + 1
    while (more := _decimal_digits(tokens, at, lexicon)) is not None:
        digits, at = digits + more[0], more[1]
    if not digits:
        return Fraction(value), end
    return value + Fraction(int(digits), 10 ** len(digits)), at


def _decimal_digits(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> tuple[str, int] | None:
    if at >= len(tokens):
        return None
    if tokens[at].value is not None:
        return (tokens[at].key, at + 1) if tokens[at].key.isdecimal() else None
    read = _cardinal(tokens, at, lexicon)
    return (str(read[0]), read[1]) if read else None
