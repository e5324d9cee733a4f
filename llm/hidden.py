"""Thoughts, tool calls and template marks taken out of a reply: PURE, characters in, audible characters out.

Theory of operation. Models write what they think, and the tools they want, between marks of their template;
servers pass some of them through. Every mark is matched character by character, so that it does not matter
how a reply was cut, and text is held back only while it may still become a mark. What is between the marks
is dropped.

The harmony format (gpt-oss) names a channel before each message; only ``final`` is meant to be heard.

A template may itself open the thought: the reply then begins inside it, and only the closing mark shows.
That cannot be known beforehand without holding everything, so it is said by ``thinking=True``;
``opened_inside`` tells when it should have been. If no closing mark comes, there was no thought, and all is
given out at the end.
"""

from __future__ import annotations

import enum
import re

THOUGHTS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel>thought": "<channel|>",
}
"""DeepSeek, Qwen, GLM and most others; Seed-OSS; Magistral; Kimi; Command; Gemma. Lower case: models vary."""

TOOLS = {
    "<tool_call>": "</tool_call>",
    "<function_call>": "</function_call>",
    "<function=": "</function>",
    "<tool_response>": "</tool_response>",
    "<|start_action|>": "<|end_action|>",
    "<|tool_call>": "<tool_call|>",
    "<|tool_calls_section_begin|>": "<|tool_calls_section_end|>",
    "<｜tool▁calls▁begin｜>": "<｜tool▁calls▁end｜>",
}
"""Qwen and Hermes; older Hermes; Llama; Qwen; Command; Gemma; Kimi; DeepSeek."""

REST = frozenset(
    {
        "[tool_calls]",
        "<|python_tag|>",
        "<|tool_call|>",
        "<|im_end|>",
        "<|eot_id|>",
        "<|endoftext|>",
        "<end_of_turn>",
        "<｜end▁of▁sentence｜>",
    }
)
"""Nothing after these is for ears: tool calls without an end, and ends of a turn that the model ran past."""

HEADERS = frozenset({"<|channel|>", "<|start|>", "<|start_header_id|>"})
MESSAGES = frozenset({"<|message|>", "<|end_header_id|>"})
ENDS = frozenset({"<|end|>", "<|return|>", "<|call|>"})
AUDIBLE_HEADERS = ("final", "assistant")

SPANS = THOUGHTS | TOOLS
_CLOSERS = frozenset(SPANS.values())
_WORDS = frozenset({*SPANS, *_CLOSERS, *REST, "<s>", "</s>", "<start_of_turn>"})
_MARK = re.compile(r"<\|\w{1,40}\|>")
_MARK_SO_FAR = re.compile(r"<(?:\|(?:\w{1,40}\|?)?)?")


class _Mode(enum.Enum):
    AUDIBLE = enum.auto()
    SPAN = enum.auto()
    """Until one of the closing marks."""
    HEADER = enum.auto()
    """The name of a harmony channel, or of a role."""
    CHANNEL = enum.auto()
    """A harmony message that is not for ears."""
    REST = enum.auto()


class Hidden:
    """One reply. ``thinking``: it begins inside a thought that the template opened."""

    def __init__(self, *, thinking: bool = False) -> None:
        self.opened_inside = False
        """A thought was closed that nothing in the reply had opened: make the next with ``thinking=True``."""
        self._mode = _Mode.SPAN if thinking else _Mode.AUDIBLE
        self._closers = frozenset(THOUGHTS.values())
        self._pending = ""
        self._header = ""
        self._assumed: list[str] | None = [] if thinking else None

    def feed(self, text: str) -> str:
        """What of ``text``, and of what was held, can be heard by now."""
        return "".join(piece for character in text for piece in self._step(character))

    def flush(self) -> str:
        """The reply is over: what was held."""
        rest, self._pending = self._pending, ""
        if self._assumed is not None:
            unclosed, self._assumed = "".join(self._assumed) + rest, None
            return "" if unclosed.lstrip().lower().startswith(tuple(THOUGHTS)) else unclosed
        return rest if self._mode is _Mode.AUDIBLE else ""

    def _step(self, character: str) -> list[str]:
        self._pending += character
        audible: list[str] = []
        while self._pending:
            mark = self._pending.lower()
            if self._is_mark(mark):
                self._act(mark)
                self._pending = ""
            elif self._may_become_mark(mark):
                break
            else:
                self._text(self._pending[0], audible)
                self._pending = self._pending[1:]
        return audible

    def _is_mark(self, mark: str) -> bool:
        if self._mode is _Mode.SPAN:
            return mark in self._closers
        return mark in _WORDS or _MARK.fullmatch(mark) is not None

    def _may_become_mark(self, mark: str) -> bool:
        if self._mode is _Mode.SPAN:
            return any(word.startswith(mark) for word in self._closers)
        return _MARK_SO_FAR.fullmatch(mark) is not None or any(word.startswith(mark) for word in _WORDS)

    def _text(self, character: str, audible: list[str]) -> None:
        if self._mode is _Mode.AUDIBLE:
            audible.append(character)
        elif self._mode is _Mode.HEADER:
            self._header += character
        elif self._assumed is not None:
            self._assumed.append(character)

    def _act(self, mark: str) -> None:
        if self._mode is _Mode.SPAN:
            self.opened_inside = self.opened_inside or self._assumed is not None
            self._mode, self._assumed = _Mode.AUDIBLE, None
        elif self._mode is _Mode.REST:
            return
        elif mark in HEADERS:
            self._mode, self._header = _Mode.HEADER, ""
        elif mark in MESSAGES:
            heard = self._header.strip().startswith(AUDIBLE_HEADERS) or not self._header.strip()
            self._mode = _Mode.AUDIBLE if heard else _Mode.CHANNEL
        elif mark in SPANS:
            self._mode, self._closers = _Mode.SPAN, frozenset({SPANS[mark]})
        elif mark in REST:
            self._mode = _Mode.REST
        elif mark in ENDS:
            self._mode = _Mode.AUDIBLE
        elif mark in THOUGHTS.values():
            self.opened_inside = True
