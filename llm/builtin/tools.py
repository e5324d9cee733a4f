"""The built-in responder's side of Prism's tools: asking for them, and reading what came back. Pure.

``timer`` takes ``{"seconds": int, "label": str}``, ``timer_cancel`` takes ``{"label": str}`` (empty: whichever runs).
A result is a JSON object; ``{"ok": false}`` or an ``error`` in it means that it failed, ``{"cancelled": 0}`` that there
was nothing to cancel. Anything else counts as done.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from llm.builtin.answers import Answer, Language, ToolUse
from llm.builtin.durations import say_duration
from llm.builtin.timers import LONGEST_S
from llm.builtin.volume import VOLUME
from llm.builtin.wording import Texts, wording
from llm.types import Message, ToolCall

TIMER = "timer"
TIMER_CANCEL = "timer_cancel"


def start_timer(seconds: Fraction, label: str, texts: Texts, tools: frozenset[str]) -> Answer:
    """Ask Prism for a timer, or say why not."""
    if TIMER not in tools:
        return Answer("timer_unavailable", texts.timer_cannot)
    whole = round(seconds)
    if not 1 <= whole <= LONGEST_S:
        return Answer("timer_refused", texts.timer_too_long)
    return Answer("timer", tool=ToolUse(TIMER, {"seconds": whole, "label": label}))


def cancel_timer(label: str, texts: Texts, tools: frozenset[str]) -> Answer:
    """Ask Prism to cancel a timer, or say that it cannot."""
    if TIMER_CANCEL not in tools:
        return Answer("timer_unavailable", texts.timer_cannot if TIMER not in tools else texts.cancel_failed)
    return Answer("timer_cancel", tool=ToolUse(TIMER_CANCEL, {"label": label}))


def after_tool(messages: Sequence[Message], language: Language) -> Answer | None:
    """What to say when the conversation ends with the result of a tool; None if it does not."""
    if not messages or messages[-1].role != "tool":
        return None
    texts, result = wording(language).texts, _result(messages[-1].content)
    call = _call_of(messages, messages[-1].tool_call_id)
    name = call.name if call else ""
    failed = bool(result.get("error")) or result.get("ok") is False
    if name == TIMER:
        text = texts.timer_failed if failed else _timer_text(call, texts, language)
    elif name == VOLUME and not failed:
        text = texts.volume_is.format(percent=result.get("percent", "?"))
    elif name == TIMER_CANCEL:
        text = texts.cancel_failed if failed else _cancel_text(result, texts)
    else:
        text = texts.tool_failed if failed else texts.tool_done
    return Answer("tool_failed" if failed else "tool_done", text)


def _call_of(messages: Sequence[Message], call_id: str | None) -> ToolCall | None:
    calls = (call for message in reversed(messages) for call in message.tool_calls)
    return next((call for call in calls if call.id == call_id), None)


def _timer_text(call: ToolCall | None, texts: Texts, language: Language) -> str:
    seconds = call.arguments.get("seconds") if call else None
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= LONGEST_S:
        return texts.timer_done
    label = call.arguments.get("label") if call else None
    template = texts.timer_set_label if label else texts.timer_set
    return template.format(duration=say_duration(seconds, language), label=label)


def _cancel_text(result: dict[str, Any], texts: Texts) -> str:
    count = result.get("cancelled", result.get("canceled"))
    return texts.nothing_to_cancel if count in (0, False) and count is not None else texts.cancelled


def _result(content: str) -> dict[str, Any]:
    """The result as an object; a plain text that starts with "error" is one too."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = {"error": content} if content.casefold().startswith(("error", "erreur")) else {}
    return parsed if isinstance(parsed, dict) else {}
