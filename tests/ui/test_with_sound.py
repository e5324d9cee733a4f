"""The commands that need sound hardware, in processes of their own, on a private sound system."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.kit.pulse import PulseServer, missing, pulse_server
from tests.ui.conftest import ROOT

pytestmark = pytest.mark.real
RATE = 16_000
"""Hertz of what is recorded."""


@pytest.fixture
def sound() -> Iterator[PulseServer]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with pulse_server() as server:
        yield server


def prism(sound: PulseServer, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui.cli.main", *argv]
    return subprocess.run(
        command, env=sound.environment, cwd=ROOT, capture_output=True, text=True, timeout=15, check=False
    )


def test_what_is_said_is_heard(sound: PulseServer, tmp_path: Path) -> None:
    raw = tmp_path / "heard.raw"
    with sound.recording(raw, RATE):
        ran = prism(
            sound, "say", "Bonjour à toi. Hello to you, and good morning.", "--backend", "espeak", "--json"
        )
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [one["language"] for one in said] == ["fr", "en"]
    loud = np.abs(np.fromfile(raw, np.int16).astype(np.int32)) > 300
    first, last = np.flatnonzero(loud)[[0, -1]]
    spoken = sum(one["duration_s"] for one in said)
    assert spoken - 0.8 < (last - first) / RATE < spoken + 0.3


def test_devices_and_doctor_see_the_sound_system(sound: PulseServer) -> None:
    ran = prism(sound, "devices", "--json")
    listed = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (ran.returncode, ran.stderr) == (0, "")
    assert sum(device["default_input"] for device in listed) == 1
    assert sum(device["default_output"] for device in listed) == 1
    table = prism(sound, "devices").stdout.splitlines()
    assert len(table) == len(listed) + 2
    examined = prism(
        sound, "doctor", "--json", "--set", "stt.model=prism-tiny", "--set", "tts.backends=[espeak]"
    )
    states = {found["name"]: found["state"] for found in map(json.loads, examined.stdout.splitlines())}
    assert (states["microphone"], states["speaker"]) == ("ok", "ok")
    assert examined.returncode == 0


def test_a_hung_sound_server_is_told_and_left_behind(sound: PulseServer) -> None:
    sound.freeze()
    ran = prism(sound, "devices")
    line = "prism: the sound system does not answer: restart the sound server and try again\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (3, "", line)


def test_a_speaker_that_does_not_exist_is_a_mistake_also_for_a_recording(sound: PulseServer) -> None:
    recording = str(ROOT / "ui/assets/demo/en_sum.flac")
    ran = prism(sound, "talk", "--input", recording, "--once", "--set", "audio.output_device=nope")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith("prism: there is no speaker 'nope': choose one of ")
    assert ran.stderr.count("\n") == 1


def test_volume_is_of_what_is_said(sound: PulseServer, tmp_path: Path) -> None:
    loudest = []
    for volume in (1.0, 0.25):
        raw = tmp_path / f"{volume}.raw"
        with sound.recording(raw, RATE):
            prism(sound, "say", "Good morning.", "--backend", "espeak", "--set", f"audio.volume={volume}")
        loudest.append(int(np.abs(np.fromfile(raw, np.int16).astype(np.int32)).max()))
    assert loudest[1] == pytest.approx(loudest[0] / 4, rel=0.15)
