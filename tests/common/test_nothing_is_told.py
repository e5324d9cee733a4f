"""No library of ours tells anybody what is done here, whichever room is used first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WATCHED = "ORT_DISABLE_TELEMETRY"


def run(code: str, home: Path, **more: str) -> str:
    kept = {
        name: value for name, value in os.environ.items() if name != WATCHED and not name.startswith("XDG_")
    }
    environ = {**kept, "HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home), **more}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("room", ["stt", "tts.backends.piper", "pipeline"])
def test_every_room_forbids_it_before_an_engine_is_loaded(tmp_path: Path, room: str) -> None:
    told = f"import os, sys, {room}; print(os.environ[{WATCHED!r}], 'onnxruntime' in sys.modules)"
    assert run(told, tmp_path) == "1 False"
    assert run(told, tmp_path, **{WATCHED: "0"}) == "0 False", "whoever wants it may"


def test_the_voice_detector_leaves_no_number_of_this_machine(tmp_path: Path) -> None:
    code = "from config import defaults; from stt import create_detector; create_detector(defaults().vad)"
    run(code, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
