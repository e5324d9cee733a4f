"""The log file: what is in it, what never is, and that it cannot do harm."""

from __future__ import annotations

import json
import logging
import sys
import threading
from pathlib import Path

import pytest

from tests.ui.conftest import Prism
from ui.cli import log
from ui.cli.log import MAX_BYTES, OLDER_FILES, logging_to

logger = logging.getLogger("tests.log")


def entries(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_each_record_is_a_json_line_with_its_traceback(tmp_path: Path) -> None:
    file = tmp_path / "deep/prism.log"
    with logging_to(file, 0) as place:
        logger.info("heard %s", "été")
        logger.debug("too much")
        try:
            raise ValueError("a slip")
        except ValueError:
            logger.exception("broken")
    heard, broken = entries(file)
    assert place == file
    assert (heard["level"], heard["logger"], heard["message"]) == ("INFO", "tests.log", "heard été")
    assert "ValueError: a slip" in broken["error"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "prism.log").symlink_to("/dev/full")
    with logging_to(tmp_path / "prism.log", 0):
        logger.info("lost")


def test_without_a_file_nothing_is_told_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    told: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.lastResort, "handle", told.append)
    (tmp_path / "file").write_bytes(b"")
    with logging_to(tmp_path / "file/prism.log", 0) as place:
        logger.warning("quiet")
    assert (place, told) == (None, [])


def test_a_secret_is_never_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.hide(["hunter2-long", ""])
    with logging_to(tmp_path / "prism.log", 2):
        logger.info("key %s", "hunter2-long")
        try:
            raise ValueError("refused hunter2-long")
        except ValueError:
            logger.exception("broken")
    written = (tmp_path / "prism.log").read_text(encoding="utf-8") + capsys.readouterr().err
    assert "hunter2" not in written
    assert "key ********" in written


@pytest.mark.parametrize(("verbosity", "shown"), [(0, []), (1, ["INFO"]), (2, ["INFO", "DEBUG"])])
def test_the_terminal_gets_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verbosity: int, shown: list[str]
) -> None:
    with logging_to(tmp_path / "prism.log", verbosity):
        logger.info("one")
        logger.debug("two")
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == shown


def test_without_a_writable_folder_all_else_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with logging_to(tmp_path / "file/prism.log", 0) as place:
        logger.info("lost")
    assert place is None


def test_the_file_turns_over_and_few_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "prism.log"
    with logging_to(file, 0):
        for _ in range(5 * MAX_BYTES // 100_000):
            logger.info("x" * 100_000)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 1 + OLDER_FILES
    assert all(one.stat().st_size <= MAX_BYTES for one in kept)


def test_a_thread_that_dies_is_in_the_log_and_not_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def die() -> None:
        raise ValueError("in a thread")

    with logging_to(tmp_path / "prism.log", 0):
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
    assert "ValueError: in a thread" in entries(tmp_path / "prism.log")[0]["error"]
    assert not capsys.readouterr().err


def test_everything_is_as_before_afterwards(tmp_path: Path) -> None:
    before = (logging.root.handlers[:], logging.root.level, threading.excepthook, sys.unraisablehook)
    with logging_to(tmp_path / "prism.log", 2):
        pass
    assert (logging.root.handlers, logging.root.level, threading.excepthook, sys.unraisablehook) == before


def test_a_key_given_on_the_command_line_is_not_in_the_log(prism: Prism, home: Path) -> None:
    ran = prism("config", "show", "-vv", "--set", "llm.api_key=hunter3-long")
    logged = next((home / "state").rglob("prism.log")).read_text(encoding="utf-8")
    assert ran.code == 0
    assert "hunter3" not in ran.out + ran.err + logged
