"""Contest ``barge-in``: from the true onset of a voice to silence at a paced sink, with Silero and without echo.

A shipped recording speaks into a long reply without pauses. Silence is the end of the last audible sample that left
the sink, so that a reply which is paused and goes on again counts until it is really over. A loudspeaker adds its own
latency, a canceller its own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from pipeline import RATE, AudioStarted, PlaybackPaused, TurnInterrupted
from stt import create_detector
from ui.bench.figures import Goal
from ui.bench.stage import Script, Stage, hold, last_sound, with_turns
from ui.bench.user import BenchUser, shipped
from ui.cli.demo_user import When

if TYPE_CHECKING:
    from config import Settings
    from pipeline import PipelineEvent
    from ui.bench.effort import Effort
    from ui.bench.figures import Board
    from ui.bench.user import Take

REPLY = "a" * 300
"""One word of 18 s: a sound without a gap that could be taken for silence."""
AFTER_S = (0.5, 0.516, 0.709)
"""From the first sound of the reply to the begin of the recording, seconds: other places within a frame."""
GOAL = Goal("p95", 150)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    settings = with_turns(effort.settings, "silero")
    create_detector(settings.vad)  # loads what all share, before anything is timed
    takes = shipped()[:: effort.pick(6, 1)]
    offsets = AFTER_S[: effort.pick(1, len(AFTER_S))]
    count = len(takes) * len(offsets)
    for number, (take, after) in enumerate([(take, after) for after in offsets for take in takes], 1):
        effort.tell(f"{number} of {count}: {take.name}")
        asyncio.run(_cut_in(take, after, settings, board))


async def _cut_in(take: Take, after_s: float, settings: Settings, board: Board) -> None:
    stage = Stage(settings, Script(), REPLY)
    user = BenchUser([take], gap_s=after_s, when=When.CUT_IN, types="Tell me a long story.")
    held = await hold(stage.rooms, user, settings)
    begun = [event.t for event in held.of(AudioStarted)]
    # The answer to what was said is another reply; its first sound is no sound of this one.
    before_next = held.samples[: round(begun[1] * RATE)] if len(begun) > 1 else held.samples
    silent = last_sound(before_next)
    if not begun or silent is None or user.late:
        board.remark(f"{take.name}: the reply was never heard")
        return
    onset = user.spoken[0].start
    if silent < onset:
        board.remark(f"{take.name}: the reply was silent before the voice set in")
        return
    board.figure("onset to silence", "ms", GOAL).add((silent - onset) * 1000)
    board.figure("gaps in the reply from the onset to its last sound", "ms").add(_gaps(before_next, onset))
    pauses = [event.t for event in held.of(PlaybackPaused) if event.t >= onset]
    if pauses:
        board.figure("onset to the first pause", "ms").add((pauses[0] - onset) * 1000)
    board.figure("times paused before it was over", "").add(len(pauses))
    cut = [event.t for event in held.of(TurnInterrupted) if event.reason == "speech"]
    if cut:
        board.figure("onset to the end of the turn", "ms").add((cut[0] - onset) * 1000)
    else:
        board.remark(f"{take.name}: the reply was not cut: {_names(held.collector.events)}")


def _gaps(samples: np.ndarray, onset_s: float) -> float:
    """Milliseconds after the onset, before the last sound, in which the reply was silent: a stutter if above 0."""
    after = np.abs(samples[round(onset_s * RATE) :].astype(np.int32)) > 0
    last = int(np.flatnonzero(after)[-1]) if after.any() else 0
    return float((~after[:last]).sum()) / RATE * 1000


def _names(events: list[PipelineEvent]) -> str:
    return ", ".join(event.name for event in events[-4:])
