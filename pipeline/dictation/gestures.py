"""What a key means: its edges become intents. Pure: time is an argument, nothing waits here.

    hold         down starts, up stops
    toggle       each press starts or stops
    tap-or-hold  a press starts; held for half a second or longer, its release stops, else the next press does
    double-tap   two presses within 0.4 s start or stop

Two rules hold for all of them. A release counts when it has lasted 50 ms: keys bounce, and X11 repeats a held key as
releases and presses. A press that follows the one before without a release in between means that the release was lost;
within 30 ms it is a bounce. A release that was found late (the key is polled while it is down) comes in like any
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from pipeline.desktop.base import KeyEdge

GestureKind: TypeAlias = Literal["hold", "toggle", "tap-or-hold", "double-tap"]
GESTURES: tuple[GestureKind, ...] = get_args(GestureKind)
Intent: TypeAlias = Literal["start", "stop", "toggle", "let-go"]
"""let-go: the key is up, and what it started goes on."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a bounce ends and a gesture begins, seconds. The first two are what Handy arrived at."""

    bounce_s: float = 0.03
    release_s: float = 0.05
    hold_s: float = 0.5
    double_s: float = 0.4


class Gesture:
    """Follows one key. Feed it edges in order, and ask it again at ``deadline``."""

    def __init__(self, kind: GestureKind, timing: Timing | None = None) -> None:
        self.kind = kind
        self._timing = timing or Timing()
        self._pressed_at: float | None = None
        self._up_at: float | None = None
        self._started = False
        self._tapped_at: float | None = None

    def __repr__(self) -> str:
        return f"<Gesture {self.kind}, key {'down' if self.is_down else 'up'}>"

    @property
    def is_down(self) -> bool:
        """Whether the key counts as down: also while its release is not certain yet."""
        return self._pressed_at is not None

    @property
    def deadline(self) -> float | None:
        """When ``due`` has something to say (s, monotonic), or None."""
        return None if self._up_at is None else self._up_at + self._timing.release_s

    def edge(self, edge: KeyEdge, *, listening: bool) -> tuple[Intent, ...]:
        """What an edge means; ``listening`` says whether a dictation is being recorded now."""
        before = self.due(edge.at)
        return before + (self._down(edge.at, listening) if edge.down else self._up(edge.at))

    def due(self, now: float) -> tuple[Intent, ...]:
        """What the time that has passed means."""
        if self.deadline is None or now < self.deadline:
            return ()
        return self._released()

    def _up(self, at: float) -> tuple[Intent, ...]:
        if self._pressed_at is not None and self._up_at is None:
            self._up_at = at
        return ()

    def _down(self, at: float, listening: bool) -> tuple[Intent, ...]:
        if self._up_at is not None:  # it is back before its release counted
            self._up_at = None
            return ()
        if self._pressed_at is not None and at - self._pressed_at < self._timing.bounce_s:
            return ()
        again, self._pressed_at = self._pressed_at is not None, at
        return self._press(at, again, listening)

    def _press(self, at: float, again: bool, listening: bool) -> tuple[Intent, ...]:
        """A true press; ``again`` when the release of the one before was lost."""
        match self.kind:
            case "toggle":
                return ("toggle",)
            case "hold":
                return () if again and listening else ("start",)
            case "tap-or-hold":
                self._started = not listening
                return ("start",) if self._started else ("stop",)
            case "double-tap":
                quick = self._tapped_at is not None and at - self._tapped_at <= self._timing.double_s
                self._tapped_at = None if quick else at
                return ("toggle",) if quick else ()

    def _released(self) -> tuple[Intent, ...]:
        pressed_at, up_at = self._pressed_at or 0.0, self._up_at or 0.0
        self._pressed_at = self._up_at = None
        match self.kind:
            case "hold":
                return ("stop",)
            case "tap-or-hold":
                if not self._started:
                    return ()
                return ("stop",) if up_at - pressed_at >= self._timing.hold_s else ("let-go",)
            case _:
                return ()
