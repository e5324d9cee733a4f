"""How much sound a loudspeaker's device should hold: pure decisions on how often it ran dry.

A small buffer stops soon after you cut in; on a machine that has more to do than it can, it runs dry, because whoever
fills it (the sound server and we) gets the processor too late. So it begins small and grows: at once when it runs dry
again and again, in the next silence when it did so once, or when the machine is known to be overloaded. It shrinks step
by step when nothing of the kind happened for long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

OFTEN, OFTEN_S = 3, 10.0
"""So many times in so many seconds is worth a short interruption now to have none later."""
CALM_S = 300.0
"""Seconds without running dry after which a smaller one is tried."""
OVERLOADED = ((3.0, 3), (1.25, 2))
"""Processes that want to run, per core, and the size below which a buffer is then known to run dry."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is asked of a device."""

    latency_s: float
    """Seconds of buffer."""
    block_s: float
    """Seconds per block."""

    def __str__(self) -> str:
        return f"{1000 * self.latency_s:.0f} ms"


SIZES = (Size(0.03, 0.015), Size(0.06, 0.02), Size(0.1, 0.02), Size(0.2, 0.04))
"""The first was measured on PulseAudio at 40 to 50 ms to the ear; blocks of 15 ms keep an idle processor idle enough.
Two cores with five times as many processes: of 30 s, 33 gaps with the first, 4, none, none."""


@dataclass(frozen=True, slots=True)
class Change:
    """Another size is wanted."""

    before: Size
    after: Size
    reason: str
    urgent: bool = False
    """Now, and not in the next silence."""


class Cushion:
    """One per loudspeaker. Times are seconds on any clock that rises."""

    def __init__(self, load: float = 0.0) -> None:
        """``load``: processes that want to run, per core."""
        self._step = _least(load)
        self._dry: deque[float] = deque(maxlen=OFTEN)
        self._changed_at = float("-inf")
        self._due = False

    def __repr__(self) -> str:
        return f"<Cushion of {self.size}>"

    @property
    def size(self) -> Size:
        """What to ask of the next device that is opened."""
        return SIZES[self._step]

    def ran_dry(self, now: float) -> Change | None:
        """The device had nothing left to play in the midst of a reply."""
        self._dry.append(now)
        self._due = True
        if len(self._dry) == OFTEN and now - self._dry[0] <= OFTEN_S:
            return self._go(self._step + 1, now, f"the speaker ran dry {OFTEN} times", urgent=True)
        return None

    def silent(self, now: float, load: float) -> Change | None:
        """Nothing is being played: a good moment to change."""
        if self._due:
            return self._go(self._step + 1, now, "the speaker ran dry")
        if self._step < _least(load):
            return self._go(_least(load), now, "the machine has more to do than it can")
        calm = now - max(self._changed_at, self._dry[-1] if self._dry else float("-inf")) >= CALM_S
        if calm and self._step > _least(load):
            return self._go(self._step - 1, now, "it did not run dry any more")
        return None

    def _go(self, step: int, now: float, reason: str, *, urgent: bool = False) -> Change | None:
        self._due = False
        before, self._step = self.size, min(step, len(SIZES) - 1)
        if self.size == before:
            return None
        self._dry.clear()
        self._changed_at = now
        return Change(before, self.size, reason, urgent)


def _least(load: float) -> int:
    """The smallest size that is worth a try under that load."""
    return next((step for overload, step in OVERLOADED if load >= overload), 0)
