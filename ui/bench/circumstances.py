"""What else went on while something was measured: the reader of a figure must know how busy the machine was."""

from __future__ import annotations

import time

from ui.bench.figures import percentile
from ui.bench.machine import busy_s, load, own_s, timer_lateness


class Circumstances:
    """Watches from when it is made until ``over``."""

    def __init__(self, control_s: float) -> None:
        """``control_s``: seconds for which the machine's own timers are watched first."""
        self._late = timer_lateness(control_s)
        self._load = load()
        self._busy = busy_s()
        self._own = own_s()
        self._begun = time.perf_counter()

    def over(self) -> dict[str, object]:
        """The facts of a board."""
        took = time.perf_counter() - self._begun
        told: dict[str, object] = {
            "took": f"{took:.0f} s",
            "load": f"{self._load} to {load()}" if self._load is not None else None,
            "timers late": f"{percentile(self._late, 0.5):.1f}/{percentile(self._late, 0.95):.1f} ms p50/p95",
        }
        busy = busy_s()
        if busy is not None and self._busy is not None:
            others = max(0.0, (busy - self._busy) - (own_s() - self._own)) / took
            told["other processes"] = f"{others:.2f} cores"
        return told
