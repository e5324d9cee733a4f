"""An MCP server for tests, written with the official library: run it as a program, it speaks over stdio.

    python -m tests.kit.mcp_server [NOTES]

Its tools behave, hang, fail, answer with a megabyte, or die with the server. What happens to a call that hangs is
written into the file NOTES, so that a test can see that it was cancelled.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio


def main() -> None:
    from mcp.server.mcpserver import MCPServer

    server = MCPServer("tests")
    notes = Path(sys.argv[1]) if len(sys.argv) > 1 else None

    def note(what: str) -> None:
        if notes is not None:
            with notes.open("a", encoding="utf-8") as out:
                out.write(what + "\n")

    @server.tool()
    def add(a: int, b: int) -> str:
        """Adds two numbers."""
        return f"{a + b} été 🙂"

    @server.tool()
    def secret() -> str:
        """What the environment was given."""
        return os.environ.get("PRISM_TEST_WORD", "none")

    @server.tool()
    def megabyte() -> str:
        """Answers with a megabyte."""
        return "x" * 1_048_576

    @server.tool()
    def fail() -> str:
        """Fails."""
        raise ValueError("the lid is stuck")

    @server.tool()
    async def hang() -> str:
        """Never answers."""
        note("called")
        try:
            await anyio.sleep(3600)
        except BaseException:
            note("cancelled")
            raise
        return "never"

    @server.tool()
    def die() -> str:
        """Takes the server with it."""
        os._exit(3)

    server.run("stdio")


if __name__ == "__main__":
    main()
