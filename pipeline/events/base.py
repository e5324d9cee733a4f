"""What every event is, and how it is written down as JSON. The kinds themselves are in the files beside this one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share."""

    name: ClassVar[str]

    t: float
    """Position on the audio clock, seconds."""
    turn: int | None = None
    """Number of the utterance or turn that it belongs to."""


def to_json(event: Event) -> dict[str, Any]:
    """The event as a flat JSON object; fields that are None are left out, times rounded to a tenth of a millisecond."""
    fields: dict[str, Any] = {"event": event.name}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if value is not None:
            fields[_JSON_NAMES.get(field.name, field.name)] = (
                round(value, 4) if isinstance(value, float) else value
            )
    return fields


_JSON_NAMES = {"from_": "from", "tool": "name"}
