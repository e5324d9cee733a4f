"""Observers that need no screen: events as JSON lines, as log records, and kept for whoever asks later.

An observer is told of every event in order and must be quick, because the conversation waits for it. What people see
is another file (``view``).
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, TypeVar

from pipeline import to_json
from ui.cli.options import emit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline import PipelineEvent

    T = TypeVar("T", bound=PipelineEvent)

log = logging.getLogger("prism.events")

MILESTONES = ("turn.", "dictation.", "session.", "transcript.final", "backend.", "device.")
"""Beginnings of the names of the events that are worth a record when nobody asked for details."""
WORDS = frozenset(
    {"text", "heard_text", "intended_text", "label", "evidence", "raw", "committed", "target", "where"}
)
"""Fields that hold what somebody said, or the title of a window: a log that was not asked for details must not."""
TITLED = "dictation.kept"
"""The event whose ``reason`` names windows too."""


class JsonLines:
    """One JSON object per event on stdout, at once."""

    def notify(self, event: PipelineEvent) -> None:
        """Write it."""
        emit(to_json(event))


class Shown:
    """Shows the conversation as long as stdout takes it; when that fails (``| head``, a full disk), it has no point."""

    def __init__(self, show: Callable[[PipelineEvent], None], end: Callable[[], object]) -> None:
        """``show`` writes on stdout; ``end`` is called once when it no longer can."""
        self._show = show
        self._end = end
        self.failure: OSError | None = None
        """Why nothing is shown any more."""

    def notify(self, event: PipelineEvent) -> None:
        """Show it, unless that has failed before."""
        if self.failure is not None:
            return
        try:
            self._show(event)
        except OSError as error:
            self.failure = error
            self._end()


class EventLog:
    """Milestones at INFO without a word of what was said; everything with all its words at DEBUG."""

    def notify(self, event: PipelineEvent) -> None:
        """Make a record of it, if that level is wanted."""
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s", json.dumps(to_json(event), ensure_ascii=False))
        elif event.name.startswith(MILESTONES):
            words = WORDS | {"reason"} if event.name == TITLED else WORDS
            told = {key: value for key, value in to_json(event).items() if key not in words}
            log.info("%s", json.dumps(told, ensure_ascii=False))


class Collector:
    """Keeps the events of a conversation, in order."""

    def __init__(self) -> None:
        self.events: list[PipelineEvent] = []

    def notify(self, event: PipelineEvent) -> None:
        """Keep it."""
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
