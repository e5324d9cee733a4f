"""Numbers, in and out, in both languages."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.builtin import numbers_en, numbers_fr
from llm.builtin.answers import Language
from llm.builtin.durations import find_duration, say_duration
from llm.builtin.numbers import read_number
from llm.builtin.operators import SUM_WORDS
from llm.builtin.text import lex


def read(text: str, language: Language) -> tuple[Fraction, int] | None:
    return read_number(lex(text, language), 0, SUM_WORDS[language].lexicon)


@pytest.mark.parametrize(
    ("language", "text", "value", "words"),
    [
        ("en", "twenty five", 25, 2),
        ("en", "one hundred and five", 105, 4),
        ("en", "a hundred", 100, 2),
        ("en", "two thousand three hundred and twelve", 2312, 6),
        ("en", "three million", 3000000, 2),
        ("en", "2.5 million", 2500000, 2),
        ("en", "twelve hundred", 1200, 2),
        ("en", "zero point zero five", Fraction(1, 20), 4),
        ("en", "five six", 5, 1),
        ("en", "twenty and five", 20, 1),
        ("en", "1,234.5", Fraction(2469, 2), 1),
        ("fr", "quatre-vingt-dix-neuf", 99, 4),
        ("fr", "quatre-vingts", 80, 2),
        ("fr", "soixante et onze", 71, 3),
        ("fr", "soixante-dix-sept", 77, 3),
        ("fr", "vingt et un", 21, 3),
        ("fr", "cent quatre", 104, 2),
        ("fr", "cent quatre-vingt-un", 181, 4),
        ("fr", "deux mille trois cents", 2300, 4),
        ("fr", "mille", 1000, 1),
        ("fr", "un million deux cent mille", 1200000, 5),
        ("fr", "vingt et deux", 20, 1),
        ("fr", "nonante-neuf", 99, 2),
        ("fr", "12 345,5", Fraction(24691, 2), 1),
    ],
)
def test_reads(language: Language, text: str, value: Fraction, words: int) -> None:
    assert read(text, language) == (value, words)


@pytest.mark.parametrize("text", ["", "hello", "and five", "million million", "point"])
def test_reads_no_number_where_there_is_none(text: str) -> None:
    number = read(text, "en")
    assert number is None or number[1] < len(text.split())


@pytest.mark.parametrize("number", range(100))
def test_reads_what_it_says(number: int) -> None:
    english, french = numbers_en.in_words(number), numbers_fr.in_words(number)
    assert read(english, "en") == (Fraction(number), len(lex(english, "en")))
    assert read(french, "fr") == (Fraction(number), len(lex(french, "fr")))


@pytest.mark.parametrize(
    ("number", "masculine", "feminine"),
    [
        (1, "un", "une"),
        (17, "dix-sept", "dix-sept"),
        (21, "vingt et un", "vingt et une"),
        (71, "soixante et onze", "soixante et onze"),
        (80, "quatre-vingts", "quatre-vingts"),
        (81, "quatre-vingt-un", "quatre-vingt-une"),
        (99, "quatre-vingt-dix-neuf", "quatre-vingt-dix-neuf"),
    ],
)
def test_says_french_numbers(number: int, masculine: str, feminine: str) -> None:
    assert numbers_fr.in_words(number) == masculine
    assert numbers_fr.in_words(number, feminine=True) == feminine


@pytest.mark.parametrize("number", [-1, 100])
def test_says_two_digits_only(number: int) -> None:
    with pytest.raises(ValueError, match="not between 0 and 99"):
        numbers_en.in_words(number)
    with pytest.raises(ValueError, match="not between 0 and 99"):
        numbers_fr.in_words(number)


@given(seconds=st.integers(1, 99 * 3600), language=st.sampled_from(["en", "fr"]))
def test_hears_the_duration_that_it_says(seconds: int, language: Language) -> None:
    tokens = lex(say_duration(seconds, language).replace(",", " "), language)
    found = find_duration(tokens, language)
    assert found is not None
    assert (found.seconds, found.start, found.end) == (Fraction(seconds), 0, len(tokens))
