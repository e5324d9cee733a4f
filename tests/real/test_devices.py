"""A conversation whose sound hardware fails, once in each way; scripts/soak/devices.py has the long form."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from scripts.soak.devices import TROUBLES, WORDS, Held, cycles
from tests.kit.pulse import PulseServer, note, private_sound  # noqa: F401  # a fixture
from ui.cli.demo_user import shipped

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real, pytest.mark.timeout(150)]


async def test_a_conversation_survives_every_trouble_and_leaves_nothing(
    pulse: PulseServer, tmp_path: Path
) -> None:
    before = Held.now()
    done, held = await cycles(pulse, TROUBLES, tmp_path)
    note(f"{done}; {before}, {held}")
    assert [each.name for each in done] == [trouble.name for trouble in TROUBLES]
    assert {each.understood for each in done} == {shipped()[WORDS].text}
    running, closed = held[:-1], held[-1]
    assert max(each.threads for each in running) <= running[0].threads + 1  # one may be about to end
    assert max(each.files for each in running) <= running[0].files + 2
    assert closed.files <= before.files + 4  # engines
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("audio")] == []
