"""A room that echoes, on the virtual sound card: the assistant does not hear itself.

Short forms; scripts/soak/echo.py has the long one. Whether a voice is noticed through a loud echo is a figure, not a
promise (docs/echo.md): it is told here, and judged there. PulseAudio's loop-back is the air of this room, and on a busy
machine it moves by itself, as no air does; so these tests run when nothing else does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from pipeline import canceller_installed
from tests.kit.pulse import PulseServer, note, private_sound  # noqa: F401  # a fixture
from tests.kit.room import Cut, converse, cut_in, echo, listen_to_itself, self_inflicted
from tests.kit.settings import settings

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.timeout(150)]

ROOT = Path(__file__).resolve().parents[2]
ENGINES = {"stt__model": "prism-tiny", "tts__backends": ["espeak"]}
needs_library = pytest.mark.skipif(
    not canceller_installed(), reason="livekit is not installed (the extra [echo])"
)


@needs_library
@pytest.mark.parametrize("level", [-24, -11, 0])
async def test_it_does_not_interrupt_itself(pulse: PulseServer, tmp_path: Path, level: int) -> None:
    with echo(pulse, level):
        async with converse(settings(**ENGINES)) as live:
            await listen_to_itself(live, 15)
            own = self_inflicted(live)
            cut = await cut_in(live, pulse, "en_time", 5.0, tmp_path)
    note(f"echo at {level} dB: {live.orchestrator.room}; alone {own or 'nothing'}; {cut}")
    # Where the sound server stutters, an echo may pause the reply for a moment before the guard is certain.
    assert "turn.interrupted" not in own
    assert own.get("playback.paused", 0) <= 1


async def test_without_a_canceller_it_listens_only_when_it_is_silent(
    pulse: PulseServer, tmp_path: Path
) -> None:
    with echo(pulse, 0):
        async with converse(settings(audio__echo="off", **ENGINES)) as live:
            cut: Cut = await cut_in(live, pulse, "en_time", 2.0, tmp_path)
            own = self_inflicted(live)
    assert live.orchestrator.room.canceller is None
    assert cut.paused_ms is None
    assert own == {}


@pytest.mark.parametrize("level", [None, pytest.param(-11, marks=needs_library)])
def test_doctor_measures_the_room_and_says_what_will_work(pulse: PulseServer, level: int | None) -> None:
    command = [sys.executable, "-m", "ui.cli.main", "doctor", "--echo", "--json"]
    with echo(pulse, level) if level is not None else nullcontext():
        ran = subprocess.run(
            command, env=pulse.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    found = {one["name"]: one for one in map(json.loads, ran.stdout.splitlines())}
    note(f"echo at {level} dB: {[one['detail'] for one in found.values()]}")
    assert ran.returncode == 0
    verdict = found["cutting in"]["detail"]
    if level is None:
        assert "does not hear the speaker" in verdict
    else:
        assert found["delay"]["detail"].endswith(" ms")
        assert verdict.startswith("You can cut in by voice")


def test_doctor_without_a_sound_system_is_one_line_and_3(pulse: PulseServer) -> None:
    pulse.kill()
    ran = subprocess.run(
        [sys.executable, "-m", "ui.cli.main", "doctor", "--echo"],
        env=pulse.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
