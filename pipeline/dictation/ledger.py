"""What has become of a dictation, as lines of JSON: one line for each state it reached. PURE.

A crash may tear the last line: it is left out, and what stands before it counts. States follow each other as they
happened; ``delivering`` is written *before* words go to a sink, so that words that may have arrived are never sent by
themselves again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast, get_args

LedgerState: TypeAlias = Literal[
    "started",
    "captured",
    "transcribed",
    "cleaned",
    "delivering",
    "delivered",
    "confirmed",
    "kept",
    "failed",
    "cancelled",
    "empty",
    "recovering",
    "recovered",
]
"""started: being recorded; captured: recorded to its end; cleaned: changed by a clean-up; delivering: on its way to
the sink; delivered: the sink took it; confirmed: the target has read it; kept: not where it was meant to go; empty:
nothing was said; recovering: a later run tries to understand it; recovered: that run offered its words."""
JOURNAL = "the journal"
"""Where words are kept when the sink has none of them."""
MOST_ATTEMPTS = 3
"""Runs that try to understand what an earlier one left: what kills the recognizer must not do so for ever."""
RESTING = frozenset(("delivered", "confirmed", "kept", "failed", "cancelled", "empty", "recovered"))
"""States in which nobody is at work on it."""
_OVER = frozenset(("delivered", "confirmed", "cancelled", "empty", "recovered"))


@dataclass(frozen=True, slots=True)
class Dictated:
    """One dictation of the journal."""

    id: str
    """``d`` and date and time of its beginning: d20261120-141500."""
    began: str = ""
    """ISO 8601, local time with its zone."""
    state: LedgerState = "started"
    trigger: str = ""
    target: str | None = None
    """Where its words were meant to go."""
    seconds: float | None = None
    """Length of the recording; None while it was not finished."""
    text: str | None = None
    raw: str | None = None
    """As it was recognized, where a clean-up changed it."""
    language: str = ""
    where: str | None = None
    reason: str | None = None
    doubt: str | None = None
    """Why words may be missing."""
    attempts: int = 0
    """Later runs that tried to understand it."""
    sent: bool = False
    """Whether the words were on their way to a sink when the run died."""

    @property
    def unfinished(self) -> bool:
        """Whether a later run should take care of it."""
        if self.state in _OVER or self.attempts >= MOST_ATTEMPTS:
            return False
        return self.state != "kept" or self.where == JOURNAL


_FIELDS = frozenset(("trigger", "target", "seconds", "text", "raw", "language", "where", "reason", "doubt"))


def line(state: LedgerState, at: str, facts: Mapping[str, Any]) -> str:
    """One line without its end; what is None is left out."""
    known = {key: value for key, value in facts.items() if value is not None}
    return json.dumps({"state": state, "at": at, **known}, ensure_ascii=False)


def folded(id_: str, lines: Iterable[str]) -> Dictated | None:
    """What the lines say together; None when there is no whole one."""
    found: Dictated | None = None
    for text in lines:
        try:
            shape = json.loads(text)
        except ValueError:
            continue
        if isinstance(shape, dict) and shape.get("state") in get_args(LedgerState):
            found = _next(found or Dictated(id_, began=str(shape.get("at", ""))), shape)
    return found


def _next(before: Dictated, shape: Mapping[str, Any]) -> Dictated:
    state = cast("LedgerState", shape["state"])
    known = {key: value for key, value in shape.items() if key in _FIELDS}
    after = replace(before, state=state, sent=state == "delivering", **known)
    if state in {"recovering", "failed"}:  # what was on its way may have arrived, whatever was done since
        after = replace(after, sent=before.sent)
    return replace(after, attempts=before.attempts + 1) if state == "recovering" else after
