"""Marks of writing that were left in a text, taken out before a voice would say "asterisk". Pure.

A conversation has taken them out before (that needs the whole reply); what comes through ``prism say`` from another
program, or slipped through, has them still. The same for every language. Marks between numbers are arithmetic and
stay for the language's own rules.
"""

from __future__ import annotations

import re

from tts.normalize.rules import Rule

_ENTITIES = {"amp": "&", "nbsp": " ", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'"}
_TAGS = "b|i|em|strong|u|s|del|mark|small|sup|sub|br|hr|p|div|span|code|pre|kbd|h[1-6]|ul|ol|li|blockquote|a"
_START = r"(?m)^([ \t]*)"

LEFTOVERS: tuple[Rule, ...] = (
    (re.compile(rf"&({'|'.join(_ENTITIES)});"), lambda found: _ENTITIES[found[1]]),
    (re.compile(rf"(?i)</?(?:{_TAGS})(?: [^<>\n]{{0,200}})?/?>"), ""),
    (re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)"), r"\1"),  # a link: its text
    (re.compile(rf"{_START}(?:[-*_=][ \t]*){{3,}}$"), r"\1"),  # a rule
    (re.compile(rf"{_START}(?:#{{1,6}}|>+|[*+•‣▪◦])[ \t]+(?=\S)"), r"\1"),  # a heading, a quotation, a bullet
    (re.compile(rf"{_START}(-[ \t]+)?\[[ xX]\][ \t]+"), r"\1"),  # a task
    (re.compile(r"(?<![\w*)])\*{1,3}(?=[^\s*])"), ""),
    (re.compile(r"(?<=[^\s*])\*{1,3}(?![\w*(])"), ""),
    (re.compile(r"(?<=[^\W\d])\*{2,3}(?=\w)"), ""),
    (re.compile(r"~~+|`+|\\(?=[()\[\]*_#])"), ""),
)
"""What is taken out, and what stays of it."""
