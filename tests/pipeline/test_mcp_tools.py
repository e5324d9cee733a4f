"""Tools of a real MCP server over stdio: what they answer, and what is left when they hang, fail or die."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from common.clock import LiveClock
from config import McpServer, McpSettings
from llm import Message, ToolCall
from pipeline.mcp_tools import McpConnection, connect_mcp
from pipeline.tools import MAX_RESULT, Toolbox
from tests.kit.settings import settings

pytestmark = pytest.mark.real
ROOT = Path(__file__).resolve().parents[2]
SERVER = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('tests.kit.mcp_server', run_name='__main__')"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def listed(command: list[str], env: Mapping[str, str] | None = None) -> McpSettings:
    return McpSettings.model_validate({"servers": {"box": {"command": command, "env": dict(env or {})}}})


@asynccontextmanager
async def connected(server: McpSettings) -> AsyncIterator[McpConnection]:
    async with asyncio.TaskGroup() as services:
        (connection,) = await connect_mcp(server, services)
        try:
            yield connection
        finally:
            connection.close()


def toolbox(connection: McpConnection, **changes: Any) -> Toolbox:
    rules = {"tools__consent": {"*": "allow"}, **changes}
    return Toolbox(connection.tools, settings(**rules).tools, LiveClock(), lambda _event: None, offered=True)


async def ran(box: Toolbox, name: str, **arguments: Any) -> dict[str, Any]:
    result = await box.run(ToolCall("c", name, arguments), [Message("user", "Do it.")], "en")
    answer: dict[str, Any] = json.loads(result.text)
    return answer


def good(notes: Path | None = None, **env: str) -> McpSettings:
    pytest.importorskip("mcp", reason="the library mcp is not installed: pip install 'prism-voice[mcp]'")
    return listed([sys.executable, "-c", SERVER, str(ROOT), *([str(notes)] if notes else [])], env)


async def test_its_tools_are_offered_with_its_name_before_them_and_answer() -> None:
    async with connected(good(PRISM_TEST_WORD="hush")) as connection:
        box = toolbox(connection)
        names = [spec.name for spec in box.specs]
        assert names == [f"box_{name}" for name in ("add", "secret", "megabyte", "fail", "hang", "die")]
        assert box.specs[0].description == "Adds two numbers."
        assert set(box.specs[0].parameters["properties"]) == {"a", "b"}
        assert await ran(box, "box_add", a=2, b=3) == {"ok": True, "content": "5 été 🙂"}
        assert await ran(box, "box_secret") == {"ok": True, "content": "hush"}


async def test_all_pages_of_tools_are_listed_and_wrapped_texts_are_read() -> None:
    """The cursor of this server never ends."""
    pages = SERVER.replace("mcp_server", "mcp_pages")
    async with connected(listed([sys.executable, "-c", pages, str(ROOT)])) as connection:
        box = toolbox(connection)
        assert [spec.name for spec in box.specs] == ["box_first", "box_second"]
        assert await ran(box, "box_second") == {"ok": True, "content": "green and dry"}


async def test_without_a_rule_the_user_is_asked_first() -> None:
    async with connected(good()) as connection:
        box = toolbox(connection, tools__consent={})
        call, asked = ToolCall("c", "box_add", {"a": 1, "b": 1}), [Message("user", "Add.")]
        assert box.unasked([call], asked) == call
        result = await box.run(call, asked, "en")
    assert '"ok": false' in result.text


async def test_a_denied_tool_never_reaches_the_server(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with connected(good(notes)) as connection:
        box = toolbox(connection, tools__consent={"*": "allow", "box_hang": "deny"})
        assert "box_hang" not in [spec.name for spec in box.specs]
        assert (await ran(box, "box_hang"))["ok"] is False
    assert not notes.exists()


async def test_a_megabyte_is_cut_with_a_note() -> None:
    async with connected(good()) as connection:
        answer = await ran(toolbox(connection), "box_megabyte")
    assert answer["content"] == "x" * MAX_RESULT
    assert "of 1048576 characters" in answer["note"]


async def test_a_failure_and_wrong_arguments_are_answers() -> None:
    async with connected(good()) as connection:
        box = toolbox(connection)
        assert "fail" in (await ran(box, "box_fail"))["error"]
        assert (await ran(box, "box_add", a="x"))["ok"] is False
        assert (await ran(box, "box_add", a=1, b=1))["ok"] is True


async def test_a_tool_that_hangs_is_given_up_cancelled_there_and_the_server_goes_on(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with connected(good(notes)) as connection:
        box = toolbox(connection, tools__timeout_s=0.3)
        assert "did not answer within 0.3 s" in (await ran(box, "box_hang"))["error"]
        assert (await ran(toolbox(connection), "box_add", a=1, b=1))["ok"] is True
        async with asyncio.timeout(10):
            while "cancelled" not in notes.read_text():  # noqa: ASYNC110  # a file has no event
                await asyncio.sleep(0.02)
    assert notes.read_text() == "called\ncancelled\n"


async def test_a_cancelled_turn_cancels_its_call(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with connected(good(notes)) as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await ran(toolbox(connection), "box_hang")
        assert (await ran(toolbox(connection), "box_add", a=1, b=1))["ok"] is True


async def test_a_server_that_dies_takes_nothing_with_it() -> None:
    async with connected(good()) as connection:
        box = toolbox(connection, tools__timeout_s=10)
        assert (await ran(box, "box_die"))["ok"] is False
        assert (await ran(box, "box_add", a=1, b=1))["ok"] is False


@pytest.mark.parametrize(
    ("command", "words"),
    [(["no-such-program-prism"], "does not work"), ([sys.executable, "-c", ""], "does not work")],
)
async def test_a_server_that_does_not_start_is_told_and_no_matter(command: list[str], words: str) -> None:
    pytest.importorskip("mcp")
    async with connected(listed(command)) as connection:
        assert connection.tools == ()
        assert words in (connection.problem or "")
        assert "\n" not in (connection.problem or "")


async def test_no_servers_are_no_tools() -> None:
    async with asyncio.TaskGroup() as services:
        assert await connect_mcp(McpSettings(servers={}), services) == ()


async def test_without_the_library_the_install_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)  # as if it were not installed
    server = McpConnection("box", McpServer(command=("x",)))
    await server.run()
    assert "pip install 'prism-voice[mcp]'" in (server.problem or "")
