"""Think: messages to text deltas. Knows the configuration and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm.backends import create_chat_model
from llm.backends.scripted import Scripted, ScriptedReply, Step, say
from llm.base import ChatModel, LLMBackendMissing, LLMError, LLMRejected, LLMTimedOut, LLMUnavailable
from llm.builtin.lang import guess as guess_language
from llm.discovery import Found, discover, probed
from llm.history import Entry, History
from llm.speakable import Speakable
from llm.types import Message, ReplyEnd, ReplyEvent, TextDelta, ToolCall, ToolSpec, Usage

if TYPE_CHECKING:
    from llm.builtin import BuiltinServer

__all__ = [
    "BuiltinServer",
    "ChatModel",
    "Entry",
    "Found",
    "History",
    "LLMBackendMissing",
    "LLMError",
    "LLMRejected",
    "LLMTimedOut",
    "LLMUnavailable",
    "Message",
    "ReplyEnd",
    "ReplyEvent",
    "Scripted",
    "ScriptedReply",
    "Speakable",
    "Step",
    "TextDelta",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "create_chat_model",
    "discover",
    "guess_language",
    "probed",
    "say",
]


def __getattr__(name: str) -> object:
    """Import the web framework only when somebody wants the built-in responder."""
    if name == "BuiltinServer":
        from llm.builtin import BuiltinServer

        return BuiltinServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
