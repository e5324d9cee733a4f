"""Dictations from the key to the sink, on virtual time."""

from __future__ import annotations

from pipeline import Start, Stop
from stt import Line
from tests.kit.conversation import Said
from tests.kit.dictation import Book, Pressed, World, dictate


def test_hold_speak_release_and_the_words_are_there() -> None:
    found = dictate(
        World([Said(0.5, 2.5)], [Line("Bonjour tout le monde.", "fr")]), dictation__partials=False
    )
    assert found.book.texts == ["Bonjour tout le monde."]
    assert found.states == ["listening", "processing", "inserting", "idle"]
    assert found.names == [
        "dictation.state",
        "dictation.started",
        "dictation.state",
        "dictation.stopped",
        "dictation.text",
        "dictation.state",
        "dictation.delivered",
        "dictation.state",
    ]
    assert found.one("dictation.started")["target"] == "an editor"
    assert found.one("dictation.text")["language"] == "fr"
    assert found.one("dictation.delivered")["delivery"] == "confirmed"
    assert found.book.closed == 1


def test_the_next_one_begins_while_the_former_is_still_understood() -> None:
    pressed: Pressed = [(0.0, Start("hold")), (2.0, Stop()), (2.1, Start("hold")), (4.0, Stop())]
    lines = [Line("The first.", delay=3.0), Line("The second.", delay=0.1)]
    found = dictate(
        World([Said(0.2, 1.9), Said(2.2, 3.9)], lines, Book(slow_s=1.0)), pressed, dictation__partials=False
    )
    assert found.book.texts == ["The first.", "The second."]
    assert found.states == ["listening", "processing", "listening", "processing", "inserting", "idle"]
