"""The clipboard's tools: asked about before they read, and the desktop's real clipboard behind them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm import Scripted, ScriptedReply, Step, ToolCall, say
from pipeline.clipboard_tools import LONGEST, SystemClipboard, clipboard_tools, system_clipboard
from pipeline.phrases import may_i
from pipeline.tools import ToolError
from tests.kit.conversation import Outcome, Stages, hold

ROOT = Path(__file__).resolve().parents[2]


class Board:
    """A clipboard in memory."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def read(self) -> str:
        if not self.text:
            raise ToolError("the clipboard holds no text that can be read")
        return self.text

    def write(self, text: str) -> None:
        self.text = text


def calling(name: str, **arguments: object) -> ScriptedReply:
    return ScriptedReply((Step(ToolCall("c1", name, arguments)),), "tool_calls")


def talk(*lines: str, chat: Scripted, board: Board, language: str = "en", **changes: Any) -> Outcome:
    stages = Stages(chat=chat, offer_tools=True, tools=clipboard_tools(board))
    return hold([], stages, typed=lines, stt__language=language, **changes)


@pytest.mark.parametrize(
    ("language", "question", "yes"),
    [("en", "May I read the clipboard?", "Yes."), ("fr", "Puis-je lire le presse-papiers ?", "Oui, vas-y.")],
)
def test_reading_asks_first_and_then_gives_the_text(language: str, question: str, yes: str) -> None:
    chat = Scripted([calling("clipboard_read"), calling("clipboard_read"), say("It says hello.")])
    outcome = talk("Read it.", yes, chat=chat, board=Board("hello é"), language=language)
    assert may_i("clipboard_read", language) == question
    assert [text for _, text in outcome.history] == ["Read it.", question, yes, "It says hello."]
    (result,) = [json.loads(m.content) for m in chat.requests[2] if m.role == "tool"]
    assert result == {"ok": True, "content": "hello é"}


def test_a_no_leaves_it_unread() -> None:
    chat = Scripted([calling("clipboard_read"), say("All right.")])
    outcome = talk("Read it.", "No.", chat=chat, board=Board("a password"))
    assert outcome.all("tool.called") == []
    assert "password" not in str(chat.requests)


def test_writing_replaces_the_text() -> None:
    board = Board("old")
    chat = Scripted([calling("clipboard_write", text="new é"), say("Done.")])
    talk("Copy that.", chat=chat, board=board)
    assert board.text == "new é"


@pytest.mark.parametrize("text", ["", None, 5, "x" * (LONGEST + 1)])
def test_what_cannot_be_written_is_an_answer_and_no_harm(text: object) -> None:
    board = Board("old")
    chat = Scripted([calling("clipboard_write", text=text), say("Sorry.")])
    outcome = talk("Copy that.", chat=chat, board=board)
    assert outcome.one("tool.called")["ok"] is False
    assert board.text == "old"


def test_an_empty_clipboard_is_an_answer() -> None:
    chat = Scripted([calling("clipboard_read"), say("Nothing is there.")])
    outcome = talk("Read it.", chat=chat, board=Board(), tools__consent={"clipboard_read": "allow"})
    assert outcome.one("tool.called")["ok"] is False
    assert outcome.all("turn.failed") == []


def test_without_the_library_there_are_no_such_tools() -> None:
    assert clipboard_tools(None) == ()


@pytest.fixture(name="display")
def empty_desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server of its own."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb: install it (Debian, Ubuntu: apt-get install xvfb)")
    pytest.importorskip(
        "copykitten", reason="copykitten is not installed: pip install 'prism-voice[clipboard]'"
    )
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as told:
                display = f":{told.readline().strip()}"
            monkeypatch.setenv("DISPLAY", display)
            monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
            yield display
        finally:
            server.terminate()


OTHER = """
import sys
from pipeline.clipboard_tools import SystemClipboard
board = SystemClipboard()
if sys.argv[1:]:
    board.write(sys.argv[1])
    print("written", flush=True)
    sys.stdin.read()
else:
    print(board.read(), end="")
"""


@pytest.mark.real
def test_another_program_reads_what_was_written_and_the_other_way_round(display: str) -> None:
    """Each side in a process of its own: a library holds on to the first display that it saw."""
    command = [sys.executable, "-c", OTHER]
    environment = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)}
    text = "Déjà vu, 3 € 🙂"
    with subprocess.Popen(
        [*command, text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"written\n"
        deadline = time.monotonic() + 10
        got = b""
        while got.decode() != text and time.monotonic() < deadline:
            got = subprocess.run(
                command, capture_output=True, env=environment, check=False, timeout=10
            ).stdout
        owner.terminate()
    assert got.decode() == text


@pytest.mark.real
def test_without_a_desktop_it_says_so() -> None:
    pytest.importorskip(
        "copykitten", reason="copykitten is not installed: pip install 'prism-voice[clipboard]'"
    )
    nowhere = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    code = (
        "from pipeline.clipboard_tools import SystemClipboard\n"
        "from pipeline.tools import ToolError\n"
        "for call in (lambda: SystemClipboard().read(), lambda: SystemClipboard().write('x')):\n"
        "    try: call()\n"
        "    except ToolError as error: print(error)\n"
    )
    if sys.platform != "linux":
        pytest.skip("only Linux may have no desktop")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**nowhere, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("the clipboard") == 2


def test_the_system_has_one_exactly_where_the_library_is() -> None:
    try:
        import copykitten  # noqa: F401
    except ModuleNotFoundError:
        assert system_clipboard() is None
    else:
        assert isinstance(system_clipboard(), SystemClipboard)
