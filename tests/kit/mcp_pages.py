"""An MCP server for tests whose tools come on two pages, the second again and again; each returns a wrapped text."""

from __future__ import annotations

import asyncio


async def main() -> None:
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.types import (
        CallToolRequestParams,
        CallToolResult,
        EmbeddedResource,
        ListToolsResult,
        PaginatedRequestParams,
        TextResourceContents,
        Tool,
    )

    async def pages(_context: object, asked: PaginatedRequestParams | None) -> ListToolsResult:
        name = "second" if asked and asked.cursor else "first"
        return ListToolsResult(tools=[Tool(name=name, input_schema={"type": "object"})], next_cursor="more")

    async def leaf(_context: object, _called: CallToolRequestParams) -> CallToolResult:
        words = TextResourceContents(uri="note://leaf", text="green and dry")
        return CallToolResult(content=[EmbeddedResource(type="resource", resource=words)])

    server = Server("pages", on_list_tools=pages, on_call_tool=leaf)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
