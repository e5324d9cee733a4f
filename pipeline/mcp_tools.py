"""Tools of MCP servers that the user lists: Prism starts each over stdio and speaks to it with the official library.

Each server lives in one task of its own, because the library's scopes must be left by the task that entered them;
calls come from turns. A server that does not start, or dies, takes nothing else with it: its tools are missing, or
answer with what is wrong. Its stderr goes to a log of its own.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm import ToolSpec
from pipeline.tools import Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp import Client
    from mcp.types import ContentBlock
    from mcp.types import Tool as ListedTool

    from config import McpServer, McpSettings

START_S = 20.0
"""For a server to start and list its tools; one that is fetched first (npx) takes many seconds."""
NAME_LENGTH = 64
"""Characters that the APIs allow in the name of a tool."""
MOST_PAGES = 20
"""Of a listing: a server whose cursor never ends must not hold the start."""
DESCRIPTION_LENGTH = 1_000
"""Characters of a description that the model is shown."""

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_log = logging.getLogger("prism.mcp")


@dataclass(slots=True)
class McpConnection:
    """One server."""

    name: str
    """As it is called in the configuration: the prefix of its tools."""
    settings: McpServer
    tools: tuple[Tool, ...] = ()
    problem: str | None = None
    """Why it is of no use, one sentence; None while it is."""
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is known whether it works."""
    _closed: asyncio.Event = field(default_factory=asyncio.Event)
    _client: Client | None = None

    async def run(self) -> None:
        """Serve until ``close``. Never raises but for cancellation."""
        try:
            await self._live()
        except ModuleNotFoundError:
            self.problem = (
                f"The MCP server {self.name} needs the library mcp: pip install 'prism-voice[mcp]'."
            )
        except TimeoutError:
            self.problem = f"The MCP server {self.name} did not start within {START_S:g} s."
        except Exception as error:  # noqa: BLE001  # a foreign program and its library: any failure is its own
            self.problem = f"The MCP server {self.name} does not work: {_reason(error)}."
        finally:
            self._client = None
            if self.problem:
                _log.warning("%s", self.problem)
            self.started.set()

    def close(self) -> None:
        """Let ``run`` end."""
        self._closed.set()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool by the server's own name for it. Raises ToolError."""
        if self._client is None:
            raise ToolError(self.problem or f"the MCP server {self.name} is gone")
        from mcp import MCPError

        try:
            result = await self._client.call_tool(tool, dict(arguments))
        except MCPError as error:
            raise ToolError(f"the MCP server {self.name} failed: {error}") from error
        text = "\n".join(map(_text_of, result.content))
        if result.is_error:
            raise ToolError(text or "the tool failed without a word")
        return {"content": text}

    async def _live(self) -> None:
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import stdio_client

        from config import log_dir

        command, *args = self.settings.command
        env = {key: value.get_secret_value() for key, value in self.settings.env.items()}
        log_dir().mkdir(parents=True, exist_ok=True)
        parameters = StdioServerParameters(command=command, args=args, env=env)
        with (log_dir() / f"mcp-{self.name}.log").open("w", encoding="utf-8") as errors:
            async with asyncio.timeout(START_S) as limit, Client(stdio_client(parameters, errors)) as client:
                listed = await _all_tools(client)
                limit.reschedule(None)
                self._client = client
                self.tools = tuple(self._tool(tool) for tool in listed)
                self.started.set()
                await self._closed.wait()

    def _tool(self, listed: ListedTool) -> Tool:
        name = _NOT_A_NAME.sub("_", f"{self.name}_{listed.name}")[:NAME_LENGTH]
        description = (listed.description or listed.name)[:DESCRIPTION_LENGTH]

        async def run(arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
            return await self.call(listed.name, arguments)

        return Tool(ToolSpec(name, description, listed.input_schema), run, default="ask")


async def connect_mcp(settings: McpSettings, services: asyncio.TaskGroup) -> tuple[McpConnection, ...]:
    """Start all servers at once and wait until each works or does not. Close them to let ``services`` end."""
    made = tuple(McpConnection(name, server) for name, server in settings.servers.items())
    for connection in made:
        services.create_task(connection.run(), name=f"MCP server {connection.name}")
    for connection in made:
        await connection.started.wait()
    return made


async def _all_tools(client: Client) -> list[ListedTool]:
    """What the server lists, on all of its pages."""
    listed: list[ListedTool] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        listed += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return listed


def _text_of(block: ContentBlock) -> str:
    """The words of a part of a result; of a picture or a sound only its kind."""
    if block.type == "text":
        return str(block.text)
    wrapped = getattr(block, "resource", None)
    return str(getattr(wrapped, "text", "")) or f"[{block.type}]"


def _reason(error: BaseException) -> str:
    """The innermost words of a group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{error}".rstrip(".") or type(error).__name__
