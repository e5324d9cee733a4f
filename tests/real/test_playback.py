"""A reply on the virtual sound card, in short; scripts/soak/playback.py has the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts.soak.playback import EDGE, abort_ms, lost_in_pause, reply
from tests.kit.pulse import PulseServer, note, private_sound  # noqa: F401  # a fixture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real


async def test_chunks_follow_each_other_without_a_gap(pulse: PulseServer, tmp_path: Path) -> None:
    played = await reply(pulse, tmp_path / "reply.raw", 5.0)
    note(f"{played}")
    assert played.sounding_s == pytest.approx(5.0, abs=0.02)
    assert played.longest_gap_ms < 5
    assert (played.underflows, played.gaps) == (0, 0)


async def test_an_abort_is_silent_soon(pulse: PulseServer, tmp_path: Path) -> None:
    after, buffer = await abort_ms(pulse, tmp_path / "abort.raw")
    note(f"sound until {after:.0f} ms after the abort, {buffer:.0f} ms of buffer")
    # The device plays what its buffer holds, which is larger on a busy machine, and the server adds some of its own.
    assert after < 1.3 * buffer + 30


async def test_a_pause_loses_no_sample(pulse: PulseServer, tmp_path: Path) -> None:
    lost = await lost_in_pause(pulse, tmp_path / "pause.raw")
    note(f"{lost} samples lost, to the accuracy of the monitor")
    assert abs(lost) <= EDGE
