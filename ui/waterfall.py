"""A picture of where the time of each turn went: latency rows in, one SVG out. Pure.

One waterfall per turn, all on one scale, so that turns can be compared: milliseconds from the last voiced sample of the
user to the first audible sample of the reply. Colors are told apart by the color-blind (Okabe and Ito) and hold on
light and dark paper, between which the reader's preference chooses. Nothing here knows a terminal or a clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from pipeline import TranscriptFinal, TurnCommitted, TurnCompleted, TurnFailed, TurnInterrupted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline import PipelineEvent

WIDTH = 900
LEFT, RIGHT = 152, 96
"""Pixels beside the bars: the names of the stages, the numbers."""
BAR, PITCH = 9, 15
"""Height of a bar and distance from one to the next, pixels."""
HEAD, FOOT = 34, 34
"""Height above and below the bars of a turn, pixels."""
NOTE_HEIGHT = 44
TOP = 92
"""Height of the title and the legend, pixels."""
TITLE_LENGTH = 64
"""Characters of what was said that fit beside the total."""
TICKS = 8
"""Marks on the scale, at most."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One bar: what lies between two moments of a latency row."""

    name: str
    begin: tuple[str, ...]
    """It starts at the latest of these moments; without any of them at t0."""
    end: str
    color: str


STAGES = (
    Stage("end of utterance", (), "committed", "#8f959c"),
    Stage("recognition", ("stt_started",), "stt_done", "#0b84c5"),
    Stage("first token", ("llm_started",), "llm_first_token", "#e69f00"),
    Stage("first clause", ("llm_first_token",), "first_clause", "#cc79a7"),
    Stage("first speech", ("first_clause",), "tts_first_chunk", "#009e73"),
    Stage("first sound", ("tts_first_chunk", "committed"), "first_audio", "#e2632b"),
)
"""In the order in which a turn passes them."""
MEANINGS = (
    "waiting until you have finished",
    "speech to text",
    "the language model begins",
    "enough text to speak",
    "text to speech begins",
    "until it is heard",
)


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn of a conversation."""

    title: str
    """What was said."""
    language: str
    latency: Mapping[str, Any] | None
    """``turn.completed.latency``: milliseconds from t0; None when the turn has none."""
    remark: str = ""
    """What happened instead of a measured reply."""


def rows_of(events: Iterable[PipelineEvent]) -> list[TurnRow]:
    """The turns of a conversation that were committed and are over, in order."""
    rows: list[TurnRow] = []
    said: dict[int | None, TranscriptFinal] = {}
    for event in events:
        match event:
            case TranscriptFinal():
                said[event.turn] = event
            case TurnCommitted():
                said.setdefault(event.turn, TranscriptFinal(t=event.t, text="", language="", confidence=0.0))
            case TurnCompleted() | TurnInterrupted() | TurnFailed():
                words = said.pop(event.turn, None)
                rows.append(_row(event, words.text if words else "", words.language if words else ""))
    return rows


def waterfall(rows: Sequence[TurnRow]) -> str:
    """The picture, as the text of an SVG file ``WIDTH`` pixels wide and as high as the turns need."""
    longest = max((_end(row) for row in rows), default=0.0)
    scale = _Scale(longest)
    parts: list[str] = []
    y = TOP
    for number, row in enumerate(rows, 1):
        drawn, height = _turn(number, row, y, scale)
        parts += drawn
        y += height
    if not rows:
        parts.append(_text(24, y + 14, "No turn was measured.", "dim"))
        y += NOTE_HEIGHT
    height = y + 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    return "\n".join([head, _STYLE, _paper(height), *_heading(rows), *parts, "</svg>", ""])


class _Scale:
    """Milliseconds to pixels."""

    def __init__(self, longest: float) -> None:
        self.step = next(
            (step for step in (25, 50, 100, 200, 250, 500, 1000, 2000, 5000) if longest <= step * TICKS),
            10_000,
        )
        ticks = max(2, -int(-longest // self.step))
        self.ticks = [self.step * tick for tick in range(ticks + 1)]

    def x(self, milliseconds: float) -> float:
        """Pixels from the left edge."""
        span = WIDTH - LEFT - RIGHT
        return round(LEFT + span * max(0.0, milliseconds) / self.ticks[-1], 1)


def _row(event: TurnCompleted | TurnInterrupted | TurnFailed, said: str, language: str) -> TurnRow:
    match event:
        case TurnCompleted():
            remark = "" if event.latency else "no voice asked for this turn"
            return TurnRow(said or f"Prism: {event.text}", language, event.latency, remark)
        case TurnInterrupted():
            heard = f"after “{event.heard_text}”" if event.heard_text else "before its first sound"
            return TurnRow(said, language, None, f"interrupted {heard}")
        case TurnFailed():
            return TurnRow(said, language, None, f"failed in {event.stage}: {event.error}")


def bars(latency: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Name, begin and end (milliseconds) of each stage that ``turn.completed.latency`` knows."""
    return [(stage.name, begin, end) for stage, begin, end in _bars(TurnRow("", "", latency))]


