"""The built-in responder: what answers when no language model is configured or found.

A small OpenAI-compatible server on a loopback port, so that the ordinary HTTP client talks to it like to any other.
It tells the time and the date, does sums, asks for timers, and says honestly that it is no language model.

    wire, guards, server     the HTTP side; only ``server`` knows starlette and uvicorn, and is imported on use
    skills, timers, ...      the thinking side: pure functions of messages and the time

``BuiltinServer.run()`` belongs into a task group of the caller; nothing here starts a task of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm.builtin.answers import Answer, BuiltinPortError, Language, ToolUse
from llm.builtin.skills import reply
from llm.builtin.wire import MODEL

if TYPE_CHECKING:
    from llm.builtin.server import BuiltinServer

__all__ = ["MODEL", "Answer", "BuiltinPortError", "BuiltinServer", "Language", "ToolUse", "reply"]


def __getattr__(name: str) -> object:
    """Import the web framework only when somebody wants the server."""
    if name == "BuiltinServer":
        from llm.builtin.server import BuiltinServer

        return BuiltinServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
