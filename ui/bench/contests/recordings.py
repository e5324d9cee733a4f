"""Contest ``recordings``: a whole conversation with real engines, stage by stage.

What is shipped and needs no network (prism-tiny, the built-in responder, eSpeak), as in ``prism demo``; ``--set``
chooses other engines. The recordings are heard at the speed of a microphone, each when the last one is answered.
Mouth to ear is told twice: from the t0 that Prism found, and from the recording's truth to the samples at the sink.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline import TurnCompleted, TurnFailed, run_with_rooms
from ui.bench.figures import Goal
from ui.bench.stage import first_sound, hold
from ui.bench.user import BenchUser, shipped

if TYPE_CHECKING:
    from pipeline import Rooms
    from ui.bench.effort import Effort
    from ui.bench.figures import Board
    from ui.bench.stage import Held

GOALS = {
    "stt_ms": ("recognition", Goal("p95", 400)),
    "llm_ttft_ms": ("first token", Goal("p95", 500)),
    "tts_ms": ("first speech of a clause", Goal("p95", 200)),
}
"""Stage -> its name and its budget, which was set for a machine with a GPU."""
TOTAL = Goal("p95", 1200)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    takes = shipped(without="timer")[:: effort.pick(5, 1)]  # a timer would ring into the others

    async def body(rooms: Rooms) -> None:
        board.remark(
            f"heard by {rooms.description[0]}, answered by {rooms.description[1]}, spoken by {rooms.description[2]}"
        )
        user = BenchUser(takes, gap_s=0.5)
        effort.tell(f"{len(takes)} recordings")
        _fill(board, await hold(rooms, user, effort.settings))

    asyncio.run(run_with_rooms(effort.settings, None, body))


def _fill(board: Board, held: Held) -> None:
    samples, user = held.samples, held.user
    ends = [spoken.start for spoken in user.spoken[1:]] + [float("inf")]
    for spoken, until in zip(user.spoken, ends, strict=True):
        sound = first_sound(samples, spoken.end)
        if sound is None or sound >= until:
            board.remark(f"{spoken.take.name} got no audible reply")
            continue
        board.figure("true mouth to ear, at the sink", "ms").add((sound - spoken.end) * 1000)
    rows = [event.latency for event in held.of(TurnCompleted) if event.latency]
    for row in rows:
        board.figure("mouth to ear from t0", "ms", TOTAL).add(row["first_audio"])
        for name, told in (("pause", "pause known"), ("committed", "utterance ended")):
            board.figure(f"{told}, from t0", "ms").add(row[name])
        for name, (told, goal) in GOALS.items():
            board.figure(told, "ms", goal).add(row[name])
        held_back = max(row["tts_first_chunk"], row["committed"])
        board.figure("ready and ended, to the first sound", "ms").add(row["first_audio"] - held_back)
    hits = sum(row["speculation"] == "hit" for row in rows)
    board.remark(f"speculation hit in {hits} of {len(rows)} turns, {len(held.of(TurnFailed))} turns failed")
