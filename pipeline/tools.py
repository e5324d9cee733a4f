"""What a model may do besides talking: the tools that are built in.

A tool answers with one line of JSON for the model; a wrong argument is an answer too, so that the model can mend it.
Which models are offered tools is the composition root's decision.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llm import ToolCall, ToolSpec
from pipeline.events import Emit, ToolCalled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.clock import Clock
    from pipeline.timers import Timers

LABEL_LENGTH = 60
"""Characters of a timer's label that are kept."""

TIMER = ToolSpec(
    "timer",
    "Start a timer that rings after a number of seconds.",
    {
        "type": "object",
        "properties": {
            "seconds": {"type": "number", "description": "How long, in seconds."},
            "label": {"type": "string", "description": "What it is for; may be empty."},
        },
        "required": ["seconds"],
    },
)
TIMER_CANCEL = ToolSpec(
    "timer_cancel",
    "Cancel running timers: those of a label, or all of them.",
    {"type": "object", "properties": {"label": {"type": "string"}}},
)


class Toolbox:
    """The tools of one conversation."""

    def __init__(self, timers: Timers, clock: Clock, emit: Emit, *, offered: bool) -> None:
        """``offered``: whether the model is told of them."""
        self._timers = timers
        self._clock = clock
        self._emit = emit
        self.specs: tuple[ToolSpec, ...] = (TIMER, TIMER_CANCEL) if offered else ()

    async def run(self, call: ToolCall, language: str | None) -> str:
        """Carry out a call; its result as JSON."""
        started = self._clock.now()
        result: dict[str, Any]
        try:
            result = {"ok": True, **self._carry_out(call.name, call.arguments, language)}
        except (ValueError, TypeError) as error:
            result = {"ok": False, "error": str(error)}
        now = self._clock.now()
        self._emit(ToolCalled(t=now, tool=call.name, ok=result["ok"], ms=round((now - started) * 1000, 1)))
        return json.dumps(result, ensure_ascii=False)

    def _carry_out(self, name: str, arguments: Mapping[str, Any], language: str | None) -> dict[str, Any]:
        label = str(arguments.get("label") or "")[:LABEL_LENGTH]
        if name == TIMER.name:
            timer = self._timers.set(self._clock.now(), float(arguments.get("seconds", 0)), label, language)
            return {"seconds": timer.seconds, "label": timer.label}
        if name == TIMER_CANCEL.name:
            return {"cancelled": self._timers.cancel(label)}
        raise ValueError(f"there is no tool called {name!r}")
