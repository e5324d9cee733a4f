"""The system prompt of one conversation: PURE, from the user's words, the date and the language to one text.

It is made once, when a conversation begins, and never changes within it: a server keeps its work on a beginning that
stays the same. So it names the day and no time of day, which the tool ``time`` tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_LANGUAGES = {"fr": "Answer in French.", "en": "Answer in English."}


def system_prompt(base: str, today: dt.date, language: str) -> str:
    """``base`` (``llm.system_prompt``) with the date and, where it is settled, the language; empty stays empty."""
    if not base.strip():
        return ""
    # No strftime: its names follow the locale of the machine.
    day = f"{_DAYS[today.weekday()]}, {today.day} {_MONTHS[today.month - 1]} {today.year}"
    parts = [base.strip(), f"Today is {day}.", _LANGUAGES.get(language, "")]
    return " ".join(part for part in parts if part)
