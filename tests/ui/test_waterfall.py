"""The latency picture as a program reads it: well-formed, complete, and safe with whatever was said."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from pipeline import (
    FROM_T0,
    PipelineEvent,
    TimerRang,
    TranscriptFinal,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
)
from ui.waterfall import LEFT, RIGHT, STAGES, WIDTH, TurnRow, rows_of, waterfall

SVG = "{http://www.w3.org/2000/svg}"
LATENCY: dict[str, Any] = {
    "pause": 96.0, "stt_started": 97.0, "stt_done": 297.0, "llm_started": 480.0, "llm_first_token": 530.0,
    "first_clause": 560.0, "tts_first_chunk": 600.0, "committed": 480.0, "first_audio": 634.0, "stt_ms": 200.0,
    "llm_ttft_ms": 50.0, "tts_ms": 40.0, "speculation": "off", "heard_ms": 1300.0,
}  # fmt: skip


def drawing(*rows: TurnRow) -> ET.Element:
    return ET.fromstring(waterfall(rows))  # noqa: S314  # our own text


def texts(root: ET.Element) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def bars(root: ET.Element) -> list[tuple[str, float, float]]:
    """Color, left edge and width of what lies right of the names of the stages."""
    return [
        (rect.attrib["fill"], float(rect.attrib["x"]), float(rect.attrib["width"]))
        for rect in root.iter(f"{SVG}rect")
        if rect.attrib.get("height") == "9" and rect.attrib.get("width") != "9"
    ]


def test_a_turn_has_a_bar_for_each_stage_where_it_was() -> None:
    root = drawing(TurnRow("Ça va ?", "fr", LATENCY))
    pixel = (WIDTH - LEFT - RIGHT) / 700  # the scale goes to the next hundred
    expected = [(0, 480), (97, 297), (480, 530), (530, 560), (560, 600), (600, 634)]
    drawn = bars(root)
    assert [color for color, _, _ in drawn] == [stage.color for stage in STAGES]
    for (_, left, width), (begin, end) in zip(drawn, expected, strict=True):
        assert left == pytest.approx(LEFT + begin * pixel, abs=0.1)
        assert width == pytest.approx((end - begin) * pixel, abs=0.2)
    shown = texts(root)
    assert "1. Ça va ?fr" in shown
    assert "mouth to ear 634 ms" in shown
    assert "700 ms" in shown
    assert "200 ms" in shown


def test_the_picture_has_one_width_and_grows_with_its_turns() -> None:
    one, three = (drawing(*[TurnRow("a", "en", LATENCY)] * count) for count in (1, 3))
    assert {one.attrib["width"], three.attrib["width"]} == {str(WIDTH)}
    assert int(three.attrib["height"]) > int(one.attrib["height"])
    assert len(bars(three)) == 3 * len(STAGES)


def test_all_turns_share_one_scale() -> None:
    slow = {**LATENCY, "first_audio": 3900.0}
    fast_bar = bars(drawing(TurnRow("a", "en", LATENCY), TurnRow("b", "en", slow)))[0]
    assert fast_bar[2] == pytest.approx(480 / 4000 * (WIDTH - LEFT - RIGHT), abs=0.2)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert('x')</script>",
        "a & b < c > d",
        "say \"hi\" 'now'",
        "null\x00bell\x07escape\x1b",
        "\ud800\uffff",
    ],
)
def test_whatever_was_said_is_text(hostile: str) -> None:
    root = drawing(TurnRow(hostile, hostile, LATENCY), TurnRow(hostile, hostile, None, hostile))
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in "svg style rect text tspan line".split()
    }
    assert any(hostile[0] in text for text in texts(root)) or not hostile[0].isprintable()


def test_a_long_title_is_shortened() -> None:
    assert max(len(text) for text in texts(drawing(TurnRow("mot " * 200, "fr", LATENCY)))) < 80


def test_a_partial_row_draws_what_it_knows() -> None:
    root = drawing(TurnRow("typed", "en", {"committed": 0.0, "first_audio": 20.0, "speculation": "hit"}))
    assert [bar[0] for bar in bars(root)] == [STAGES[0].color, STAGES[-1].color]
    assert "1. typeden · speculation: hit" in texts(root)


def test_nothing_measured_is_a_picture_too() -> None:
    assert "No turn was measured." in texts(drawing())


def test_the_colors_answer_to_the_reader_and_the_moments_are_the_pipeline_s() -> None:
    assert "prefers-color-scheme: dark" in waterfall([])
    assert {moment for stage in STAGES for moment in (*stage.begin, stage.end)} <= set(FROM_T0)


def test_rows_tell_each_turn_that_is_over() -> None:
    def final(turn: int, text: str) -> PipelineEvent:
        return TranscriptFinal(t=1.0, turn=turn, text=text, language="en", confidence=1.0)

    def committed(turn: int) -> PipelineEvent:
        return TurnCommitted(t=1.0, turn=turn, revision=0)

    events: list[PipelineEvent] = [
        final(1, "one"), committed(1), TurnCompleted(t=2.0, turn=1, text="A.", latency=LATENCY),
        final(2, "two"), committed(2),
        TurnInterrupted(t=3.0, turn=2, heard_text="It is", intended_text="It is late.", reason="speech"),
        TimerRang(t=4.0, label="", seconds=5.0), committed(3),
        TurnCompleted(t=5.0, turn=3, text="Time is up.", latency=None),
        final(4, "four"), committed(4), TurnFailed(t=6.0, turn=4, stage="llm", error="Gone."),
        final(5, "still thinking"), committed(5),
    ]  # fmt: skip
    assert rows_of(events) == [
        TurnRow("one", "en", LATENCY),
        TurnRow("two", "en", None, "interrupted after “It is”"),
        TurnRow("Prism: Time is up.", "", None, "no voice asked for this turn"),
        TurnRow("four", "en", None, "failed in llm: Gone."),
    ]
