"""What the built-in responder hands back, and its one error. No rule about language or HTTP lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from llm.base import LLMUnavailable

Language: TypeAlias = Literal["en", "fr"]

ToolArguments: TypeAlias = Mapping[str, str | int]


class BuiltinPortError(LLMUnavailable):
    """The built-in responder could not take its port."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The responder asks Prism to do something."""

    name: str
    arguments: ToolArguments = field(default_factory=dict)
    """JSON values; ``timer`` gets ``seconds`` (int, s) and ``label`` (str, may be empty)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Either a text to be spoken or one tool call."""

    kind: str
    """What was understood: ``time``, ``sum``, ``timer``, ``honest`` ..."""
    text: str = ""
    tool: ToolUse | None = None

    def __post_init__(self) -> None:
        if bool(self.text) == (self.tool is not None):
            raise ValueError("an answer is either a text or a tool call")
