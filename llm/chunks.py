"""What an OpenAI-compatible server streams, understood: PURE, from events to text, tool calls and the end.

Theory of operation. Servers agree on little: reasoning comes as ``reasoning_content`` or ``reasoning``;
text as a string, as null or as a list of parts; usage in the last chunk, in a chunk without choices, in
every chunk or never; tool calls whole or in pieces, with or without ``index`` and ``id``; errors inside a
stream that began with 200. So every field is read as if it might be missing or of another type. An
unreadable chunk is skipped and counted: the text round it is still worth hearing. An error is never
skipped.

``[DONE]`` alone does not prove that a reply is whole: llama_cpp.server sends it too when another request cut this one
off. Where a server has shown ``finish_reason: null`` all along and never a reason, the reply counts as whole only if it
ends as a sentence does; nothing at all never counts.

Tool calls are handed out once the reply is complete, because only then no piece of them can follow.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm.base import LLMError
from llm.types import ReplyEnd, TextDelta, ToolCall, Usage

if TYPE_CHECKING:
    from llm.sse import SseEvent

DONE = "[DONE]"
SENTENCE_ENDS = ".!?…:;。！？"
CLOSERS = "\"'»”’)]*_`~ \n\t\r\u00a0\u202f"
"""What may follow the end of a sentence: quotes, brackets, marks of Markdown, space."""

_SURROGATE = re.compile("[\ud800-\udfff]")
"""JSON may escape one half of a character alone; sent back in the next prompt it would break the request."""


class StreamError(Exception):
    """The server reported an error inside its stream; ``body`` is what it said, parsed where it was JSON."""

    def __init__(self, body: object) -> None:
        super().__init__(str(body))
        self.body = body


@dataclass(slots=True)
class _CallPieces:
    """A tool call as far as it has come."""

    index: object
    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def whole(self) -> bool:
        return bool(self.name) and isinstance(_json(self.arguments), dict)


@dataclass(slots=True)
class ChunkReader:
    """One reply: ``read`` each event, then ask for ``end``."""

    begun: bool = False
    """The model has said or thought something: the first token is there."""
    done: bool = False
    """The server said ``[DONE]``."""
    finish_reason: str | None = None
    usage: Usage | None = None
    reasoning: list[str] = field(default_factory=list)
    skipped: int = 0
    """Events that could not be read."""
    _calls: list[_CallPieces] = field(default_factory=list)
    _owes_reason: bool = False
    """The server has shown the field for a finish reason, empty."""
    _tail: str = ""
    """The last letters of the text."""

    def read(self, event: SseEvent) -> list[TextDelta]:
        """The text in one event. Raises StreamError."""
        data = event.data.strip()
        if data == DONE:
            self.done = True
            return []
        chunk = _json(data)
        if event.name == "error":
            raise StreamError(_error_of(chunk) or chunk or data)
        if not isinstance(chunk, dict):
            self.skipped += 1
            return []
        return self.read_object(chunk)

    def read_object(self, chunk: dict[str, Any]) -> list[TextDelta]:
        """The text in one parsed chunk, or in a whole answer that was not streamed. Raises StreamError."""
        if error := _error_of(chunk):
            raise StreamError(error)
        self._read_usage(chunk.get("usage"))
        choice = _first_choice(chunk)
        if error := choice.get("error"):
            raise StreamError(error)
        shapes = (choice.get("delta"), choice.get("message"), {"content": choice.get("text")})
        text = self._read_delta(next(shape for shape in shapes if isinstance(shape, dict)))
        if isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]
        self._owes_reason = self._owes_reason or "finish_reason" in choice
        return [TextDelta(text)] if text else []

    def end(self) -> list[ToolCall | ReplyEnd]:
        """The tool calls and the end of a complete reply. Raises LLMError for a call that cannot be read."""
        calls = [_finished(call, number) for number, call in enumerate(self._calls) if call.name]
        reason = self.finish_reason or ("tool_calls" if calls else "stop")
        return [*calls, ReplyEnd(reason, self.usage, "".join(self.reasoning))]

    @property
    def complete(self) -> bool:
        """Did the server say in any way that the reply is over, and is it whole as far as one can see?"""
        if self.finish_reason is not None:
            return True
        return self.done and self.begun and not (self._owes_reason and self._cut_off)

    @property
    def _cut_off(self) -> bool:
        """Does the text stop where no sentence ends?"""
        text = self._tail.rstrip(CLOSERS)
        return not self._calls and not text.endswith(tuple(SENTENCE_ENDS))

    def _read_delta(self, delta: dict[str, Any]) -> str:
        thought = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
        if thought:
            self.reasoning.append(thought)
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else []:
            self._read_call(piece)
        text = _text(delta.get("content"))
        self._tail = (self._tail + text)[-40:]
        self.begun = self.begun or bool(thought or text or self._calls)
        return text

    def _read_usage(self, usage: object) -> None:
        if isinstance(usage, dict):
            counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
            self.usage = Usage(*(count if isinstance(count, int) else 0 for count in counts))

    def _read_call(self, piece: object) -> None:
        function = piece.get("function") if isinstance(piece, dict) else None
        if not isinstance(piece, dict) or not isinstance(function, dict):
            self.skipped += 1
            return
        given = function.get("arguments")
        arguments = json.dumps(given) if isinstance(given, dict) else _text(given)
        call = self._call_of(
            piece.get("index"), _text(piece.get("id")), _text(function.get("name")), arguments
        )
        call.arguments += arguments

    def _call_of(self, index: object, call_id: str, name: str, arguments: str) -> _CallPieces:
        """The call that a piece belongs to. Some servers give every call index 0: a new name is another.

        Others repeat id and name with every piece, also with a last one that adds nothing.
        """
        mine = [call for call in self._calls if index is None or call.index == index]
        call = mine[-1] if mine else None
        other = call is not None and bool(call.id and call_id) and call_id != call.id
        renamed = call is not None and bool(name) and name != call.name
        repeated = call is not None and name == call.name and call_id == call.id and not arguments.strip()
        if call is None or (name and call.whole and not repeated) or (other and (index is None or renamed)):
            call = _CallPieces(index, call_id)
            self._calls.append(call)
        call.id = call.id or call_id
        call.name = call.name or name
        return call


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    shapes = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return next((choice for choice in shapes if choice.get("index") in (0, None)), {})


def _error_of(chunk: object) -> object:
    """The error in a chunk, in any of its shapes; None when there is none."""
    if not isinstance(chunk, dict):
        return None
    if chunk.get("error"):
        return chunk["error"]
    return chunk if chunk.get("object") == "error" else None


def _text(value: object) -> str:
    """A string, or a list of parts with ``text``; all else is no text. Half characters are left out."""
    if isinstance(value, str):
        return _SURROGATE.sub("", value)
    parts = value if isinstance(value, list) else []
    texts = [
        part if isinstance(part, str) else part.get("text") for part in parts if isinstance(part, str | dict)
    ]
    return "".join(_text(text) for text in texts if isinstance(text, str))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _finished(call: _CallPieces, number: int) -> ToolCall:
    arguments = _json(call.arguments or "{}")
    if not isinstance(arguments, dict):
        raise LLMError(f"The model called the tool {call.name!r} with arguments that are not a JSON object.")
    return ToolCall(call.id or f"call_{number}", call.name, arguments)
