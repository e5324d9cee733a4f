"""Where the time of a turn went: named moments on the audio clock, told in milliseconds from t0.

t0 is the end of the last voiced sample; ``first_audio`` is what an ear would measure: the first audible sample at the
device. Nothing here reads a clock of its own.
"""

from __future__ import annotations

from typing import Any

FROM_T0 = (
    "pause",
    "stt_started",
    "stt_done",
    "llm_started",
    "llm_first_token",
    "first_clause",
    "tts_first_chunk",
    "committed",
    "first_audio",
)
"""Moments that are told from t0, in the order in which a turn passes them."""

SPANS = {
    "stt_ms": ("stt_started", "stt_done"),
    "llm_ttft_ms": ("llm_started", "llm_first_token"),
    "tts_ms": ("first_clause", "tts_first_chunk"),
}
"""Durations of single stages, by the moments that bound them."""


class Timeline:
    """The moments of one turn. The first time that a moment is marked counts."""

    def __init__(self, t0: float | None) -> None:
        """``t0``: position of the last voiced sample, seconds; None for a turn that no voice asked for."""
        self.t0 = t0
        self._marks: dict[str, float] = {}

    def mark(self, name: str, at: float) -> None:
        """Note that ``name`` happened at ``at`` (s)."""
        self._marks.setdefault(name, at)

    def since_t0(self, name: str) -> float | None:
        """Milliseconds from t0 to a moment; None if there is no such moment."""
        if self.t0 is None or name not in self._marks:
            return None
        return _ms(self._marks[name] - self.t0)

    def summary(self, *, speculation: str, heard_s: float) -> dict[str, Any] | None:
        """The ``latency`` of a completed turn in milliseconds; None without t0."""
        if self.t0 is None:
            return None
        row: dict[str, Any] = {n: _ms(self._marks[n] - self.t0) for n in FROM_T0 if n in self._marks}
        for name, (start, end) in SPANS.items():
            if start in self._marks and end in self._marks:
                row[name] = _ms(self._marks[end] - self._marks[start])
        row["speculation"] = speculation
        row["heard_ms"] = _ms(heard_s)
        return row


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
