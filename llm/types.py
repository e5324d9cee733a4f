"""The nouns of thinking, each defined once: what goes to a language model and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    """Parsed JSON object."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a prompt."""

    role: Role
    content: str
    language: str | None = None
    """ISO 639-1 code of the content where it is known: a server may answer in it."""
    tool_calls: tuple[ToolCall, ...] = ()
    """For role assistant."""
    tool_call_id: str | None = None
    """For role tool: the call that this answers."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is offered to the model."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of the arguments."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply, as the model wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """The reply is complete. Always the last event of a reply that did not fail."""

    finish_reason: str
    """As the server said it: ``stop``, ``length``, ``tool_calls`` ...; ``stop`` when it closed without one."""
    usage: Usage | None = None
    reasoning: str = field(default="", repr=False)
    """What a reasoning model thought aloud, never spoken."""


ReplyEvent: TypeAlias = TextDelta | ToolCall | ReplyEnd
