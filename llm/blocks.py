"""The marks of Markdown that stand at the beginning of a line, made speakable: PURE, characters in and out.

Headings, bullets and quotations lose their mark; rules and fenced code are dropped; the row of a table
becomes its cells with commas; a tool call that was written out as JSON is dropped. A character is held only
while its line may still become one of these, so plain text passes from its first letter. Numbers of
numbered lists are words and stay.

What stands within a line is the business of ``inline``.
"""

from __future__ import annotations

import enum
import json
import re

MAX_HELD = 8_000
"""Characters of a table row or a JSON block that are held; what is longer is neither, and is let go."""

MAX_START = 400
"""Characters that may stand undecided at the beginning of a line, such as a long rule."""

TOOL_NAMES = frozenset(
    {"name", "tool", "tool_name", "function", "function_name", "action", "recipient_name", "tool_calls"}
    | {"function_call", "tool_call"}
)
TOOL_ARGUMENTS = frozenset({"arguments", "parameters", "args", "input", "action_input", "kwargs"})
TOOL_WHOLE = frozenset({"tool_calls", "function_call", "tool_call"})
TOOL_KEYS = TOOL_NAMES | TOOL_ARGUMENTS | {"type", "id"}
"""A JSON object that begins with another key is not a tool call."""

_FENCE = re.compile(r"[ \t]*(`{3}|~{3})")
_RULE = re.compile(r"[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t\r]*\n")
_MARK = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+|>(?:[ \t]+|(?=>))|(?:[-*+][ \t]+|[•‣◦▪][ \t]*)(?:\[[ xX]\][ \t]+)?)"
)
_MARK_ALONE = re.compile(r"[ \t]*(?:#{1,6}|>|[-*+•‣◦▪])[ \t\r]*\n")
_UNDECIDED = re.compile(
    r"[ \t]*(?:#{0,6}[ \t]*|`{1,2}|~{1,2}|>[ \t]*|([-*_=])(?:[ \t]*\1)*[ \t\r]*|"
    r"(?:[-*+][ \t]+|[•‣◦▪][ \t]*)(?:\[(?:[ xX](?:\][ \t]*)?)?)?|[-*+•‣◦▪])"
)
_TABLE_RULE = re.compile(r"[|:\-\s]*-[|:\-\s]*")
_CELL_END = re.compile(r"(?<!\\)\|")
_JSON_UNDECIDED = re.compile(r"[ \t]*(?:\[\s*)?(?:\{\s*(?:\"\w{0,20})?)?")
_JSON_KEY = re.compile(r"[ \t]*(?:\[\s*)?\{\s*\"(\w{1,20})\"")


class _Mode(enum.Enum):
    START = enum.auto()
    """At the beginning of a line: everything so far is held."""
    LINE = enum.auto()
    """Within a line that is let through."""
    ROW = enum.auto()
    FENCE_LINE = enum.auto()
    FENCE = enum.auto()
    JSON_START = enum.auto()
    JSON = enum.auto()


