"""What the skills listen for and what they say: the shape that each language fills in. No decision lives here.

Patterns are matched against the whole ``core`` of an utterance (see ``text.core``), so that "thank you" is thanks and
"thank you for sending the mail" is not. Texts are spoken: no markdown, no lists, no addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from llm.builtin.answers import Language

Patterns = Mapping[str, "re.Pattern[str]"]


@dataclass(frozen=True, slots=True)
class TimerWords:
    """What a request for a timer is made of; all folded."""

    nouns: frozenset[str]
    verbs: frozenset[str]
    """Words that ask for a new timer."""
    asks: re.Pattern[str]
    """Requests without the noun that are timers if a duration follows ("wake me in ...")."""
    label_lead: frozenset[str]
    """Words that bring a label ("for", "called")."""
    skip: frozenset[str]
    """Words that are never part of a label at its edges."""
    determiners: frozenset[str]
    """Between these and the noun a label may stand ("a pasta timer"); none where it only follows the noun."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything that can be said, for one language."""

    okay: str
    acknowledged: str
    nothing_to_repeat: str
    how: str
    fine: str
    hear: str
    who: str
    can_do: str
    can_do_with_timers: str
    thanks: str
    goodbye: str
    good_night: str
    greeting: str
    good_morning: str
    good_evening: str
    honest: str
    honest_again: str
    honest_opening: str
    """How the long honest answer starts: by this it is found again in the history."""
    abilities: str
    abilities_with_timers: str
    alarm: str
    volume_is: str
    """With ``{percent}``."""
    volume_cannot: str
    timer_ask: str
    timer_set: str
    """With ``{duration}``."""
    timer_set_label: str
    """With ``{duration}`` and ``{label}``."""
    timer_set_start: str
    """How both of them start."""
    timer_done: str
    timer_failed: str
    timer_too_long: str
    timer_only: str
    timer_cannot: str
    cancelled: str
    nothing_to_cancel: str
    cancel_failed: str
    tool_done: str
    tool_failed: str
    division_by_zero: str
    negative_root: str
    too_big: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One language."""

    patterns: Patterns
    """Kind to pattern, in the order in which they are tried."""
    timers: TimerWords
    texts: Texts
    tomorrow: str
    yesterday: str


def compiled(table: Mapping[str, tuple[str, ...]]) -> Patterns:
    """Each kind's alternatives as one pattern."""
    return {kind: re.compile("|".join(f"(?:{line})" for line in lines)) for kind, lines in table.items()}


def wording(language: Language) -> Wording:
    """The words of a language."""
    if language == "fr":
        from llm.builtin.wording_fr import FRENCH

        return FRENCH
    from llm.builtin.wording_en import ENGLISH

    return ENGLISH
