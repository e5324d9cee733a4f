"""Sums beyond the tables of sentences: what is left alone, what cannot be said, and agreement with Python."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.builtin.arithmetic import Problem, SumError, answer_sum, say_number
from llm.builtin.operators import SUM_WORDS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seven",
        "plus",
        "seven plus",
        "times eight",
        "buy seven plus eight eggs",
        "add five percent",
        "set the volume to ninety percent",
        "7 8",
        "2020-11-20 is a date of mine",
    ],
)
def test_leaves_alone_what_is_no_sum(text: str) -> None:
    assert answer_sum(text, "en", "en") is None


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en", "What's 15 percent of 80 dollars?", "15 percent of 80 is 12 dollars."),
        ("en", "$5 plus $3", "5 plus 3 is 8 dollars."),
        ("en", "80 dollars divided by 4", "80 divided by 4 is 20 dollars."),
        ("en", "80 dollars divided by 4 dollars", "80 divided by 4 is 20."),
        ("en", "one euro minus zero", "1 minus 0 is 1 euro."),
        ("en", "20 dollars times 2 euros", None),
        ("en", "5 dollars", None),
        ("fr", "Quinze pour cent de quatre-vingts euros", "15 pour cent de 80 font 12 euros."),
        ("fr", "12 € divisé par 8", "12 divisé par 8 fait 1,5 euro."),
        ("fr", "Combien coûtent 3 fois 4 euros ?", "3 fois 4 font 12 euros."),
    ],
)
def test_sums_of_money(language: Literal["en", "fr"], text: str, answer: str | None) -> None:
    assert answer_sum(text, language, language) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("What is (3 + 4) * 2?", "That is 14."),
        ("2 x (1,000 - 1) / 7 =", "That is about 285.43."),
        ("-(3 + 4)", "That is minus 7."),
        ("3 (4 + 2)", None),
        ("f(3) + 4", None),
        ("the (2nd) plus 3", None),
    ],
)
def test_brackets_count_or_there_is_no_answer(text: str, answer: str | None) -> None:
    assert answer_sum(text, "en", "en") == answer


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("one divided by zero", "division_by_zero"),
        ("five divided by the square root of zero", "division_by_zero"),
        ("zero to the power of minus one", "division_by_zero"),
        ("the square root of minus one", "negative_root"),
        ("10 to the power of 15", "too_big"),
        ("999999999 ^ 999999999", "too_big"),
        ("9 ^ 9 ^ 9 ^ 9", "too_big"),
        ("999999999999 squared squared squared", "too_big"),
        ("1 / 999999999999", "too_big"),
        (" * ".join(["99999999999999"] * 20), "too_big"),
    ],
)
def test_says_why_there_is_no_answer(text: str, problem: Problem) -> None:
    with pytest.raises(SumError) as caught:
        answer_sum(text, "en", "en")
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("one divided by three hundred", "1 divided by 300 is about 0.0033."),
        ("2 ^ 0.5", "2 to the power of 0.5 is about 1.41."),
        ("2 ^ minus 2", "2 to the power of minus 2 is 0.25."),
        ("10 - 4 - 3", "10 minus 4 minus 3 is 3."),
        ("100 / 10 / 2", "100 divided by 10 divided by 2 is 5."),
        ("minus two squared", "Minus 2 squared is minus 4."),
        ("0.1 + 0.2", "0.1 plus 0.2 is 0.3."),
        ("the square root of 2.25", "The square root of 2.25 is 1.5."),
        ("twice the square root of nine", "Twice the square root of 9 is 6."),
        ("0 * 5", "0 times 5 is 0."),
    ],
)
def test_works_out(text: str, spoken: str) -> None:
    assert answer_sum(text, "en", "en") == spoken


def test_is_heard_in_one_language_and_said_in_the_other() -> None:
    assert answer_sum("what is one point five times two", "en", "fr") == "1,5 fois 2 font 3."


@given(left=st.integers(0, 9999), right=st.integers(1, 9999), sign=st.sampled_from("+-*/"))
def test_agrees_with_exact_fractions(left: int, right: int, sign: str) -> None:
    exact = {
        "+": Fraction(left + right),
        "-": Fraction(left - right),
        "*": Fraction(left * right),
        "/": Fraction(left, right),
    }[sign]
    spoken = answer_sum(f"{left} {sign} {right}", "en", "en")
    assert spoken is not None
    result = spoken.rstrip(".").rpartition(" is ")[2].removeprefix("about ").replace("minus ", "-")
    assert abs(Fraction(result) - exact) <= max(Fraction(1, 200), abs(exact) / 20 if abs(exact) < 1 else 0)
    assert (Fraction(result) == exact) or " about " in spoken


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (Fraction(0), "0"),
        (Fraction(-7, 2), "moins 3,5"),
        (Fraction(1, 1000), "0,001"),
        (Fraction(10**15), "1000000000000000"),
    ],
)
def test_says_numbers_in_digits(number: Fraction, said: str) -> None:
    assert say_number(number, SUM_WORDS["fr"]) == said
