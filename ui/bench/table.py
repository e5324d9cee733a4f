"""Figures as aligned text for a terminal or a report. Pure: boards in, lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ui.bench.compare import Ratio
    from ui.bench.figures import Board, Series

HEAD = ("figure", "n", "p50", "p95", "max", "unit", "goal", "verdict")
COMPARED = (
    "figure",
    "unit",
    "n old",
    "n new",
    "p50 old",
    "p50 new",
    "old/new",
    "p95 old",
    "p95 new",
    "old/new",
)
LEFT = {"figure", "unit", "goal", "verdict"}
"""Columns that begin at their left edge; numbers end at their right one."""


def board_lines(board: Board) -> list[str]:
    """The heading, the table and the remarks of one contest."""
    rows = [_row(series) for series in board.series if series.samples]
    body = aligned(HEAD, rows) if rows else ["nothing was measured"]
    return [f"== {board.contest}{_circumstances(board)}", *body, *(f"  - {text}" for text in board.remarks)]


def ratio_lines(ratios: Sequence[Ratio]) -> list[str]:
    """Old against new, figure by figure; above 1 the new value is the smaller one."""
    if not ratios:
        return ["== compared: no figure is in both"]
    rows = [
        (
            f"{ratio.contest}: {ratio.name}",
            ratio.unit,
            *map(str, ratio.counts),
            *(
                text
                for old, new in (ratio.p50, ratio.p95)
                for text in (number(old), number(new), _over(old, new))
            ),
        )
        for ratio in ratios
    ]
    return ["== compared (old/new: above 1 is less than before)", *aligned(COMPARED, rows)]


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A head and its rows in columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(row: Sequence[str]) -> Iterator[str]:
        for title, cell, width in zip(head, row, widths, strict=True):
            yield cell.ljust(width) if title in LEFT else cell.rjust(width)

    return ["  ".join(line(row)).rstrip() for row in [head, *rows]]


def number(value: float) -> str:
    """With as many digits as are worth reading."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _row(series: Series) -> tuple[str, ...]:
    several = len(series.samples) > 1
    return (
        series.name,
        str(len(series.samples)),
        number(series.at("p50")),
        number(series.at("p95")) if several else "",
        number(series.at("max")) if several else "",
        series.unit,
        str(series.goal or ""),
        series.verdict,
    )


def _circumstances(board: Board) -> str:
    """What else went on, in brackets."""
    told = [
        f"{name} {value}"
        for name in ("took", "load", "timers late", "other processes")
        if (value := board.facts.get(name)) is not None
    ]
    return f" ({', '.join(told)})" if told else ""


def _over(old: float, new: float) -> str:
    return f"{old / new:.2f}" if new else "-"
