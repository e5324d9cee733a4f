"""Talon's folder: written, compiled, and run against a stand-in for Talon with the real sink at the other end."""

from __future__ import annotations

import asyncio
import json
import os
import py_compile
import time
from pathlib import Path

import pytest

from pipeline import TalonLink, talon_exchange
from pipeline.sinks.talon import TalonSink
from pipeline.sinks.text import Receipt, SinkError
from tests.kit.talon import talon
from tests.ui.conftest import Prism


@pytest.fixture
def module(tmp_path: Path, prism: Prism) -> Path:
    """The generated Python file."""
    user = tmp_path / "user folder"
    user.mkdir()
    ran = prism("ctl", "talon-install", str(user), "--json")
    assert ran.code == 0, ran.err
    written = [Path(name) for name in json.loads(ran.out)["written"]]
    assert sorted(file.name for file in written) == [
        "prism.talon",
        "prism_asleep.talon",
        "prism_dictation.py",
    ]
    return user / "prism" / "prism_dictation.py"


def test_the_generated_files_compile_and_hold_no_holes(module: Path) -> None:
    py_compile.compile(str(module), doraise=True)
    text = module.read_text("utf-8")
    assert repr(str(talon_exchange())) in text
    assert "{folder}" not in text
    assert "{command}" not in text


def test_a_second_time_replaces_them(module: Path, prism: Prism) -> None:
    module.write_text(module.read_text("utf-8").replace("50ms", "99ms"), "utf-8")
    assert prism("ctl", "talon-install", str(module.parents[1])).code == 0
    assert "99ms" not in module.read_text("utf-8")


def test_a_file_of_the_users_is_not_replaced(module: Path, prism: Prism) -> None:
    mine = module.with_name("prism.talon")
    mine.write_text("prism start: insert('mine')\n")
    ran = prism("ctl", "talon-install", str(module.parents[1]))
    assert ran.code == 1
    assert "not made by Prism" in ran.err
    assert mine.read_text() == "prism start: insert('mine')\n"


def test_without_talon_it_is_said_what_to_do(prism: Prism, tmp_path: Path) -> None:
    ran = prism("ctl", "talon-install", str(tmp_path / "nowhere"))
    assert ran.code == 3
    assert "install Talon" in ran.err


async def test_words_go_through_talons_own_insertion(module: Path, tmp_path: Path) -> None:
    with talon(module, tmp_path / "talon") as running:
        sink = TalonSink()
        assert await sink.begin() == "notes"
        assert await sink.commit('Élan, 😀\nand "quotes"') == Receipt("sent", "notes")
        running.wait_for("insert", 'Élan, 😀\nand "quotes"')
        assert [what for what, _ in running.told()].count("insert") == 1
        assert list(talon_exchange().iterdir()) == []  # nothing that was said is left there


async def test_the_next_dictation_takes_no_word_from_the_one_before(module: Path, tmp_path: Path) -> None:
    """Its question for the window comes in the very moment in which the words are to be inserted."""
    with talon(module, tmp_path / "talon") as running:
        first, second = TalonSink(), TalonSink()
        await first.begin()
        receipt, window = await asyncio.gather(first.commit("one"), second.begin())
        assert (receipt, window) == (Receipt("sent", "notes"), "notes")
        assert running.told() == [["insert", "one"]]


async def test_when_the_focus_has_changed_the_words_are_on_the_clipboard(
    module: Path, tmp_path: Path
) -> None:
    with talon(module, tmp_path / "talon") as running:
        sink = TalonSink()
        await sink.begin()
        running.focus("bank")
        receipt = await sink.commit("secret")
        assert (receipt.delivery, receipt.where) == ("kept", "the clipboard")
        assert "another window has the focus" in (receipt.reason or "")
        assert running.told() == [["clipboard", "secret"]]


async def test_what_talon_raises_is_told_and_the_words_stay_with_the_caller(
    module: Path, tmp_path: Path
) -> None:
    with talon(module, tmp_path / "talon"):
        sink = TalonSink()
        await sink.begin()
        with pytest.raises(SinkError, match="takes no text"):
            await sink.commit("REFUSE")


async def test_a_request_that_was_taken_is_never_repeated_nor_called_lost(
    module: Path, tmp_path: Path
) -> None:
    with talon(module, tmp_path / "talon") as running:
        sink = TalonSink(limit_s=0.2)
        await sink.begin()
        receipt = await sink.commit("SLOW")
        assert receipt.delivery == "sent"
        assert "did not say" in (receipt.reason or "")
        running.wait_for("insert", "SLOW")


async def test_a_request_that_nobody_takes_is_withdrawn() -> None:
    sink = TalonSink(limit_s=0.1)
    with pytest.raises(SinkError, match="talon-install"):
        await sink.begin()
    assert [file.name for file in talon_exchange().iterdir()] == []


def test_talon_sleeps_while_prism_records_and_wakes_after(module: Path, tmp_path: Path) -> None:
    link = TalonLink()
    with talon(module, tmp_path / "talon") as running:
        link.show("listening")
        running.wait_for("asleep")
        running.wait_for("tags", ["user.prism_listening"])
        link.show("processing")
        running.wait_for("awake")
        running.wait_for("tags", [])


def test_talon_wakes_when_prism_has_died_while_it_recorded(module: Path, tmp_path: Path) -> None:
    link = TalonLink()
    with talon(module, tmp_path / "talon") as running:
        link.show("listening")
        running.wait_for("asleep")
        long_ago = time.time() - 60
        os.utime(talon_exchange() / "state.json", (long_ago, long_ago))
        running.wait_for("awake")


def test_saying_prism_start_drives_the_program_and_a_failure_is_shown(module: Path, tmp_path: Path) -> None:
    with talon(module, tmp_path / "talon") as running:
        running.say("start")
        give_up = time.monotonic() + 15
        while not running.told() and time.monotonic() < give_up:
            time.sleep(0.05)
        ((what, text),) = running.told()
        assert what == "notify"
        assert "start it with: prism dictate" in text
