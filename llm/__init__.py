"""Think: messages to text deltas. Knows the configuration and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm.backends import check_backend, create_chat_model
from llm.backends.scripted import Scripted, ScriptedReply, Step, say
from llm.base import (
    ChatModel,
    LLMBackendMissing,
    LLMBusy,
    LLMEmpty,
    LLMError,
    LLMRejected,
    LLMTimedOut,
    LLMTooLong,
    LLMUnavailable,
)
from llm.builtin.lang import guess as guess_language
from llm.discovery import Found, discover, discover_all, probed
from llm.fallback import Endpoint, FallbackChat
from llm.history import SUMMARY_CHARS, Entry, Fading, History
from llm.prompt import system_prompt
from llm.remembered import last_used, remember_used
from llm.speakable import Speakable
from llm.types import Message, ReplyEnd, ReplyEvent, TextDelta, ToolCall, ToolSpec, Usage

if TYPE_CHECKING:
    from llm.builtin import BuiltinServer
    from llm.builtin.arithmetic import SumError, work_out

__all__ = [
    "SUMMARY_CHARS",
    "BuiltinServer",
    "ChatModel",
    "Endpoint",
    "Entry",
    "Fading",
    "FallbackChat",
    "Found",
    "History",
    "LLMBackendMissing",
    "LLMBusy",
    "LLMEmpty",
    "LLMError",
    "LLMRejected",
    "LLMTimedOut",
    "LLMTooLong",
    "LLMUnavailable",
    "Message",
    "ReplyEnd",
    "ReplyEvent",
    "Scripted",
    "ScriptedReply",
    "Speakable",
    "Step",
    "SumError",
    "TextDelta",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "check_backend",
    "create_chat_model",
    "discover",
    "discover_all",
    "guess_language",
    "last_used",
    "probed",
    "remember_used",
    "say",
    "system_prompt",
    "work_out",
]


def __getattr__(name: str) -> object:
    """Import the web framework and the tables of numbers only when somebody wants them."""
    if name == "BuiltinServer":
        from llm.builtin import BuiltinServer

        return BuiltinServer
    if name in ("SumError", "work_out"):
        from llm.builtin import arithmetic

        return getattr(arithmetic, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
