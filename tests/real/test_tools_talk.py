"""``prism talk`` with tools, from outside: a real MCP server over stdio, consent by words, a tool that hangs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.prism import ENGINES, ROOT, Prism, Ran, prism_program
from tests.kit.sse_server import ChatRequest, Reply, SseServer, sse_server

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

SERVER = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('tests.kit.mcp_server', run_name='__main__')"
)
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "Add.": ("box_add", {"a": 2, "b": 3}),
    "Hang.": ("box_hang", {}),
    "Much.": ("box_megabyte", {}),
    "Fail.": ("box_fail", {}),
    "Louder.": ("volume", {"change": 10}),
    "Quiet.": ("stop", {}),
}
"""What the model does at these words."""


def script(request: ChatRequest) -> Reply:
    """Calls the tool that the user asked for, again after a yes; says how long a result is."""
    *_, last = request.body["messages"]
    if last["role"] == "tool":
        result = json.loads(last["content"])
        text = str(result.get("error") or result.get("content") or result)
        return Reply.of(f"It says {len(text)}: {text[:20]}.")
    asked = [m["content"] for m in request.body["messages"] if m["role"] == "user" and m["content"] in CALLS]
    if not asked or request.question not in (*CALLS, "Yes."):
        return Reply.of("All right then.")
    name, arguments = CALLS[asked[-1]]
    call = {"index": 0, "id": "a", "type": "function"}
    function = {"name": name, "arguments": json.dumps(arguments)}
    return Reply([(0.0, {"tool_calls": [{**call, "function": function}]})], finish_reason="tool_calls")


def talk(prism: Prism, *lines: str, more: tuple[str, ...] = ()) -> tuple[Ran, SseServer]:
    pytest.importorskip("mcp", reason="the library mcp is not installed: pip install 'prism-voice[mcp]'")
    config = prism.home / "with-mcp.yaml"
    command = [sys.executable, "-c", SERVER, str(ROOT), str(prism.home / "notes")]
    config.write_text(json.dumps({"mcp": {"servers": {"box": {"command": command}}}}))
    with sse_server(script) as server:
        ran = prism(
            *("talk", "--text", "--fast", "--json", "--lang", "en", "--config", config),
            *("--set", f"llm.base_url={server.base_url}", *ENGINES, *more),
            stdin="".join(f"{line}\n" for line in lines).encode(),
        )
    assert ran.code == 0, ran.err
    return ran, server


def said(ran: Ran) -> list[str]:
    return [event["text"] for event in ran.events if event["event"] == "turn.completed"]


def test_a_tool_of_a_server_is_asked_for_and_then_runs(prism: Prism) -> None:
    ran, server = talk(prism, "Add.", "Yes.", "Add.", "No.")
    question = "May I use the tool box add?"
    assert said(ran)[:3] == [question, "It says 7: 5 été.", question]
    assert [event["ok"] for event in ran.events if event["event"] == "tool.called"] == [True]
    names = [tool["function"]["name"] for tool in server.requests[0].body["tools"]]
    assert {"time", "timer", "volume", "stop", "box_add"} <= set(names)
    assert len(names) == len(set(names))


def test_a_tool_that_hangs_fails_or_says_too_much_is_an_answer(prism: Prism) -> None:
    allow = ("--set", "tools.consent={box_*: allow}", "--set", "tools.timeout_s=3")
    ran, _ = talk(prism, "Hang.", "Fail.", "Much.", "Add.", more=allow)
    hung, failed, much, added = said(ran)
    assert "the tool 'box_hang'" in hung
    assert "the lid is stuck" in failed or "Error executing tool" in failed
    assert much == f"It says 8000: {'x' * 20}."
    assert added == "It says 7: 5 été."
    assert [event["ok"] for event in ran.events if event["event"] == "tool.called"] == [
        False,
        False,
        True,
        True,
    ]
    assert (prism.home / "notes").read_text().startswith("called\ncancelled")


def test_a_denied_tool_is_not_offered(prism: Prism) -> None:
    ran, server = talk(prism, "Add.", more=("--set", "tools.consent={box_add: deny}"))
    assert "box_add" not in json.dumps(server.requests[0].body["tools"])
    assert said(ran)[0].endswith(": the user does not al.")


def test_prism_is_told_to_be_quiet(prism: Prism) -> None:
    ran, server = talk(prism, "Quiet.")
    assert said(ran) == ["All right."]
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_takes_nothing_with_it(prism: Prism, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"mcp": {"servers": {"box": {"command": ["no-such-program-prism"]}}}}))
    with sse_server(script) as server:
        ran = prism(
            *("talk", "--text", "--fast", "--json", "--config", config),
            *("--set", f"llm.base_url={server.base_url}", *ENGINES),
            stdin=b"Hello.\n",
        )
    assert (ran.code, said(ran)) == (0, ["All right then."])
    (told,) = (event for event in ran.events if event["event"] == "quality.changed")
    assert (told["what"], told["from"], told["to"]) == ("tools", "box", "none")
    assert "box" in told["reason"]
