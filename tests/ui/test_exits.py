"""How a run ends: the exit code of each error, its one line, and what a process does around it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import llm
import stt
import tts
from common.audio_host import AudioBackendMissing, AudioLost, AudioUnavailable
from config import ConfigError, HubUnreachable, ModelUnknown, StoreFull
from pipeline import MetricsUnavailable
from tests.ui.conftest import ROOT, Prism
from ui.cli.exits import Exit, Failure, UsageError, is_bug, most_telling, verdict

TABLE: list[tuple[BaseException, int, str | None]] = [
    (KeyboardInterrupt(), 130, None),
    (asyncio.CancelledError(), 130, None),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, None),
    (UsageError("no such thing"), 2, "no such thing"),
    (Failure(Exit.UNREADABLE, "that is no sound"), 4, "that is no sound"),
    (ConfigError("a key"), 2, "a key"),
    (ModelUnknown("a model"), 3, "a model"),
    (HubUnreachable("offline"), 3, "offline"),
    (StoreFull("no room"), 1, "no room"),
    (AudioBackendMissing("install it"), 3, "install it"),
    (AudioUnavailable("no microphone"), 3, "no microphone"),
    (AudioLost("it has gone"), 1, "it has gone"),
    (stt.STTBackendMissing("x"), 3, "x"),
    (stt.STTUnavailable("x"), 3, "x"),
    (stt.STTRejected("x"), 4, "x"),
    (stt.STTTimedOut("x"), 1, "x"),
    (llm.LLMBackendMissing("x"), 3, "x"),
    (llm.LLMUnavailable("x"), 3, "x"),
    (llm.LLMRejected("x"), 1, "x"),
    (tts.TTSUnavailable("x"), 3, "x"),
    (tts.TTSRejected("x"), 2, "x"),
    (MetricsUnavailable("Port 80 is taken."), 1, "Port 80 is taken."),
    (
        OSError(errno.ENOSPC, "No space left", "a.wav"),
        1,
        "a.wav: the disk is full; free some space and try again.",
    ),
    (
        OSError(errno.EADDRINUSE, "Address already in use"),
        1,
        "the address is in use by another program; stop it or choose another port (Address already in use).",
    ),
    (PermissionError(errno.EACCES, "Permission denied", "a.wav"), 1, "a.wav: Permission denied."),
    (
        MemoryError(),
        1,
        "There is not enough memory for this; close other programs or choose a smaller model.",
    ),
    (
        ModuleNotFoundError("No module named 'zither'", name="zither.strings"),
        3,
        "zither is not installed; get it with: pip install zither",
    ),
    (ModuleNotFoundError("No module named 'stt.nothing'", name="stt.nothing"), 1, None),
    (ValueError("a slip"), 1, None),
]


@pytest.mark.parametrize(("error", "code", "sentence"), TABLE, ids=lambda x: type(x).__name__)
def test_each_error_has_its_code_and_sentence(error: BaseException, code: int, sentence: str | None) -> None:
    assert verdict(error) == (code, sentence)
    assert is_bug(error) == (code == 1 and sentence is None)


def test_a_group_is_told_by_its_most_telling_member() -> None:
    bug, known = ValueError("a slip"), stt.STTUnavailable("no model")
    cancelled = asyncio.CancelledError()
    nested = BaseExceptionGroup("outer", [cancelled, bug, ExceptionGroup("inner", [known])])
    assert most_telling(nested) is known
    assert most_telling(BaseExceptionGroup("two", [cancelled, bug])) is bug
    assert verdict(BaseExceptionGroup("stop", [known, KeyboardInterrupt()])) == (130, None)


def in_a_process(body: str, *, stdout: int = subprocess.PIPE, **environ: str) -> subprocess.Popen[str]:
    """A process whose one command, ``config``, has ``body`` for its work."""
    program = f"""if True:
        import asyncio, os, sys, threading, time
        import ui.cli.commands.config_command as command
        from ui.cli.main import main
        def run(args):
{body}
        command.run = run
        sys.argv = ["prism", "config"]
        sys.exit(main())
    """
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
        cwd=ROOT,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=15)
    return process.returncode, out or "", err


def test_a_bug_is_one_line_and_its_traceback_is_in_the_log(home: Path) -> None:
    code, out, err = finished(in_a_process("            raise ValueError('a slip')"))
    log = next((home / "state").rglob("prism.log"))
    assert (code, out) == (1, "")
    assert err == f"prism: This is a bug in Prism: details are in {log}\n"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_without_a_log_a_bug_is_still_one_line(home: Path) -> None:
    (home / "state").write_text("in the way", encoding="utf-8")
    code, _, err = finished(in_a_process("            raise ValueError('a slip')"))
    assert (code, err) == (1, "prism: This is a bug in Prism: ValueError: a slip\n")


def test_a_thread_that_never_ends_does_not_keep_the_program() -> None:
    body = "            threading.Thread(target=time.sleep, args=(60,)).start(); return 3"
    began = time.monotonic()
    code, _, err = finished(in_a_process(body))
    assert (code, err) == (3, "")
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("wait", ["time.sleep(60)", "asyncio.run(asyncio.sleep(60))"])
def test_a_signal_ends_quietly_with_130(number: signal.Signals, wait: str) -> None:
    process = in_a_process(f"            print('ready', flush=True); {wait}; return 0")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert finished(process) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other pipes")
def test_a_reader_that_leaves_early_is_no_error() -> None:
    reading, writing = os.pipe()
    process = in_a_process(
        "            [print('line' * 100) for _ in range(10_000)]; return 0", stdout=writing
    )
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    code, _, err = finished(process)
    assert (code, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])  # told when it is printed, or only when the program leaves
def test_a_full_disk_at_the_other_end_is_told(unbuffered: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        body = "            print('data'); return 0"
        code, _, err = finished(in_a_process(body, stdout=full.fileno(), PYTHONUNBUFFERED=unbuffered))
    assert code == 1
    assert "the disk is full; free some space" in err
    assert err.count("\n") == 1


def test_an_unwritable_target_is_one_line(prism: Prism, home: Path) -> None:
    (home / "config").write_text("in the way", encoding="utf-8")
    ran = prism("config", "init")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("prism: ")
