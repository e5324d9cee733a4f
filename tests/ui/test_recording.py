"""What ``talk --output`` writes: the format that the ending names, playable at any moment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import OutputUnwritable, WavWriter
from tests.ui.conftest import Prism
from ui.cli.exits import UsageError
from ui.cli.speech_file import Recording, checked_output, recording

RATE = 24_000
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.int16)
KINDS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3", ".MP3": "MP3"}


def written(file: WavWriter | Recording, seconds: int) -> None:
    for _ in range(seconds):
        for start in range(0, RATE, 480):
            file.write(TONE[start : start + 480])


@pytest.mark.parametrize("ending", KINDS)
def test_the_ending_tells_the_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    file = recording(path, RATE)
    written(file, 3)
    file.close()
    file.close()
    info = soundfile.info(path)
    assert (info.format, info.samplerate, info.channels) == (KINDS[ending], RATE, 1)
    assert info.duration == pytest.approx(3, abs=0.1)
    samples, _ = soundfile.read(path)
    assert np.sqrt((samples[RATE : 2 * RATE] ** 2).mean()) == pytest.approx(8000 / 32768 / 2**0.5, rel=0.1)


@pytest.mark.parametrize("ending", [".flac", ".ogg", ".mp3"])
def test_what_a_killed_program_leaves_can_be_played(tmp_path: Path, ending: str) -> None:
    path, left = tmp_path / f"a{ending}", tmp_path / f"left{ending}"
    file = recording(path, RATE)
    written(file, 5)
    left.write_bytes(path.read_bytes())  # as if the program were gone now
    samples, rate = soundfile.read(left, frames=2 * RATE)
    assert rate == RATE
    assert np.abs(samples[RATE // 2 : RATE]).max() > 0.2
    file.close()


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".mp3"])
def test_nothing_said_is_a_whole_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    file = recording(path, RATE)
    file.write(TONE[:0])
    file.close()
    assert soundfile.info(path).duration < 0.2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_a_full_disk_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.symlink_to("/dev/full")
    file = recording(path, RATE)
    with pytest.raises(OutputUnwritable, match="No space left"):
        written(file, 3)
    with suppress(OutputUnwritable):
        file.close()


def test_a_device_takes_any_name() -> None:
    assert checked_output(Path("/dev/null")) == Path("/dev/null")
    assert isinstance(recording(Path("/dev/null"), RATE), WavWriter)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.wav.bak", "no/a.wav", "."])
def test_other_names_are_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        checked_output(tmp_path / name)


@pytest.mark.parametrize("command", [("talk", "--text"), ("say", "Hi.")])
def test_say_and_talk_have_one_rule(prism: Prism, home: Path, command: tuple[str, ...]) -> None:
    ran = prism(*command, "--output", str(home / "a.txt"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"prism: {home / 'a.txt'}: the ending must tell the format, one of .wav, .flac, .ogg, .mp3.\n"
    )
    assert not (home / "a.txt").exists()
