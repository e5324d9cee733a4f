"""Requests for timers: is this one, how long, and what is it for. Pure; Prism owns the timers themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from llm.builtin.answers import Language
from llm.builtin.durations import Duration, find_duration
from llm.builtin.text import Token, core, lex
from llm.builtin.wording import TimerWords, wording

LONGEST_S = 99 * 3600
"""Seconds: what two digits of hours can say."""
_LONGEST_LABEL = 60
"""Characters."""


@dataclass(frozen=True, slots=True)
class TimerRequest:
    """Somebody wants a timer."""

    seconds: Fraction | None
    """None if they did not say for how long."""
    label: str
    """What it is for, as it was written; may be empty."""


def timer_request(text: str, language: Language) -> TimerRequest | None:
    """The timer that the text asks for, None if it asks for none."""
    words, tokens = wording(language).timers, lex(text, language)
    duration, noun = find_duration(tokens, language), _noun(tokens, words)
    if noun is None:
        if duration is None or not words.asks.fullmatch(core(text)):
            return None
        return TimerRequest(duration.seconds, _label(text, tokens, words, duration, noun))
    if duration is not None:
        return TimerRequest(duration.seconds, _label(text, tokens, words, duration, noun))
    asked = any(token.key in words.verbs for token in tokens) or len(tokens) <= 2
    return TimerRequest(None, _label(text, tokens, words, None, noun)) if asked else None


def timer_label(text: str, language: Language) -> str:
    """Which timer is meant ("cancel the pasta timer"); empty if none is named."""
    words, tokens = wording(language).timers, lex(text, language)
    return _label(text, tokens, words, find_duration(tokens, language), _noun(tokens, words))


def whole_duration(text: str, language: Language) -> Fraction | None:
    """Seconds if the text is a duration and little else ("for five minutes, please"), as after being asked."""
    tokens = lex(text, language)
    duration = find_duration(tokens, language)
    if duration is None or len(tokens) - (duration.end - duration.start) > 6:
        return None
    return duration.seconds


def _noun(tokens: Sequence[Token], words: TimerWords) -> int | None:
    return next((at for at, token in enumerate(tokens) if token.key in words.nouns), None)


def _label(
    text: str, tokens: Sequence[Token], words: TimerWords, duration: Duration | None, noun: int | None
) -> str:
    for start, end in _places(tokens, words, duration, noun):
        trimmed = _trim(tokens, words, start, end)
        if trimmed:
            return text[trimmed[0].start : trimmed[-1].end][:_LONGEST_LABEL]
    return ""


def _places(
    tokens: Sequence[Token], words: TimerWords, duration: Duration | None, noun: int | None
) -> Iterator[tuple[int, int]]:
    """Where a label may stand, as ranges of tokens, best first."""
    first, last = (duration.start, duration.end) if duration else (len(tokens), len(tokens))
    lead = _first(tokens, words.label_lead, last, len(tokens))
    if lead is not None:
        yield lead, len(tokens)
    if noun is None:
        before = _first(tokens, words.label_lead, 0, first)
        yield (before if before is not None else first), first
        return
    yield (noun + 1, first) if noun < first else (last, noun)
    determiner = next((at for at in range(noun - 1, -1, -1) if tokens[at].key in words.determiners), None)
    if determiner is not None and not determiner < first < noun:
        yield determiner + 1, noun


def _first(tokens: Sequence[Token], keys: frozenset[str], start: int, end: int) -> int | None:
    return next((at for at in range(start, end) if tokens[at].key in keys), None)


def _trim(tokens: Sequence[Token], words: TimerWords, start: int, end: int) -> Sequence[Token]:
    """The range without the words at its edges that only hold the sentence together."""
    loose = words.skip | words.label_lead | words.determiners | words.nouns
    while start < end and tokens[start].key in loose:
        start += 1
    while start < end and tokens[end - 1].key in loose:
        end -= 1
    return tokens[start:end]
