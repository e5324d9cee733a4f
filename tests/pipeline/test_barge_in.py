"""What is a mere sign of listening, and what is an answer."""

from __future__ import annotations

import pytest

from pipeline.barge_in import Scene, dismisses, is_backchannel
from pipeline.endpointing import FRAME_MS, Endpointer
from tests.kit.settings import settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oui.", True),
        ("Oui, oui.", True),
        ("Ah bon ?", True),
        ("D'accord.", True),
        ("D’accord, je vois.", True),
        ("Mm-hm.", True),
        ("Okay, got it.", True),
        ("OK", True),
        ("Very good.", False),
        ("Oui mais non.", False),
        ("Stop.", False),
        ("Arrête.", False),
        ("Non.", False),
        ("No.", False),
        ("Yes, tell me more about it.", False),
        ("Yes yes yes yes yes", False),
        ("...", False),
        ("", False),
    ],
)
def test_backchannels(text: str, expected: bool) -> None:
    assert is_backchannel(text) == expected


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (Scene(audible=True, last_heard="It is a fine day."), True),
        (Scene(audible=True, last_heard="Shall I go on?"), False),
        (Scene(audible=True, last_heard="« On continue ? »"), False),
        (Scene(audible=False), False),
    ],
)
def test_a_yes_depends_on_what_was_being_heard(scene: Scene, expected: bool) -> None:
    assert dismisses("Yes.", scene) == expected


def endpointer() -> Endpointer:
    return Endpointer(settings(turn__min_wait_ms=480, turn__max_wait_ms=1440).turn)


def test_the_wait_follows_the_words() -> None:
    e = endpointer()
    assert [e.wait_ms(t) for t in ("It is done.", "It is done", "It is done and", "")] == [
        480,
        960,
        1440,
        480,
    ]


def test_the_wait_grows_with_the_pauses_of_the_speaker_but_not_without_end() -> None:
    e = endpointer()
    e.spoke_on(600)
    assert e.wait_ms("It is done.") == pytest.approx(690)
    for _ in range(20):
        e.spoke_on(5000)
    assert e.wait_ms("It is done.") == pytest.approx(960)
    assert e.wait_ms("And") == 1440
    for _ in range(40):
        e.spoke_on(150)
    assert e.wait_ms("It is done.") == pytest.approx(480, abs=5)


def test_there_is_no_use_in_a_wait_below_the_time_to_be_ready() -> None:
    e = endpointer()
    e.was_ready(900)
    assert e.wait_ms("It is done.") == 900 - FRAME_MS
    e.was_ready(100_000)
    assert e.wait_ms("It is done.") == 1440
