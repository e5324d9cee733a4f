"""The line at the bottom of the terminal: what it says after which event."""

from __future__ import annotations

import pytest
from rich.text import Text

from pipeline import (
    DictationStarted,
    DictationStateChanged,
    DictationText,
    PipelineEvent,
    TranscriptPartial,
)
from ui.cli.state_line import TAIL, StateLine, line_for

STARTED = DictationStarted(t=0, id="d1", trigger="hold", target="notes [draft].txt")


def partial(text: str) -> TranscriptPartial:
    return TranscriptPartial(t=1, text=text, revision=1, language="en")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (DictationStateChanged(t=0, state="listening"), "● Listening"),
        (DictationStateChanged(t=0, state="processing"), "Understanding ..."),
        (DictationStateChanged(t=0, state="idle"), "Ready."),
        (DictationStateChanged(t=0, state="error"), "Ready; the last dictation failed."),
        (DictationStateChanged(t=0, state="a later one"), "before"),
        (STARTED, "● Listening → notes [draft].txt"),
        (DictationStarted(t=0, id="d1", trigger="hold"), "before"),
        (partial("a [bold]b\nc"), "● Listening  a [bold]b c"),
        (DictationText(t=2, id="d1", text="words", language="en"), "before"),
    ],
)
def test_what_the_line_says(event: PipelineEvent, expected: str) -> None:
    assert Text.from_markup(line_for(event, "before")).plain == expected


def test_a_long_dictation_shows_its_latest_words() -> None:
    line = Text.from_markup(line_for(partial("start " + "x" * 500 + " end"), "")).plain
    assert line.endswith("end")
    assert "start" not in line
    assert len(line) <= TAIL + 20


def test_nothing_shows_before_the_start_and_the_end_is_fine_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    line = StateLine()
    line.notify(DictationStateChanged(t=0, state="listening"))
    line.close()
    assert capsys.readouterr().err == ""
    line.start()
    line.notify(DictationStateChanged(t=1, state="idle"))
    line.close()
    line.close()
    assert "Ready." in capsys.readouterr().err
