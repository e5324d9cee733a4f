"""The tools that Prism brings: the time, timers, sums, the volume, and to be quiet.

Each is a ToolSpec and a function from arguments to facts. Those of the clipboard, which need a library, are in
``clipboard_tools``. What sounds at the moment needs none of them: the ears cut it, without a model.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from llm import SumError, ToolSpec, work_out
from pipeline.tools import Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.clock import Clock
    from pipeline.timers import Timers

LABEL_LENGTH = 60
"""Characters of a timer's label that are kept."""
SUM_LENGTH = 200
"""Characters that a sum may have."""

Volume: TypeAlias = Callable[[float | None], float | None]
"""Sets how loud the assistant is (share of full, 0 to 1), or only asks (None); what it is then, None for an output
that cannot be set."""

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
VOLUME = ToolSpec(
    "volume",
    "Change how loud you speak, or tell how loud it is (without arguments).",
    {
        "type": "object",
        "properties": {
            "percent": {"type": "number", "description": "How loud: 0 is silent, 100 is full."},
            "change": {
                "type": "number",
                "description": "Percent points to add: 20 is louder, -20 is softer.",
            },
        },
    },
)
STOP = ToolSpec(
    "stop",
    "Be quiet at once, because the user told you to stop talking. Say nothing besides.",
    {"type": "object", "properties": {}},
)
SPECS = (TIME, TIMER, TIMER_CANCEL, CALCULATOR, VOLUME, STOP)
"""All of them, in the order in which a model is told of them."""

_PROBLEMS = {
    "division_by_zero": "a division by zero has no result",
    "negative_root": "a negative number has no such root",
    "too_big": "the result is too large or too small",
}


def builtin_tools(timers: Timers, clock: Clock, volume: Volume) -> tuple[Tool, ...]:
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

    async def louder_or_softer(arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        return change_volume(volume, arguments)

    async def stop(_arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        return {}

    runs = (time, timer, timer_cancel, calculator, louder_or_softer, stop)
    return tuple(Tool(spec, run, ends=spec is STOP) for spec, run in zip(SPECS, runs, strict=True))


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


def change_volume(volume: Volume, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The volume before and after, in percent. Raises ToolError, ValueError or TypeError with words for the model."""
    before = volume(None)
    if before is None:
        raise ToolError("the volume cannot be changed here")
    wanted, change = arguments.get("percent"), arguments.get("change")
    if wanted is None and change is None:
        return {"percent": round(before * 100)}
    level = float(wanted) / 100 if wanted is not None else before + float(change or 0) / 100
    if not math.isfinite(level):
        raise ValueError("the volume is a number from 0 to 100")
    after = volume(min(max(level, 0.0), 1.0))
    return {"before": round(before * 100), "percent": round((after or 0.0) * 100)}


def _label(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("label") or "")[:LABEL_LENGTH]
