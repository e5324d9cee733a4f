"""A process of its own that lives through hours of conversation on the frame counter and tells its memory.

    python -m ui.bench.hours 2

An utterance per simulated minute, silence between; detector and engines are scripts, everything else is what every
conversation runs. A line of JSON for each ten simulated minutes: ``hours``, ``memory_mb``, ``turns``. The records that
scripted engines keep of their calls are thrown away each time: they would be this file's growth, not Prism's.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from config import defaults
from pipeline import TurnCompleted
from ui.bench.machine import memory_mb
from ui.bench.stage import REPLIES, Script, Stage, hold, with_turns
from ui.bench.user import BenchUser, scripted

if TYPE_CHECKING:
    from pipeline import PipelineEvent

EVERY_S = 600.0
"""Simulated seconds between two looks at the memory."""
MINUTE_S = 60.0
SAYS = 31
"""Frames of 32 ms that each utterance lasts: a second."""


class _Witness:
    """Looks at the memory as simulated time goes by."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._next = 0.0
        self._turns = 0

    def notify(self, event: PipelineEvent) -> None:
        """Count, and look when it is time."""
        if not isinstance(event, TurnCompleted):
            return
        self._turns += 1
        self._stage.forget()
        if event.t >= self._next:
            self._next = event.t + EVERY_S
            told = {"hours": event.t / 3600, "memory_mb": memory_mb(os.getpid()), "turns": self._turns}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


async def live(hours: float) -> None:
    """Hold the conversation."""
    instant = Script(stt=0, first_token=0, token=0, tts=0)
    settings = with_turns(defaults(), "scripted")
    count = min(REPLIES, round(hours * 60))
    stage = Stage(settings, instant)
    user = BenchUser([scripted(SAYS)] * count, gap_s=MINUTE_S, quiet=True)
    await hold(stage.rooms, user, settings, observers=[_Witness(stage)], keep=False, fast=True)


if __name__ == "__main__":
    asyncio.run(live(float(sys.argv[1])))
