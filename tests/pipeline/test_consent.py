"""Who may run a tool: the rules of the configuration, and a yes that was really asked for."""

from __future__ import annotations

from typing import Literal

import pytest

from llm import Message
from pipeline.consent import consented, is_yes, rule_for
from pipeline.phrases import may_i

Rule = Literal["allow", "ask", "deny"]


@pytest.mark.parametrize(
    ("tool", "rules", "rule"),
    [
        ("time", {}, "ask"),
        ("time", {"time": "allow"}, "allow"),
        ("files_rm", {"files_*": "allow", "files_rm": "deny"}, "deny"),
        ("files_rm", {"*": "allow", "files_*": "deny"}, "deny"),
        ("mail_send", {"files_*": "allow"}, "ask"),
    ],
)
def test_the_closest_rule_holds(tool: str, rules: dict[str, Rule], rule: Rule) -> None:
    assert rule_for(tool, rules, "ask") == rule


@pytest.mark.parametrize(
    "text",
    [
        "Oui.",
        "oui, vas-y !",
        "Ok",
        "D'accord",
        "Bien sûr, merci.",
        "Yes please.",
        "Sure, go ahead.",
        "yes you may",
    ],
)
def test_a_yes(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize(
    "text",
    ["", "Non.", "oui mais non", "no", "do it not", "Quelle heure est-il ?", "please", "merci", "oui demain"],
)
def test_no_yes(text: str) -> None:
    assert not is_yes(text)


ASK = may_i("files_read", "fr")
YES = [Message("user", "Oui.")]
QUESTION = [Message("system", "x"), Message("user", "Lis mes notes.")]


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        ([Message("assistant", ASK), Message("user", "Oui.")], True),
        ([Message("assistant", f"Je peux. {ASK}"), Message("user", "Oui, vas-y.")], True),
        ([Message("assistant", may_i("files_read", "en")), Message("user", "Yes.")], True),
        ([Message("assistant", ASK), Message("user", "Non.")], False),
        ([Message("assistant", ASK[:-4]), Message("user", "Oui.")], False),
        ([Message("assistant", may_i("files_rm", "fr")), Message("user", "Oui.")], False),
        (
            [
                Message("assistant", ASK),
                Message("user", "Oui."),
                Message("assistant", "Fait."),
                Message("user", "Oui."),
            ],
            False,
        ),
        ([], False),
        ([Message("user", "Oui.")], False),
    ],
)
def test_only_a_yes_to_the_question_about_this_tool_that_was_heard_to_its_end_counts(
    said: list[Message], granted: bool
) -> None:
    assert consented("files_read", [*QUESTION, *said]) is granted


def test_the_call_of_the_same_turn_does_not_hide_the_yes() -> None:
    prompt = [*QUESTION, Message("assistant", ASK), Message("user", "Oui."), Message("assistant", "")]
    assert consented("files_read", prompt)
