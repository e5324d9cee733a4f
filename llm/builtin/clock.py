"""The time of day and the date, as they are said. Pure; numbers are words, since voices misread "14:05"."""

from __future__ import annotations

from datetime import datetime, timedelta

from llm.builtin import numbers_en, numbers_fr
from llm.builtin.answers import Language

_DAYS: dict[Language, list[str]] = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
}
_MONTHS: dict[Language, list[str]] = {
    "en": "January February March April May June July August September October November December".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
}
_IT_IS: dict[Language, dict[int, str]] = {
    "en": {-1: "Yesterday was", 0: "Today is", 1: "Tomorrow is"},
    "fr": {-1: "Hier, nous étions le", 0: "Nous sommes le", 1: "Demain, nous serons le"},
}


def say_time(now: datetime, language: Language) -> str:
    """A sentence with the time of day of ``now`` (its own time zone)."""
    return _english_time(now.hour, now.minute) if language == "en" else _french_time(now.hour, now.minute)


def _english_time(hour: int, minute: int) -> str:
    if minute == 0 and hour in (0, 12):
        return "It is midnight." if hour == 0 else "It is noon."
    spoken = numbers_en.in_words(hour % 12 or 12)
    if minute == 0:
        spoken += " o'clock"
    else:
        spoken += f" oh {numbers_en.in_words(minute)}" if minute < 10 else f" {numbers_en.in_words(minute)}"
    return f"It is {spoken} {_part_of_day(hour)}."


def _part_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "in the morning"
    if 12 <= hour < 18:
        return "in the afternoon"
    return "in the evening" if 18 <= hour < 22 else "at night"


def _french_time(hour: int, minute: int) -> str:
    if hour in (0, 12):
        spoken = "minuit" if hour == 0 else "midi"
    else:
        spoken = f"{numbers_fr.in_words(hour, feminine=True)} heure{'s' if hour > 1 else ''}"
    minutes = f" {numbers_fr.in_words(minute, feminine=True)}" if minute else ""
    return f"Il est {spoken}{minutes}."


def say_date(now: datetime, language: Language, *, offset: int = 0) -> str:
    """A sentence with weekday, day, month and year; ``offset`` in days (-1, 0 or 1)."""
    day = now + timedelta(days=offset)
    weekday, month = _DAYS[language][day.weekday()], _MONTHS[language][day.month - 1]
    if language == "en":
        return f"{_IT_IS['en'][offset]} {weekday}, {month} {day.day}, {day.year}."
    number = "premier" if day.day == 1 else str(day.day)
    return f"{_IT_IS['fr'][offset]} {weekday} {number} {month} {day.year}."
