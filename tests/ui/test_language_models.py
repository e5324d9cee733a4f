"""``prism models --llm`` and what doctor tells of language models and tools."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from llm import Found, remember_used
from pipeline.phrases import apology
from tests.kit.settings import settings
from tests.kit.sse_server import MODEL, Reply, sse_server
from tests.llm.chaos import free_port
from tests.ui.conftest import Prism
from ui.cli.checks import chosen, language_model, mcp_servers


def test_the_server_that_was_used_last_is_listed_and_taken(prism: Prism) -> None:
    with sse_server([Reply.of("Hello.")]) as server:
        remember_used(server.base_url)
        lines = [json.loads(line) for line in prism("models", "--llm", "--json").out.splitlines()]
        shown = prism("models", "--llm")
        found = asyncio.run(language_model(settings()))
    mine = [line for line in lines if line["base_url"] == server.base_url]
    assert mine == [{"server": "a server", "base_url": server.base_url, "name": MODEL, "chosen": True}]
    assert f" * {MODEL}  (a server at {server.base_url})" in shown.out
    assert f"prism talk takes {MODEL} at {server.base_url}" in shown.err
    assert (found.state, MODEL in found.detail, server.base_url in found.detail) == ("ok", True, True)


def test_a_talk_with_a_server_of_this_machine_is_remembered(prism: Prism) -> None:
    quick = ("--text", "--fast", "--set", "stt.model=prism-tiny", "--set", "tts.backends=[silent]")
    with sse_server([Reply.of("Hello.")]) as server:
        ran = prism("talk", *quick, "--set", f"llm.base_url={server.base_url}", stdin=b"Hi\n")
        assert ran.code == 0, ran.err
        shown = prism("models", "--llm")
    assert f"prism talk takes {MODEL} at {server.base_url}" in shown.err


def test_a_fallback_takes_over_in_a_conversation_and_it_is_told(prism: Prism) -> None:
    dead = f"http://127.0.0.1:{free_port()}/v1"
    ran = prism(
        *("talk", "--text", "--fast", "--json", "--lang", "en", "--set", "stt.model=prism-tiny"),
        *("--set", "tts.backends=[silent]", "--set", f"llm.base_url={dead}"),
        *("--set", "llm.fallback=[{base_url: builtin}]"),
        stdin=b"What is seven times eight?\n",
    )
    events = [json.loads(line) for line in ran.out.splitlines()]
    (switched,) = [event for event in events if event["event"] == "backend.switched"]
    (completed,) = [event for event in events if event["event"] == "turn.completed"]
    assert (switched["room"], switched["from"]) == ("llm", dead)
    assert "No LLM server answers" in switched["reason"]
    assert completed["text"] == "7 times 8 is 56."


def test_when_all_fail_the_user_hears_an_apology_and_history_stays_clean(prism: Prism) -> None:
    broken = [Reply.refusal(500, "out of memory")]
    with sse_server(broken) as one, sse_server(broken) as two:
        ran = prism(
            *("talk", "--text", "--fast", "--json", "--lang", "fr", "--set", "stt.model=prism-tiny"),
            *("--set", "tts.backends=[silent]", "--set", f"llm.base_url={one.base_url}"),
            *("--set", f"llm.fallback=[{{base_url: '{two.base_url}'}}]"),
            stdin=b"Bonjour\nEncore\n",
        )
        prompts = [[m["content"] for m in request.body["messages"][1:]] for request in one.requests]
    events = [json.loads(line) for line in ran.out.splitlines()]
    said = [event["text"] for event in events if event["event"] == "reply.sentence"]
    failed = [event for event in events if event["event"] == "turn.failed"]
    assert said == [apology("fr")] * 2
    assert [event["stage"] for event in failed] == ["llm", "llm"]
    assert "None of the 2 LLM servers answers" in failed[0]["error"]
    assert prompts == [["Bonjour"], ["Bonjour Encore"]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("--set", "llm.base_url=builtin"), "the built-in responder"),
        (("--set", "llm.base_url=http://192.0.2.1/v1"), "auto at http://192.0.2.1/v1, as llm.base_url says"),
    ],
)
def test_what_is_configured_is_told(prism: Prism, changes: tuple[str, ...], words: str) -> None:
    assert words in prism("models", "--llm", *changes).err


def test_language_models_are_only_listed(prism: Prism) -> None:
    ran = prism("models", "pull", "qwen3", "--llm")
    assert (ran.code, "only lists" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("auto", "Ollama at http://127.0.0.1:11434/v1: qwen3; it also has gemma"),
        ("gemma", "Ollama at http://127.0.0.1:11434/v1: gemma; it also has qwen3"),
        ("x", "Ollama at http://127.0.0.1:11434/v1: x (which it does not list); it also has qwen3, gemma"),
    ],
)
def test_doctor_tells_what_would_be_taken(model: str, told: str) -> None:
    assert chosen(Found("http://127.0.0.1:11434/v1", "Ollama", ("qwen3", "gemma")), model) == told


async def test_doctor_tells_of_an_mcp_server_that_does_not_start() -> None:
    config = settings(mcp__servers={"box": {"command": [sys.executable, "-c", ""]}})
    (finding,) = [finding async for finding in mcp_servers(config)]
    assert (finding.name, finding.state) == ("tools box", "warn")
    assert "box" in finding.detail
