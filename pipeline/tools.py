"""What a model may do besides talking: who offers tools is elsewhere, here is what holds for every one of them.

A tool answers the model with one line of JSON; a wrong argument, a refusal, a failure and a lack of time are answers
too, so that the model can mend it or say so. No tool runs without consent, beyond its time, or with more of a result
than a model can read. Which models are offered tools is the composition root's decision.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from llm import ToolCall, ToolSpec
from pipeline.consent import Rule, consented, rule_for
from pipeline.events import Emit, ToolCalled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from common.clock import Clock
    from config import ToolsSettings
    from llm import Message

MAX_RESULT = 8_000
"""Characters of a result that the model is shown: some 2,000 tokens, a quarter of a small context."""

Run: TypeAlias = Callable[[Mapping[str, Any], str | None], Awaitable[Mapping[str, Any]]]
"""Arguments and the language of the conversation to facts. Raises ToolError, ValueError, TypeError or OverflowError."""


class ToolError(Exception):
    """A tool failed; the message is for the model."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    spec: ToolSpec
    run: Run
    default: Rule = "allow"
    """Its rule where the configuration has none: ``ask`` for what is not Prism's own."""
    ends: bool = False
    """Whether nothing more is to be said once it has run."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call."""

    text: str
    """JSON for the model."""
    ends: bool = False
    """It ran, and the reply is over."""


class Toolbox:
    """The tools of one conversation."""

    def __init__(
        self, tools: Iterable[Tool], settings: ToolsSettings, clock: Clock, emit: Emit, *, offered: bool
    ) -> None:
        """``offered``: whether the model is told of them."""
        self._settings = settings
        self._clock = clock
        self._emit = emit
        self._tools = _by_name(tools)
        self.specs: tuple[ToolSpec, ...] = offered_specs(self._tools.values(), settings) if offered else ()

    @property
    def filler_after_s(self) -> float:
        """Seconds after which a tool is announced."""
        return self._settings.filler_after_s

    def unasked(self, calls: Sequence[ToolCall], messages: Sequence[Message]) -> ToolCall | None:
        """The call about which the user must be asked before any of them runs; None when all may go ahead.

        Otherwise what ran beside it would run again after the yes. Beside a call that has just had its yes there is no
        question: the model is told, and may call again.
        """
        if any(self._asks(call) and consented(call.name, messages) for call in calls):
            return None
        return next((call for call in calls if self._asks(call)), None)

    def _asks(self, call: ToolCall) -> bool:
        tool = self._tools.get(call.name)
        return tool is not None and rule_for(call.name, self._settings.consent, tool.default) == "ask"

    async def run(self, call: ToolCall, messages: Sequence[Message], language: str | None) -> ToolResult:
        """Carry out a call of the turn with this prompt."""
        started = self._clock.now()
        tool = self._tools.get(call.name)
        rule = rule_for(call.name, self._settings.consent, tool.default if tool else "deny")
        try:
            if tool is None:
                raise ToolError(f"there is no tool called {call.name!r}")
            if rule == "deny":
                raise ToolError(f"the user does not allow the tool {call.name!r}")
            if rule == "ask" and not consented(call.name, messages):
                raise ToolError("the user was not asked about this yet: call it again, and nothing besides")
            facts = await self._timed(tool, call, language)
            result: dict[str, Any] = {"ok": True, **facts}
        except (ToolError, ValueError, TypeError, OverflowError) as error:
            result = {"ok": False, "error": str(error)}
        now = self._clock.now()
        self._emit(ToolCalled(t=now, tool=call.name, ok=result["ok"], ms=round((now - started) * 1000, 1)))
        return ToolResult(_bounded(result), ends=bool(tool and tool.ends and result["ok"]))

    async def _timed(self, tool: Tool, call: ToolCall, language: str | None) -> Mapping[str, Any]:
        limit = self._settings.timeout_s
        try:
            async with asyncio.timeout(limit):
                return await tool.run(call.arguments, language)
        except TimeoutError as error:
            raise ToolError(f"the tool {call.name!r} did not answer within {limit:g} s") from error


def offered_specs(tools: Iterable[Tool], settings: ToolsSettings) -> tuple[ToolSpec, ...]:
    """What a model is told of: everything that it might be allowed."""
    return tuple(
        tool.spec
        for name, tool in _by_name(tools).items()
        if rule_for(name, settings.consent, tool.default) != "deny"
    )


def _by_name(tools: Iterable[Tool]) -> dict[str, Tool]:
    """The first of each name: no server can take the place of a tool of Prism's own."""
    named: dict[str, Tool] = {}
    for tool in tools:
        named.setdefault(tool.spec.name, tool)
    return named


def _bounded(result: Mapping[str, Any]) -> str:
    """The result as JSON; of one that is too long the beginning, and a note of what is missing."""
    text = _json(result)
    if len(text) <= MAX_RESULT:
        return text
    content = result.get("content")
    whole = content if isinstance(content, str) else text
    note = f"cut: these are the first {MAX_RESULT} of {len(whole)} characters"
    return _json({"ok": result.get("ok"), "content": whole[:MAX_RESULT], "note": note})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
