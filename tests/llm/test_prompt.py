"""The system prompt of a conversation."""

from __future__ import annotations

import datetime as dt

import pytest

from llm import system_prompt

DAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("base", "language", "made"),
    [
        ("You are speaking.", "fr", "You are speaking. Today is Friday, 20 November 2026. Answer in French."),
        (
            "You are speaking. ",
            "en",
            "You are speaking. Today is Friday, 20 November 2026. Answer in English.",
        ),
        ("You are speaking.", "auto", "You are speaking. Today is Friday, 20 November 2026."),
        ("  ", "fr", ""),
    ],
)
def test_it_names_the_day_and_the_language(base: str, language: str, made: str) -> None:
    assert system_prompt(base, DAY, language) == made


def test_it_is_the_same_all_day() -> None:
    assert len({system_prompt("x", DAY, "auto") for _ in range(3)}) == 1
    assert system_prompt("x", DAY, "auto") != system_prompt("x", DAY + dt.timedelta(days=1), "auto")
