"""Figures as bars: boards in, one small SVG out. Pure.

A bar ends at the median, its thin tail at the 95th percentile, a dashed mark is the goal. Figures of one contest that
have one unit share a scale, so that lengths can be compared. Colors as in the latency picture, for light and dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from ui.bench.table import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.bench.figures import Board, Series

WIDTH = 760
LEFT, RIGHT = 330, 110
"""Pixels beside the bars: names, numbers."""
PITCH, BAR = 18, 9
HEAD = 34
"""Height of a contest's title, pixels."""
COLORS = {"": "#0b84c5", "ok": "#009e73", "above": "#e2632b"}
"""By verdict (Okabe and Ito: told apart by the color-blind)."""


def picture(boards: Sequence[Board]) -> str:
    """The text of an SVG file."""
    parts: list[str] = []
    y = 12
    for board in boards:
        shown = [series for series in board.series if series.samples]
        parts.append(_text(16, y + 18, board.contest, "title"))
        y += HEAD
        for series in shown:
            parts += _bar(series, y, _longest(series.unit, shown))
            y += PITCH
        if not shown:
            parts.append(_text(16, y + 8, "nothing was measured", "dim"))
            y += PITCH
    height = y + 12
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    paper = f'<rect class="paper" width="{WIDTH}" height="{height}"/>'
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', _STYLE, paper, *parts, "</svg>", ""]
    )


def _longest(unit: str, shown: Sequence[Series]) -> float:
    """The largest value, goals included, among the figures of a unit."""
    alike = [series for series in shown if series.unit == unit]
    reach = [max(series.at("p95"), series.goal.below if series.goal else 0.0) for series in alike]
    return max([*reach, 1e-9])


def _bar(series: Series, y: int, longest: float) -> list[str]:
    median, tail = series.at("p50"), series.at("p95")
    color = COLORS[series.verdict]
    drawn = [
        _text(LEFT - 10, y + BAR, series.name, "name", "end"),
        f'<rect x="{LEFT}" y="{y}" width="{_width(median, longest)}" height="{BAR}" rx="1.5" fill="{color}"/>',
        f'<rect x="{LEFT}" y="{y + BAR // 2}" width="{_width(tail, longest)}" height="1.5" fill="{color}"/>',
        _text(WIDTH - 12, y + BAR, f"{number(median)} {series.unit}", "name", "end"),
    ]
    if series.goal:
        x = LEFT + _width(series.goal.below, longest)
        drawn.append(f'<line x1="{x}" y1="{y - 3}" x2="{x}" y2="{y + BAR + 3}" class="goal"/>')
    return drawn


def _width(value: float, longest: float) -> float:
    """Pixels; what is below zero is drawn as nothing."""
    return round(max(1.0, (WIDTH - LEFT - RIGHT) * value / longest), 1)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


_STYLE = """<style>
text { font: 11px system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1c2126; }
.paper { fill: #ffffff; }
.title { font-size: 14px; font-weight: 600; }
.dim { fill: #5b636b; }
.goal { stroke: #1c2126; stroke-width: 1.5; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e8eaed; }
  .paper { fill: #16191d; }
  .dim { fill: #a3abb3; }
  .goal { stroke: #e8eaed; }
}
</style>"""
