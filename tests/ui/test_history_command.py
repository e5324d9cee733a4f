"""``prism history`` and ``prism talk --resume``: conversations that outlive the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.sse_server import Reply, sse_server
from tests.ui.conftest import Prism

QUICK = (
    "--text",
    "--fast",
    "--set",
    "stt.model=prism-tiny",
    "--set",
    "tts.backends=[silent]",
    "--lang",
    "en",
)


def talk(prism: Prism, url: str, line: str, *more: str) -> None:
    ran = prism("talk", *QUICK, "--set", f"llm.base_url={url}", *more, stdin=f"{line}\n".encode())
    assert ran.code == 0, ran.err


@pytest.mark.real
def test_a_conversation_is_saved_listed_shown_resumed_and_deleted(prism: Prism) -> None:
    with sse_server([Reply.of("Hello Ada."), Reply.of("Ada.")]) as server:
        talk(prism, server.base_url, "I am Ada.")
        talk(prism, server.base_url, "Who am I?", "--resume")
        messages = server.requests[-1].body["messages"]
    assert [message["content"] for message in messages[1:]] == ["I am Ada.", "Hello Ada.", "Who am I?"]
    (line,) = prism("history", "--json").out.splitlines()
    assert json.loads(line)["entries"] == 4
    assert prism("history", "show").out == "you: I am Ada.\nprism: Hello Ada.\nyou: Who am I?\nprism: Ada.\n"
    assert json.loads(line)["id"] in prism("history").out
    removed = prism("history", "rm", json.loads(line)["id"])
    assert (removed.code, removed.err) == (0, "1 conversation is deleted.\n")
    assert prism("history", "--json").out == ""


def test_what_is_not_to_be_saved_is_not(prism: Prism, home: Path) -> None:
    with sse_server([Reply.of("Hello.")]) as server:
        talk(prism, server.base_url, "I am Ada.", "--set", "history.save=false")
    assert prism("history", "list").err == "No conversation is saved.\n"
    assert not list(home.rglob("conversations"))


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("talk", *QUICK, "--resume"), "No conversation is saved yet"),
        (("talk", *QUICK, "--resume", "x"), "There is no conversation x"),
        (("history", "rm"), "Say which conversation or dictation to delete"),
        (("history", "show", "x"), "There is no conversation x"),
        (("history", "list", "x"), "takes no ID"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(prism: Prism, argv: tuple[str, ...], words: str) -> None:
    ran = prism(*argv)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
