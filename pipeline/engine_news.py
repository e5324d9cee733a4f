"""News of engines that restarted or took over from each other, of the graphics card, and of tools that are missing.

They go from rooms that outlive conversations to all who listen. An engine may fail while it is warmed, before anybody
listens: that is kept and told to the first listener. A conversation that comes later is told what comes later, and one
that is over nothing any more. All is called in the event loop's thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.events import BackendSwitched, EngineRestarted, QualityChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from pipeline.events import Emit, PipelineEvent

    MakeEvent = Callable[[float], PipelineEvent]

KEPT = 16
"""News that are kept for the first listener."""


class EngineNews:
    """One for all rooms."""

    def __init__(self) -> None:
        self._kept: list[MakeEvent] = []
        self._listeners: list[tuple[Clock, Emit]] = []
        self.strained = False
        """Whether the graphics card is too hot or too full for what is not necessary."""

    def restarted(self, room: str, engine: str, reason: str) -> None:
        """The process of ``engine`` was lost and another is in its place."""
        self._tell(lambda t: EngineRestarted(t=t, room=room, engine=engine, reason=reason))

    def switched(self, room: str, before: str, after: str, reason: str) -> None:
        """``after`` works in the place of ``before``."""
        self._tell(lambda t: BackendSwitched(t=t, room=room, from_=before, to=after, reason=reason))

    def lost_tools(self, server: str, reason: str) -> None:
        """An MCP server is of no use, so that its tools are missing."""
        self._tell(lambda t: QualityChanged(t=t, what="tools", from_=server, to="none", reason=reason))

    def card(self, *, strained: bool, reason: str) -> None:
        """The graphics card is strained, or is no more."""
        self.strained = strained
        before, after = ("well", "strained") if strained else ("strained", "well")
        self._tell(lambda t: QualityChanged(t=t, what="gpu", from_=before, to=after, reason=reason))

    def listen(self, clock: Clock, emit: Emit) -> None:
        """Tell ``emit`` too from now on, and first what was kept."""
        self._listeners.append((clock, emit))
        kept, self._kept = self._kept, []
        for make in kept:
            self._tell(make)

    def leave(self, emit: Emit) -> None:
        """Tell ``emit`` no more; twice is fine."""
        self._listeners = [(clock, told) for clock, told in self._listeners if told != emit]

    def _tell(self, make: MakeEvent) -> None:
        if not self._listeners:
            self._kept = [*self._kept, make][-KEPT:]
        for clock, emit in tuple(self._listeners):
            emit(make(clock.now()))
