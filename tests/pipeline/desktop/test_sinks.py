"""What the sinks paste, type and clipboard decide: who gets the words, when not, and what the receipt says."""

from __future__ import annotations

import pytest

from pipeline.sinks.clipboard import ClipboardSink
from pipeline.sinks.keystrokes import TypeSink
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import Receipt
from tests.kit.settings import settings
from tests.pipeline.desktop.scripted_desk import EDITOR, TERMINAL, ScriptedDesk

HANDS_OFF = "hands off within 2 s"
WAIT = "press and wait 8 s"


async def pasted(desk: ScriptedDesk, text: str = "mots", **changes: object) -> Receipt:
    sink = PasteSink(desk, settings(**{f"paste__{key}": value for key, value in changes.items()}).paste)
    await sink.begin()
    return await sink.commit(text)


async def test_a_paste_is_confirmed_by_the_read_and_then_put_back() -> None:
    desk = ScriptedDesk()
    assert await pasted(desk) == Receipt("confirmed", "letter.txt")
    assert desk.prepared
    assert desk.diary == [HANDS_OFF, "offer mots by ctrl+v to letter.txt", WAIT, "restore after 0.15 s"]


async def test_a_terminal_gets_its_own_keys_and_no_escapes() -> None:
    desk = ScriptedDesk([TERMINAL])
    await pasted(desk, "ls\x1b[A")
    assert desk.diary[1] == "offer ls[A by shift+insert to shell"


async def test_nothing_is_put_back_when_the_user_wants_it_so() -> None:
    desk = ScriptedDesk()
    await pasted(desk, restore=False)
    assert desk.diary[-1] == WAIT


@pytest.mark.parametrize(
    ("desk", "reason"),
    [
        (ScriptedDesk([EDITOR, TERMINAL]), "The focus moved from letter.txt to shell."),
        (ScriptedDesk([EDITOR, None]), "The focus moved from letter.txt to no window."),
        (ScriptedDesk([EDITOR, None], closed_windows=(EDITOR,)), "The window letter.txt was closed."),
        (ScriptedDesk([None, EDITOR]), "No window had the keyboard when you began to speak."),
        (ScriptedDesk(in_the_way="shell runs as administrator."), "shell runs as administrator."),
    ],
    ids=["moved", "nowhere", "closed", "none", "elevated"],
)
async def test_words_that_cannot_go_there_are_kept_without_a_key(desk: ScriptedDesk, reason: str) -> None:
    assert await pasted(desk) == Receipt("kept", "the clipboard", reason)
    assert desk.diary == [HANDS_OFF, "keep mots"]


async def test_the_window_is_looked_at_again_when_the_words_are_laid_down() -> None:
    desk = ScriptedDesk([EDITOR, EDITOR, TERMINAL])
    receipt = await pasted(desk)
    assert receipt == Receipt("kept", "the clipboard", "The focus moved from letter.txt to shell.")
    assert desk.diary == [HANDS_OFF, "offer mots by ctrl+v to letter.txt", "keep mots"]


async def test_without_a_read_the_words_stay_on_the_clipboard() -> None:
    desk = ScriptedDesk(taken="nobody")
    reason = "letter.txt did not take the words within 8 s."
    assert await pasted(desk) == Receipt("kept", "the clipboard", reason)
    assert desk.diary[-1] == WAIT


async def test_another_reader_is_no_proof_and_the_words_stay_for_the_target() -> None:
    desk = ScriptedDesk(taken="someone")
    assert await pasted(desk) == Receipt("sent", "letter.txt")
    assert desk.diary[-1] == WAIT


async def test_a_desktop_without_windows_pastes_where_the_keyboard_is() -> None:
    desk = ScriptedDesk([None], taken="someone", tells_windows=False)
    assert await pasted(desk) == Receipt("sent", "the active window")
    assert desk.diary[-1] == "restore after 0.15 s"


async def test_keys_that_cannot_be_pressed_leave_the_words_on_the_clipboard() -> None:
    desk = ScriptedDesk(no_keys="Keys may not be pressed here.")
    assert await pasted(desk) == Receipt("kept", "the clipboard", "Keys may not be pressed here.")


async def test_typing_goes_piece_by_piece_and_looks_before_each() -> None:
    desk = ScriptedDesk()
    sink = TypeSink(desk, settings().paste)
    assert await sink.begin() == "letter.txt"
    text = "un deux trois quatre cinq " * 4
    assert await sink.commit(text) == Receipt("sent", "letter.txt")
    typed = [line.removeprefix("type ") for line in desk.diary[1:]]
    assert desk.diary[0] == HANDS_OFF
    assert len(typed) > 1
    assert "".join(typed) == text


async def test_typing_that_is_left_keeps_the_rest() -> None:
    desk = ScriptedDesk([EDITOR, EDITOR, TERMINAL])
    sink = TypeSink(desk, settings().paste)
    await sink.begin()
    text = "un deux trois quatre cinq " * 4
    receipt = await sink.commit(text)
    _, first, kept = desk.diary
    typed = first.removeprefix("type ")
    assert kept == f"keep {text[len(typed) :]}"
    assert receipt.reason == (
        f"The focus moved from letter.txt to shell. The first {len(typed)} characters were typed before."
    )


async def test_the_clipboard_sink_needs_no_window() -> None:
    desk = ScriptedDesk([None])
    sink = ClipboardSink(desk)
    assert await sink.begin() == "the clipboard"
    assert await sink.commit("mots\x1b") == Receipt("confirmed", "the clipboard")
    await sink.aclose()
    assert desk.diary == ["keep mots\x1b", "close"]
