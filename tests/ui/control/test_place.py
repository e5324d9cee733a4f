"""Where socket and lock lie, and who may be there."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import state_dir
from ui.control.lock import AlreadyRunning, held, is_held
from ui.control.peer import is_foreign
from ui.control.place import MAX_SOCKET_PATH, PlaceUnsafe, private, runtime_dir, socket_path

ROOT = Path(__file__).resolve().parents[3]


def test_the_runtime_folder_of_the_session_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/")
    assert runtime_dir() == Path("/prism")


@pytest.mark.parametrize("given", ["", "/does/not/exist"])
def test_without_one_the_state_folder_is_used(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", given)
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert runtime_dir() == state_dir() / "run" == Path("/s/prism/run")


def test_a_long_path_gets_a_short_name_that_is_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert len(os.fsencode(socket_path())) <= MAX_SOCKET_PATH
    assert socket_path() == socket_path()
    assert socket_path() != long / "prism" / "control.sock"


def test_a_private_folder_is_made_or_closed_to_others(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "open"):
        if folder.name == "open":
            folder.mkdir(mode=0o755)
        assert stat.S_IMODE(private(folder).stat().st_mode) == 0o700


def test_a_link_that_somebody_laid_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlaceUnsafe, match="not a folder of yours"):
        private(tmp_path / "link")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(PlaceUnsafe):
        private(tmp_path / "theirs")


def test_the_same_user_is_not_foreign() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not is_foreign(ours)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_foreign() -> None:
    os.seteuid(65534)
    try:
        ours, theirs = socket.socketpair()
    finally:
        os.seteuid(0)
    with ours, theirs:
        assert is_foreign(ours)


def test_one_process_holds_the_lock_and_says_which(tmp_path: Path) -> None:
    file = tmp_path / "daemon.lock"
    assert not is_held(file)
    with held(file):
        assert is_held(file)
        with pytest.raises(AlreadyRunning) as second, held(file):
            pass
        assert second.value.pid == os.getpid()
    assert not is_held(file)
    with held(file):
        pass


def test_the_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    file = tmp_path / "daemon.lock"
    die = (
        "import os, sys, pathlib, ui.control.lock as lock; "
        "holding = lock.held(pathlib.Path(sys.argv[1])); holding.__enter__(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", die, file], cwd=ROOT, check=True)
    assert file.read_text().isdigit()
    with held(file):
        assert file.read_text() == str(os.getpid())
