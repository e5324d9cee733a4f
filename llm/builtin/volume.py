"""Requests about loudness: "louder", "mets le volume à cinquante". Pure; the volume itself is Prism's.

``volume`` takes ``{"percent": int}`` or ``{"change": int}``, or nothing to be told. Its result holds ``percent``.
"""

from __future__ import annotations

from llm.builtin.answers import Answer, Language, ToolUse
from llm.builtin.durations import lexicon_of
from llm.builtin.numbers import read_number
from llm.builtin.text import core, lex
from llm.builtin.wording import Texts, wording

VOLUME = "volume"
STEP = 20
"""Percent points that "louder" and "softer" mean."""


def volume_request(text: str, heard: Language, texts: Texts, tools: frozenset[str]) -> Answer | None:
    """The tool call, or why not; None when the text is about something else."""
    patterns, said = wording(heard).patterns, core(text)
    number = _percent(text, heard) if patterns["volume"].fullmatch(said) else None
    if number is not None:
        arguments = {"percent": number}
    elif patterns["louder"].fullmatch(said):
        arguments = {"change": STEP}
    elif patterns["softer"].fullmatch(said):
        arguments = {"change": -STEP}
    elif patterns["how_loud"].fullmatch(said):
        arguments = {}
    else:
        return None
    if VOLUME not in tools:
        return Answer("volume_unavailable", texts.volume_cannot)
    return Answer("volume", tool=ToolUse(VOLUME, arguments))


def _percent(text: str, heard: Language) -> int | None:
    """The first number of the text, 0 to 100."""
    tokens = lex(text, heard)
    for at in range(len(tokens)):
        if read := read_number(tokens, at, lexicon_of(heard)):
            return min(max(round(read[0]), 0), 100)
    return None
