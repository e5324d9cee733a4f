"""The tools that Prism brings: the time, timers, and sums. Each is a ToolSpec and a function from arguments to facts.

There is none for the clipboard (a model that may read it reads passwords), none for the volume (Prism plays at the
level of the system), and none to stop: "stop" is acted upon by the ears, without a model.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from llm import SumError, ToolSpec, work_out
from pipeline.tools import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.clock import Clock
    from pipeline.timers import Timers

LABEL_LENGTH = 60
"""Characters of a timer's label that are kept."""
SUM_LENGTH = 200
"""Characters that a sum may have."""

TIME = ToolSpec("time", "The current local date and time.", {"type": "object", "properties": {}})
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
CALCULATOR = ToolSpec(
    "calculator",
    "Work out a sum exactly.",
    {
        "type": "object",
        "properties": {
            "expression": {"type": "string", "description": "Numbers, + - * / ^ and brackets: 2 * (3.5 + 4)."}
        },
        "required": ["expression"],
    },
)
SPECS = (TIME, TIMER, TIMER_CANCEL, CALCULATOR)
"""All of them, in the order in which a model is told of them."""

_PROBLEMS = {
    "division_by_zero": "a division by zero has no result",
    "negative_root": "a negative number has no such root",
    "too_big": "the result is too large or too small",
}


def builtin_tools(timers: Timers, clock: Clock) -> tuple[Tool, ...]:
    """The tools of one conversation."""

    async def time(_arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        now = dt.datetime.now().astimezone()
        return {"date": now.date().isoformat(), "time": f"{now:%H:%M}", "weekday": now.isoweekday()}

    async def timer(arguments: Mapping[str, Any], language: str | None) -> dict[str, Any]:
        made = timers.set(clock.now(), float(arguments.get("seconds", 0)), _label(arguments), language)
        return {"seconds": made.seconds, "label": made.label}

    async def timer_cancel(arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        return {"cancelled": timers.cancel(_label(arguments))}

    async def calculator(arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        return {"result": calculate(str(arguments.get("expression", "")))}

    return tuple(
        Tool(spec, run) for spec, run in zip(SPECS, (time, timer, timer_cancel, calculator), strict=True)
    )


def today() -> dt.date:
    """The date where the user is."""
    return dt.datetime.now().astimezone().date()


def calculate(expression: str) -> float | int:
    """The result of a sum. Raises ValueError with a sentence for the model."""
    try:
        result = work_out(expression) if len(expression) <= SUM_LENGTH else None
    except SumError as error:
        raise ValueError(_PROBLEMS[error.problem]) from error
    if result is None:
        raise ValueError("this is no sum of numbers with + - * / ^ and brackets")
    return int(result) if result.denominator == 1 else float(result)


def _label(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("label") or "")[:LABEL_LENGTH]
