"""prism say: into files of every kind, from arguments and from stdin. The voice follows a script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.ui.conftest import ROOT, Prism
from tts import SpeechChunk
from ui.cli.exits import UsageError
from ui.cli.speech_file import Evener, SpeechFile

SCRIPTED = ("--backend", "scripted")


def chunk(seconds: float, rate: int) -> SpeechChunk:
    tone = 8000 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)
    return SpeechChunk(tone.astype(np.int16), rate, "a", False, "b")


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".mp3", ".WAV"])
def test_the_ending_tells_the_format(prism: Prism, home: Path, ending: str) -> None:
    file = home / f"said{ending}"
    ran = prism("say", "Hello there.", "--output", str(file), *SCRIPTED)
    assert (ran.code, ran.out) == (0, "")
    written = soundfile.info(file)
    assert (written.channels, written.samplerate) == (1, 16_000)
    assert written.duration == pytest.approx(0.72, abs=0.1)
    assert [path.name for path in home.iterdir() if path.is_file()] == [file.name]


def test_words_are_joined_and_sentences_told_as_json(prism: Prism, home: Path) -> None:
    ran = prism("say", "Bonjour", "à", "toi. Ça va ?", "--output", str(home / "a.wav"), "--json", *SCRIPTED)
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert (first["event"], first["text"], second["text"]) == ("said", "Bonjour à toi.", "Ça va ?")
    assert (first["language"], first["backend"]) == ("fr", "scripted")
    assert first["duration_s"] + second["duration_s"] == pytest.approx(
        soundfile.info(home / "a.wav").duration
    )


LANGUAGES: list[tuple[list[str], str]] = [
    (["Où est la gare ?"], "fr"),
    (["Where is the station?"], "en"),
    (["Where is the station?", "--lang", "fr"], "fr"),
]


@pytest.mark.parametrize(("argv", "language"), LANGUAGES)
def test_the_language_is_asked_for_or_found_out(
    prism: Prism, home: Path, argv: list[str], language: str
) -> None:
    ran = prism("say", *argv, "--output", str(home / "a.wav"), "--json", *SCRIPTED)
    assert json.loads(ran.out)["language"] == language


def test_stdin_is_spoken_line_by_line(prism: Prism, home: Path) -> None:
    text = "\ufeffOne. Two\nà trois".encode()
    ran = prism("say", "-", "--output", str(home / "a.wav"), "--json", *SCRIPTED, stdin=text)
    assert [json.loads(line)["text"] for line in ran.out.splitlines()] == ["One.", "Two", "à trois"]


NOTHING = "There is nothing to say: the text has neither a letter nor a digit."
REFUSED: list[tuple[list[str], int, str]] = [
    (["...", "--output", "a.wav"], 2, NOTHING),
    (["-", "--output", "a.wav"], 2, NOTHING),
    (
        ["Hi", "--output", "a.txt"],
        2,
        "a.txt: the ending must tell the format, one of .wav, .flac, .ogg, .mp3.",
    ),
    (["Hi", "--output", "no/a.wav"], 2, "no/a.wav: there is no folder"),
    (["Hi", "--backend", "espek"], 2, "There is no voice engine espek; choose one of "),
    (
        ["Hi", "--output", "a.wav", "--backend", "piper", "--voice", "fr_FR-siwis-mediun"],
        2,
        "did you mean fr_FR-siwis-medium?",
    ),
    (
        ["Hi", "--output", "a.wav", "--backend", "piper", "--voice", "fr_FR-siwis-medium"],
        3,
        "prism models pull fr_FR-siwis-medium",
    ),
]


@pytest.mark.parametrize(("argv", "code", "part"), REFUSED)
def test_what_cannot_be_said_is_one_line(
    prism: Prism, home: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], code: int, part: str
) -> None:
    monkeypatch.chdir(home)
    engine = () if "--backend" in argv else SCRIPTED
    ran = prism("say", *argv, *engine)
    assert (ran.code, ran.out) == (code, "")
    assert part in ran.err
    assert ran.err.count("\n") == 1
    assert not list(home.glob("*.wav"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_stdin_is_spoken_as_it_comes_and_ctrl_c_ends_at_once(home: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ui.cli.main",
        "say",
        "-",
        "--output",
        str(home / "a.wav"),
        "--json",
        *SCRIPTED,
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(os.environ), cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"One. Two")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == "One."
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert not list(home.glob("*.wav"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(prism: Prism, home: Path) -> None:
    (home / "a.wav").symlink_to("/dev/full")
    ran = prism("say", "Hello.", "--output", str(home / "a.wav"), *SCRIPTED)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "prism: the disk is full; free some space and try again.\n"


def test_a_link_stays_a_link(prism: Prism, home: Path) -> None:
    (home / "link.wav").symlink_to(home / "target.wav")
    assert prism("say", "Hello.", "--output", str(home / "link.wav"), *SCRIPTED).code == 0
    assert (home / "link.wav").is_symlink()
    assert soundfile.info(home / "target.wav").frames > 0


def test_a_file_that_is_not_saved_leaves_nothing(tmp_path: Path) -> None:
    file = SpeechFile(tmp_path / "a.wav")
    file.add(chunk(0.1, 16_000))
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError):
        SpeechFile(tmp_path)


def test_a_change_of_rate_in_mid_text_keeps_pitch_and_length() -> None:
    evener = Evener(16_000)
    parts = [evener.feed(chunk(1.0, rate)) for rate in (16_000, 24_000, 16_000, 22_050)]
    samples = np.concatenate([*parts, evener.rest()])
    assert len(samples) / 16_000 == pytest.approx(4.0, abs=0.001)
    peaks = [
        np.abs(np.fft.rfft(samples[start : start + 16_000])).argmax() for start in range(0, 64_000, 16_000)
    ]
    assert peaks == [200, 200, 200, 200]