class Blocks:
    """One reply."""

    def __init__(self) -> None:
        self._mode = _Mode.START
        self._held = ""
        self._fence = ""
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, text: str) -> str:
        """What of ``text``, and of what was held, can be said by now."""
        return "".join(map(self._step, text))

    def flush(self) -> str:
        """The reply is over: what was held."""
        held, self._held = self._held, ""
        mode, self._mode = self._mode, _Mode.START
        if mode is _Mode.FENCE_LINE:
            return held.rpartition(self._fence)[2].strip() if self._fence in held else ""
        if mode in (_Mode.FENCE, _Mode.JSON):
            return ""
        if mode is _Mode.ROW:
            return _cells(held)
        alone = mode is _Mode.START and (_RULE.fullmatch(held + "\n") or _MARK_ALONE.fullmatch(held + "\n"))
        return "" if alone else held

    def _step(self, character: str) -> str:
        if self._mode is _Mode.LINE:
            if character == "\n":
                self._mode = _Mode.START
            return character
        self._held += character
        if self._mode is _Mode.START:
            return self._start()
        if self._mode is _Mode.ROW:
            return self._row(character)
        if self._mode is _Mode.JSON_START:
            return self._json_start()
        if self._mode is _Mode.JSON:
            return self._json(character)
        return self._in_fence(character)

    def _release(self) -> str:
        """It is plain text after all."""
        held, self._held = self._held, ""
        self._mode = _Mode.START if held.endswith("\n") else _Mode.LINE
        return held

    def _drop(self) -> str:
        self._held, self._mode = "", _Mode.START
        return ""

    def _start(self) -> str:
        """Decide about the beginning of a line; marks may follow each other (a bullet in a quotation)."""
        while self._held and not (_UNDECIDED.fullmatch(self._held) and len(self._held) < MAX_START):
            if _RULE.fullmatch(self._held):
                return self._drop()
            if _MARK_ALONE.fullmatch(self._held):
                self._drop()
                return "\n"
            if fence := _FENCE.match(self._held):
                self._mode, self._fence, self._held = _Mode.FENCE_LINE, fence[1], ""
                return ""
            mark = _MARK.match(self._held)
            if mark is None:
                return self._other_start()
            self._held = self._held[mark.end() :]
        return ""

    def _other_start(self) -> str:
        first = self._held.lstrip(" \t")[:1]
        if first == "|":
            self._mode = _Mode.ROW
            return self._row(self._held[-1])
        if first and first in "{[":
            self._mode = _Mode.JSON_START
            return self._json_start()
        return self._release()

    def _row(self, character: str) -> str:
        if character == "\n":
            row = self._held
            self._drop()
            return _cells(row)
        return self._release() if len(self._held) > MAX_HELD else ""

    def _in_fence(self, character: str) -> str:
        """Nothing in fenced code is said; a fence may close on the line that opened it."""
        if character != "\n":
            return ""
        line, self._held = self._held.strip(), ""
        opening = self._mode is _Mode.FENCE_LINE
        closed = self._fence in line if opening else _closes_fence(line, self._fence)
        self._mode = _Mode.START if closed else _Mode.FENCE
        rest = line.rpartition(self._fence)[2].strip() if opening and closed else ""
        return rest and rest + "\n"

    def _json_start(self) -> str:
        if key := _JSON_KEY.match(self._held):
            if key[1].lower() not in TOOL_KEYS:
                return self._release()
            self._mode, self._quoted, self._escaped = _Mode.JSON, False, False
            self._depth = self._held.count("{") + self._held.count("[")
            return ""
        return "" if _JSON_UNDECIDED.fullmatch(self._held) else self._release()

    def _json(self, character: str) -> str:
        """Hold until the brackets balance, then look whether it was a tool call."""
        if self._escaped:
            self._escaped = False
        elif self._quoted and character == "\\":
            self._escaped = True
        elif character == '"':
            self._quoted = not self._quoted
        elif not self._quoted:
            self._depth += (character in "{[") - (character in "}]")
        if self._depth == 0:
            return self._json_end()
        return self._release() if len(self._held) > MAX_HELD else ""

    def _json_end(self) -> str:
        if not _is_tool_call(self._held):
            return self._release()
        self._held, self._mode = "", _Mode.LINE
        return ""


def _closes_fence(line: str, fence: str) -> bool:
    return line.startswith(fence) and not line.strip(fence[0])


def _cells(row: str) -> str:
    """``| a | b |`` as ``a, b``; the rule under the head of a table as nothing."""
    inside = row.strip().removeprefix("|")
    if not _CELL_END.search(inside):
        return row
    if _TABLE_RULE.fullmatch(row):
        return ""
    cells = [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(inside)]
    return ", ".join(cell for cell in cells if cell) + ("\n" if row.endswith("\n") else "")


def _is_tool_call(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    calls = value if isinstance(value, list) else [value]
    return bool(calls) and all(isinstance(call, dict) and _names_a_tool(frozenset(call)) for call in calls)


def _names_a_tool(keys: frozenset[str]) -> bool:
    whole = keys & TOOL_WHOLE or {"type", "function"} <= keys
    return bool(whole or (keys & TOOL_NAMES and keys & TOOL_ARGUMENTS))
