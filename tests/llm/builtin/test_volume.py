"""Loudness by voice without a language model: what is understood, and what is said when it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from llm.builtin import Answer, ToolUse, reply
from llm.types import Message, ToolCall

NOW = datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001 - the local time of an imaginary user
TOOLS = frozenset({"timer", "timer_cancel", "volume"})


def answer(text: str, language: Any, tools: frozenset[str] = TOOLS) -> Answer:
    return reply([Message("user", text)], now=NOW, language=language, tools=tools)


ASKED: list[tuple[str, str, dict[str, int]]] = [
    ("fr", "Plus fort !", {"change": 20}),
    ("fr", "Parle plus fort, s'il te plaît.", {"change": 20}),
    ("fr", "Monte le son.", {"change": 20}),
    ("fr", "Tu peux augmenter un peu le volume ?", {"change": 20}),
    ("fr", "Un peu moins fort.", {"change": -20}),
    ("fr", "Parle plus bas.", {"change": -20}),
    ("fr", "Baisse le volume.", {"change": -20}),
    ("fr", "Mets le volume à 50 %.", {"percent": 50}),
    ("fr", "Baisse le son à trente pour cent.", {"percent": 30}),
    ("fr", "Volume à quatre-vingts.", {"percent": 80}),
    ("fr", "Mets le volume à 400.", {"percent": 100}),
    ("fr", "Quel est le volume ?", {}),
    ("en", "Louder!", {"change": 20}),
    ("en", "Speak up.", {"change": 20}),
    ("en", "Could you speak a bit louder, please?", {"change": 20}),
    ("en", "Turn the volume up a bit.", {"change": 20}),
    ("en", "Turn it down.", {"change": -20}),
    ("en", "Speak more quietly.", {"change": -20}),
    ("en", "Lower the volume.", {"change": -20}),
    ("en", "Set the volume to fifty percent.", {"percent": 50}),
    ("en", "Turn the volume down to 30.", {"percent": 30}),
    ("en", "What is the volume?", {}),
]


@pytest.mark.parametrize(("language", "text", "arguments"), ASKED)
def test_loudness_is_asked_for(language: str, text: str, arguments: dict[str, int]) -> None:
    assert answer(text, language).tool == ToolUse("volume", arguments)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Quel est le volume d'un cube ?"),
        ("fr", "Le vent souffle plus fort."),
        ("en", "What is the volume of a cube?"),
        ("en", "The wind is louder."),
        ("en", "What's up?"),
    ],
)
def test_other_things_are_not_about_loudness(language: str, text: str) -> None:
    assert answer(text, language).kind == "honest"


@pytest.mark.parametrize(
    ("language", "result", "text"),
    [
        ("fr", '{"ok": true, "before": 50, "percent": 70}', "Volume à 70 pour cent."),
        ("en", '{"ok": true, "percent": 30}', "Volume at 30 percent."),
        ("en", '{"ok": false, "error": "it cannot"}', "Sorry, that did not work."),
    ],
)
def test_what_came_of_it_is_said(language: Any, result: str, text: str) -> None:
    call = ToolCall("c", "volume", {"change": 20})
    messages = [
        Message("user", "Louder."),
        Message("assistant", "", tool_calls=(call,)),
        Message("tool", result, tool_call_id="c"),
    ]
    assert reply(messages, now=NOW, language=language, tools=TOOLS).text == text


def test_without_the_tool_it_says_so() -> None:
    assert answer("Plus fort.", "fr", frozenset()).text == "Je ne peux pas régler le volume ici."