def _bars(row: TurnRow) -> list[tuple[Stage, float, float]]:
    """Each stage that the row knows, with its begin and end in milliseconds."""
    latency = row.latency or {}
    found = []
    for stage in STAGES:
        if stage.end in latency:
            begin = max((float(latency[name]) for name in stage.begin if name in latency), default=0.0)
            found.append((stage, min(begin, float(latency[stage.end])), float(latency[stage.end])))
    return found


def _end(row: TurnRow) -> float:
    return max((end for _, _, end in _bars(row)), default=0.0)


def _turn(number: int, row: TurnRow, y: int, scale: _Scale) -> tuple[list[str], int]:
    """The drawing of one turn from ``y`` on, and its height."""
    title = _text(24, y + 14, f"{number}. {_shortened(row.title, TITLE_LENGTH)}", "said")
    speculation = (row.latency or {}).get("speculation", "off")
    small = " · ".join([row.language, *([] if speculation == "off" else [f"speculation: {speculation}"])])
    title = title.replace("</text>", f'<tspan class="dim" dx="8">{_clean(small)}</tspan></text>')
    bars = _bars(row)
    if not bars:
        return [title, _text(24, y + 30, _shortened(row.remark, 120), "dim")], NOTE_HEIGHT + 8
    below = y + HEAD + PITCH * len(bars)
    drawn = [title, *_grid(y + HEAD - 8, below, scale)]
    for place, (stage, begin, end) in enumerate(bars):
        drawn += _bar(stage, begin, end, y + HEAD + PITCH * place, scale)
    if row.latency and "first_audio" in row.latency:
        drawn += _total(float(row.latency["first_audio"]), y, below, scale)
    return drawn, HEAD + PITCH * len(bars) + FOOT


def _bar(stage: Stage, begin: float, end: float, y: int, scale: _Scale) -> list[str]:
    left, right = scale.x(begin), scale.x(end)
    width = max(2.0, round(right - left, 1))
    middle = y + BAR - 1
    return [
        _text(LEFT - 12, middle, stage.name, "stage", "end"),
        f'<rect x="{left}" y="{y}" width="{width}" height="{BAR}" rx="1.5" fill="{stage.color}"/>',
        _text(WIDTH - 24, middle, _ms(end - begin), "number", "end"),
    ]


def _total(first_audio: float, y: int, below: int, scale: _Scale) -> list[str]:
    x = scale.x(first_audio)
    return [
        f'<line x1="{x}" y1="{y + HEAD - 8}" x2="{x}" y2="{below}" class="total"/>',
        _text(WIDTH - 24, y + 14, f"mouth to ear {_ms(first_audio)}", "sum", "end"),
    ]


def _grid(top: int, bottom: int, scale: _Scale) -> list[str]:
    drawn = []
    for tick in scale.ticks:
        x = scale.x(tick)
        drawn.append(f'<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" class="grid"/>')
        drawn.append(
            _text(x, bottom + 12, _ms(tick) if tick == scale.ticks[-1] else str(tick), "tick", "middle")
        )
    return drawn


def _heading(rows: Sequence[TurnRow]) -> list[str]:
    heard = sorted(
        float(row.latency["first_audio"]) for row in rows if row.latency and "first_audio" in row.latency
    )
    drawn = [_text(24, 30, "From your last sound to the first sound of the reply", "title")]
    if heard:
        drawn.append(_text(WIDTH - 24, 30, f"median {_ms(_median(heard))}", "sum", "end"))
    for place, (stage, meaning) in enumerate(zip(STAGES, MEANINGS, strict=True)):
        x, y = 24 + place % 3 * 286, 54 + place // 3 * 18
        drawn.append(f'<rect x="{x}" y="{y - 8}" width="9" height="9" rx="1.5" fill="{stage.color}"/>')
        drawn.append(_text(x + 15, y, f"{stage.name}: {meaning}", "stage"))
    return drawn


def _median(values: Sequence[float]) -> float:
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}" class="{kind}"{place}>{_clean(text)}</text>'


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 or milliseconds == 0 else f"{milliseconds:.1f} ms"


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _clean(text: str) -> str:
    """Text for XML: escaped, without the characters that XML has no form for."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text))


def _paper(height: int) -> str:
    return f'<rect class="paper" width="{WIDTH}" height="{height}"/>'


_STYLE = """<style>
text { font: 12px system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1c2126; }
.paper { fill: #ffffff; }
.title { font-size: 17px; font-weight: 600; }
.said { font-size: 14px; }
.sum { font-size: 14px; font-weight: 700; }
.stage, .number, .tick { font-size: 10.5px; }
.dim, .stage, .number, .tick { fill: #5b636b; }
.grid { stroke: #e3e6e9; stroke-width: 1; }
.total { stroke: #1c2126; stroke-width: 1.5; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e8eaed; }
  .paper { fill: #16191d; }
  .dim, .stage, .number, .tick { fill: #a3abb3; }
  .grid { stroke: #2c3238; }
  .total { stroke: #e8eaed; }
}
</style>"""
