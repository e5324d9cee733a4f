"""``prism talk --latency``: after each turn, its waterfall in the terminal, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline import TurnCompleted, TurnInterrupted
from ui.cli.options import note
from ui.waterfall import bars

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pipeline import PipelineEvent

WIDTH = 48
"""Columns of the widest bar: fits a terminal of 80."""


class LatencyView:
    """An observer that draws."""

    def notify(self, event: PipelineEvent) -> None:
        """Draw the turn that is over, if it was measured."""
        if isinstance(event, TurnCompleted | TurnInterrupted) and event.latency:
            for line in lines(event.latency):
                note(line)


def lines(latency: Mapping[str, Any]) -> list[str]:
    """The waterfall as text: one line for each stage, milliseconds from the last voiced sample."""
    drawn = bars(latency)
    longest = max((end for _, _, end in drawn), default=0.0)
    if longest <= 0:
        return []
    rows = []
    for label, begin, end in drawn:
        first, last = (round(max(0.0, at) / longest * WIDTH) for at in (begin, end))
        bar = " " * first + "█" * max(1, last - first)
        rows.append(f"  {label:>16} {bar:<{WIDTH + 1}} {end - begin:6.0f} ms")
    heard = latency.get("first_audio")
    total = f"{heard:.0f} ms mouth to ear" if heard is not None else "nothing was heard"
    return [*rows, f"  {total}, speculation: {latency.get('speculation', 'off')}"]
