"""``prism dictate`` from a microphone, on a private sound system: Enter begins, a recording speaks, Enter ends."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.prism import ROOT
from tests.kit.pulse import PulseServer, missing, pulse_server

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

SPOKEN = ROOT / "ui" / "assets" / "demo" / "fr_sum.flac"
PATIENCE_S = 30.0


@pytest.fixture
def sound() -> Iterator[PulseServer]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with pulse_server() as server:
        yield server


class Terminal:
    """Prism at a terminal of its own: what it says on stderr, and keys for it."""

    def __init__(self, sound: PulseServer, home: Path, *argv: str) -> None:
        self.keys, theirs = pty.openpty()
        self.errors = home / "stderr"
        environment = {
            **sound.environment,
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home),
        }
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ui.cli.main", "dictate", "--set", "stt.model=prism-tiny", *argv],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
                cwd=ROOT,
            )
        os.close(theirs)

    def wait_for(self, words: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while words not in self.errors.read_text():
            assert time.monotonic() < until, f"{words!r} was not said: {self.errors.read_text()}"
            assert self.process.poll() is None, self.errors.read_text()
            time.sleep(0.05)

    def enter(self) -> None:
        os.write(self.keys, b"\n")

    def end(self) -> int:
        return self.process.wait(PATIENCE_S)


def spoken(sound: PulseServer, folder: Path) -> None:
    """Speak into the microphone, to the end."""
    import soundfile

    wav = folder / "spoken.wav"
    samples, rate = soundfile.read(SPOKEN, dtype="int16")
    soundfile.write(wav, samples, rate)
    assert sound.play(wav).wait(PATIENCE_S) == 0


def test_one_dictation_from_enter_to_enter(sound: PulseServer, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    terminal = Terminal(sound, tmp_path, "--once", "--sink", f"file:{words}", "--lang", "fr")
    terminal.wait_for("You are heard.")
    spoken(sound, tmp_path)
    terminal.enter()
    assert terminal.end() == 0
    assert words.read_text() == "Combien font sept fois huit?\n"


def test_a_dictation_whose_process_is_killed_is_recovered(sound: PulseServer, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    argv = ("--sink", f"file:{words}", "--lang", "fr", "--set", "journal.recover=deliver")
    terminal = Terminal(sound, tmp_path, "--once", *argv)
    terminal.wait_for("You are heard.")
    spoken(sound, tmp_path)
    time.sleep(0.3)
    terminal.process.send_signal(signal.SIGKILL)
    terminal.end()
    assert not words.read_text()
    again = Terminal(sound, tmp_path, *argv)
    again.wait_for("Written to")
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 130
    assert words.read_text() == "Combien font sept fois huit?\n"


def test_a_microphone_that_is_gone_for_good_ends_the_dictation_and_its_words_are_written(
    sound: PulseServer, tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    terminal = Terminal(sound, tmp_path, "--once", "--sink", f"file:{words}", "--lang", "fr")
    terminal.wait_for("You are heard.")
    spoken(sound, tmp_path)
    time.sleep(0.3)
    sound.process.kill()
    assert terminal.end() == 0  # nobody presses Enter
    assert words.read_text() == "Combien font sept fois huit?\n"


def test_without_a_microphone_it_ends_at_once_and_says_so(sound: PulseServer, tmp_path: Path) -> None:
    sound.process.kill()
    sound.process.wait()
    terminal = Terminal(sound, tmp_path, "--once", "--sink", f"file:{tmp_path / 'words.txt'}")
    assert terminal.end() in (3, 5)
    assert "microphone" in terminal.errors.read_text()
    assert "Traceback" not in terminal.errors.read_text()
