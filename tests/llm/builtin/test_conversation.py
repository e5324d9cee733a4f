"""Answers that depend on what was said before, on the tools on offer, and on the language."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.builtin import Language, ToolUse, reply
from llm.types import Message, ToolCall

NOW = datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001 - the local time of an imaginary user
TOOLS = frozenset({"timer", "timer_cancel"})


def user(text: str) -> Message:
    return Message("user", text)


def said(text: str) -> Message:
    return Message("assistant", text)


def after_tool(name: str, arguments: dict[str, object], result: str, language: Language = "en") -> str:
    call = Message("assistant", "", tool_calls=(ToolCall("c1", name, arguments),))
    return reply(
        [user("..."), call, Message("tool", result, tool_call_id="c1")], now=NOW, language=language
    ).text


def test_repeats_its_last_words() -> None:
    history = [user("What is two plus two?"), said("2 plus 2 is 4."), user("Repeat that, please.")]
    assert reply(history, now=NOW).text == "2 plus 2 is 4."


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        ("Tell me a joke.", "Play some jazz.", "I cannot do that without a language model."),
        ("Raconte-moi une blague.", "Joue du jazz.", "Je ne peux pas faire cela sans modèle de langue."),
    ],
)
def test_is_shorter_the_second_time(first: str, second: str, again: str) -> None:
    long = reply([user(first)], now=NOW, tools=TOOLS).text
    short = reply([user(first), said(long), user(second)], now=NOW, tools=TOOLS).text
    assert short.startswith(again)
    assert len(short) < len(long) / 2


def test_is_shorter_too_when_it_was_cut_off_the_first_time() -> None:
    heard = said("No language model is connected, so I can only tell the time")
    assert reply([user("Tell me a joke."), heard, user("Sing!")], now=NOW).text.startswith("I cannot do that")


@pytest.mark.parametrize("text", ["Tell me a joke.", "Raconte-moi une blague."])
def test_the_honest_answer_is_two_to_four_speakable_sentences(text: str) -> None:
    honest = reply([user(text)], now=NOW, tools=TOOLS).text
    assert 2 <= len(re.findall(r"[.!?](?:\s|$)", honest)) <= 4
    assert not re.search(r"[*_#`\[\]|]|https?:|\n", honest)
    assert "prism doctor" in honest


def test_promises_timers_only_where_they_are_offered() -> None:
    assert "timers" in reply([user("What can you do?")], now=NOW, tools=TOOLS).text
    assert "timers" not in reply([user("What can you do?")], now=NOW).text
    assert "timers" not in reply([user("Tell me a joke.")], now=NOW).text


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer for five minutes.",
        "Set a timer.",
        "Cancel the timer.",
        "Mets un minuteur de deux minutes.",
    ],
)
def test_says_that_it_cannot_without_the_tool(text: str) -> None:
    answer = reply([user(text)], now=NOW)
    assert (answer.kind, answer.tool) == ("timer_unavailable", None)


@pytest.mark.parametrize(
    ("arguments", "result", "language", "spoken"),
    [
        ({"seconds": 300, "label": ""}, '{"ok": true}', "en", "Timer set for five minutes."),
        ({"seconds": 5400, "label": ""}, "ok", "en", "Timer set for one hour and thirty minutes."),
        ({"seconds": 3661, "label": ""}, "", "en", "Timer set for one hour, one minute and one second."),
        ({"seconds": 600, "label": "pasta"}, "{}", "en", "Timer set for ten minutes: pasta."),
        ({"seconds": 300, "label": ""}, '{"ok": true}', "fr", "Minuteur réglé sur cinq minutes."),
        (
            {"seconds": 75660, "label": ""},
            "[]",
            "fr",
            "Minuteur réglé sur vingt et une heures et une minute.",
        ),
        ({"seconds": "soon"}, "{}", "en", "The timer is set."),
        ({"seconds": 300}, '{"ok": false}', "en", "Sorry, the timer could not be set."),
        ({"seconds": 300}, '{"error": "too many"}', "fr", "Désolé, le minuteur n'a pas pu être réglé."),
        ({"seconds": 300}, "Error: too many", "en", "Sorry, the timer could not be set."),
    ],
)
def test_says_what_came_of_a_timer(
    arguments: dict[str, object], result: str, language: Language, spoken: str
) -> None:
    assert after_tool("timer", arguments, result, language) == spoken


@pytest.mark.parametrize(
    ("name", "result", "spoken"),
    [
        ("timer_cancel", '{"ok": true, "cancelled": 1}', "The timer is canceled."),
        ("timer_cancel", '{"cancelled": 0}', "There is no timer running."),
        ("timer_cancel", '{"ok": false}', "Sorry, the timer could not be canceled."),
        ("weather", "sunny", "Done."),
        ("weather", '{"error": "offline"}', "Sorry, that did not work."),
    ],
)
def test_says_what_came_of_other_tools(name: str, result: str, spoken: str) -> None:
    assert after_tool(name, {}, result) == spoken


def test_a_new_question_after_a_tool_is_answered() -> None:
    call = Message("assistant", "", tool_calls=(ToolCall("c1", "timer", {"seconds": 60}),))
    history = [
        user("Set a timer."),
        call,
        Message("tool", "{}", tool_call_id="c1"),
        user("What is 1 plus 1?"),
    ]
    assert reply(history, now=NOW).text == "1 plus 1 is 2."


@pytest.mark.parametrize(
    ("question", "answered", "seconds"),
    [
        ("Set a timer.", "For five minutes, please.", 300),
        ("Mets un minuteur.", "Un quart d'heure.", 900),
    ],
)
def test_asks_how_long_and_takes_the_answer(question: str, answered: str, seconds: int) -> None:
    asked = reply([user(question)], now=NOW, tools=TOOLS)
    answer = reply([user(question), said(asked.text), user(answered)], now=NOW, tools=TOOLS)
    assert answer.tool == ToolUse("timer", {"seconds": seconds, "label": ""})


def test_a_bare_duration_is_no_timer_without_the_question() -> None:
    assert reply([user("Five minutes.")], now=NOW, tools=TOOLS).kind == "honest"


def test_cancel_that_right_after_a_timer_means_the_timer() -> None:
    history = [
        user("Set a timer for five minutes."),
        said("Timer set for five minutes."),
        user("Cancel that."),
    ]
    assert reply(history, now=NOW, tools=TOOLS).tool == ToolUse("timer_cancel", {"label": ""})
    assert reply([*history[:-1], user("Never mind.")], now=NOW, tools=TOOLS).text == "Okay."


def test_answers_in_the_wanted_language_whatever_was_spoken() -> None:
    assert reply([user("What time is it?")], now=NOW, language="fr").text == "Il est quatorze heures cinq."
    assert reply([user("Combien font deux plus deux ?")], now=NOW, language="en").text == "2 plus 2 is 4."


def test_a_word_of_both_languages_takes_the_language_of_the_conversation() -> None:
    assert (
        reply([user("Quelle heure est-il ?"), said("Il est midi."), user("Stop.")], now=NOW).text
        == "D'accord."
    )
    assert reply([user("Stop.")], now=NOW).text == "Okay."


@pytest.mark.parametrize(
    "text", ["", "   ", "?!", "x" * 100_000, "9" * 5000, "deux plus " * 3000, "(" * 5000]
)
def test_odd_texts_get_an_answer(text: str) -> None:
    assert reply([user(text)], now=NOW, tools=TOOLS).kind == "honest"


_WORDS = (
    "what is the how much set a timer for cancel minutes hours half an hour and point two twenty hundred thousand "
    "million plus minus times divided by squared to power of square root percent zero one quelle heure est il mets un "
    "minuteur de quart d'heure et demie quatre vingt dix cent mille virgule moins fois divisé par puissance racine "
    "carrée combien font 7 3,5 1.000.000 1h30 x * / ^ % - = annule répète stop please 999999999999999 0"
).split()


@given(words=st.lists(st.sampled_from(_WORDS), max_size=25), text=st.text(max_size=40))
def test_no_salad_of_words_breaks_it(words: list[str], text: str) -> None:
    for utterance in (" ".join(words), " ".join([text, *words])):
        answer = reply([user(utterance)], now=NOW, tools=TOOLS)
        assert answer.text or answer.tool


def test_without_a_user_there_is_still_an_answer() -> None:
    assert reply([Message("system", "Be brief.")], now=NOW).kind == "honest"
