"""What the stages of one turn share: its clock, its timeline, its voice in the event stream.

Before the commit nothing of a turn may be seen: ``publish`` keeps the events of a provisional turn back, and their
failure with them, until the commit releases them in their order, or drops them with the turn.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.clock import Clock
    from pipeline.events import Emit, PipelineEvent
    from pipeline.latency import Timeline
    from pipeline.stepping import Activity

log = logging.getLogger("prism.turn")


class TurnContext:
    """One per turn."""

    def __init__(self, number: int, clock: Clock, emit: Emit, activity: Activity, timeline: Timeline) -> None:
        self.number = number
        self.clock = clock
        self.activity = activity
        self.timeline = timeline
        self.committed = asyncio.Event()
        self.failure: tuple[str, str] | None = None
        """Stage and sentence of the first failure."""
        self._emit = emit
        self._kept: list[PipelineEvent] = []

    def mark(self, name: str) -> None:
        """Note a moment of the timeline: now."""
        self.timeline.mark(name, self.clock.now())

    def publish(
        self, kind: type[PipelineEvent], fields: Mapping[str, Any], *, at: float | None = None
    ) -> None:
        """Emit an event of this turn, or keep it until the commit. ``at`` (s) is now unless given."""
        event = kind(t=self.clock.now() if at is None else at, turn=self.number, **fields)
        if self.committed.is_set():
            self._emit(event)
        else:
            self._kept.append(event)

    def commit(self) -> None:
        """Release what was kept: it becomes known now, whenever it was thought of."""
        self.committed.set()
        now = self.clock.now()
        kept, self._kept = self._kept, []
        for event in kept:
            self._emit(dataclasses.replace(event, t=max(event.t, now)))

    def fail(self, stage: str, error: Exception) -> None:
        """A stage failed. The first failure is the one that is told; downstream finishes what is ready."""
        log.warning("turn %d failed in %s: %s", self.number, stage, error)
        if self.failure is None:
            self.failure = (stage, str(error))
