"""Contest ``turns``: what Prism adds to its stages.

Engines and detector are scripts on the real clock, so the limit of each turn is known: max(wait, pause + stages).
Conversations with and without speculation take turns. The first sound is taken from the samples that left the sink.
The detector's lag is the recording's truth against Prism's t0, apart.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline import AudioStarted, SpeechResumedEvent, TurnCompleted, TurnSuperseded
from ui.bench.figures import Goal
from ui.bench.listening import listen
from ui.bench.stage import Script, Stage, first_sound, hold, with_turns
from ui.bench.user import BenchUser, scripted, shipped

if TYPE_CHECKING:
    from config import Settings
    from pipeline import PipelineEvent
    from ui.bench.effort import Effort
    from ui.bench.figures import Board

TURNS = 4
"""Turns of a conversation: the wait that is learned from the ones before is measured with them."""
SAYS = 13
"""Frames of 32 ms that the user speaks."""
INNER = 12
"""Frames of an inner pause: the words have been decoded and the reply is being thought when the voice comes back."""
SHIFTS = (0, 128, 256, 384)
"""Samples by which a recording is moved against the frames."""
OVERHEAD = Goal("p95", 15)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    script = Script()
    settings = with_turns(effort.settings, "scripted", pause_ms=script.pause, min_wait_ms=script.wait)
    for speculate in (True, False):
        board.figure(f"limit, speculation {_name(speculate)}", "ms").add(script.limit(speculate=speculate))
    rounds = effort.pick(1, 8)
    for number in range(rounds):
        effort.tell(f"conversations {number + 1} of {rounds}")
        with_it, without = (
            asyncio.run(_conversation(settings, script, board, speculate=speculate))
            for speculate in (True, False)
        )
        saved = board.figure("saved by speculation", "ms")
        saved.add(*(slow - quick for quick, slow in zip(with_it, without, strict=False)))
        whole = board.figure("saved against one stage after the other", "ms")
        whole.add(*(script.one_after_the_other - quick for quick in with_it))
    for number in range(effort.pick(2, 10)):
        effort.tell(f"superseded turn {number + 1}")
        asyncio.run(_superseded(settings, script, board))
    effort.tell("the detector's lag")
    _lag(effort, board)


def _name(speculate: bool) -> str:
    return "on" if speculate else "off"


async def _conversation(settings: Settings, script: Script, board: Board, *, speculate: bool) -> list[float]:
    """A few turns; mouth to ear of each, milliseconds."""
    chosen = with_turns(settings, "scripted", speculate=speculate)
    user = BenchUser([scripted(SAYS)] * TURNS, gap_s=0.2, quiet=True)
    stage = Stage(chosen, script)
    held = await hold(stage.rooms, user, chosen)
    samples, name = held.samples, _name(speculate)
    heard = [
        (sound - spoken.end) * 1000
        for spoken in user.spoken
        if (sound := first_sound(samples, spoken.end)) is not None
    ]
    board.figure(f"mouth to ear, speculation {name}", "ms").add(*heard)
    limit = script.limit(speculate=speculate)
    board.figure(f"over the limit, speculation {name}", "ms", OVERHEAD).add(*(ms - limit for ms in heard))
    rows = [event.latency for event in held.of(TurnCompleted) if event.latency]
    board.figure(f"utterance ended, speculation {name}", "ms").add(*(row["committed"] for row in rows))
    board.figure("first sentence known after its last word", "ms").add(
        *(row["first_clause"] - row["llm_started"] - script.spoken_of for row in rows)
    )
    told = [event.t for event in held.of(AudioStarted)]
    if len(told) != len(heard) or any(
        abs(at - spoken.end - ms / 1000) > 0.001
        for at, spoken, ms in zip(told, user.spoken, heard, strict=False)
    ):
        board.remark("audio.started and the samples at the sink disagree by more than 1 ms")
    if len(heard) < TURNS or user.late:
        board.remark(f"{TURNS - len(heard)} turns were not heard and {user.late} takes came late")
    return heard


class _Remains:
    """Watches what is left of a superseded turn, from the moment at which the voice is known to be back."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._resumed = 0.0
        self._superseded = False
        self.at: float | None = None
        """Position of the confirmed voice, seconds."""
        self.gone_ms: float | None = None
        """From there to when no task and no stage of the turn was left."""

    def notify(self, event: PipelineEvent) -> None:
        """Start the watch, and know the end of the turn."""
        if isinstance(event, SpeechResumedEvent):
            self.at, self._resumed = event.t, asyncio.get_running_loop().time()
            self._look()
        elif isinstance(event, TurnSuperseded):
            self._superseded = True

    def _look(self) -> None:
        """Look again at every step of the loop, until nothing is left."""
        loop = asyncio.get_running_loop()
        alive = any(task.get_name().startswith("<Turn") for task in asyncio.all_tasks())
        if alive or self._stage.voice.active or not self._superseded:
            loop.call_soon(self._look)
        else:
            self.gone_ms = (loop.time() - self._resumed) * 1000


async def _superseded(settings: Settings, script: Script, board: Board) -> None:
    """An utterance with an inner pause in which its turn was started."""
    user = BenchUser([scripted(SAYS, INNER, SAYS)], gap_s=0.2, quiet=True)
    stage = Stage(settings, script)
    remains = _Remains(stage)
    await hold(stage.rooms, user, settings, observers=[remains])
    if remains.gone_ms is None or remains.at is None:
        board.remark("an inner pause superseded no turn")
        return
    back = user.spoken[0].start + (SAYS + INNER) * 0.032
    board.figure("voice back to nothing left of the turn", "ms").add(
        (remains.at - back) * 1000 + remains.gone_ms
    )
    board.figure("of it, after the voice was confirmed", "ms").add(remains.gone_ms)


def _lag(effort: Effort, board: Board) -> None:
    settings = with_turns(effort.settings, "silero")
    takes = shipped()
    for take in takes[:: effort.pick(4, 1)]:
        for shift in SHIFTS:
            heard = listen(take, settings, shift)
            if heard is None:
                board.remark(f"no speech was found in {take.name}")
                continue
            board.figure("Silero: t0 after the true end", "ms").add((heard.t0 - take.end_s) * 1000)
            board.figure("Silero: voice noticed after its true begin", "ms").add(
                (heard.noticed - take.start_s) * 1000
            )
            board.figure("Silero: known to be speech after it", "ms").add(
                (heard.confirmed - take.start_s) * 1000
            )
