"""Contest ``many``: conversations at once in one process, on one event loop, with Silero and scripted stages.

Each conversation has its own user, who says shipped recordings. The wait is constant here, so that the limit of a turn
counts from the t0 that Silero found and what is above it is waiting for the processor. How late frames were heard is
told too: it is what a loop that cannot follow shows first.

Then as many again, two of whom are ill: the language model of one is dead, the voice of the other hangs. The mouth to
ear of all the others is held against that of the run before, in which everybody was well.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm import LLMUnavailable, Scripted, ScriptedReply, Step
from pipeline import AudioStarted, SpeechEndedEvent
from stt import create_detector
from tts import ScriptedSynthesizer, SpeechScript
from ui.bench.figures import Goal
from ui.bench.stage import REPLIES, Script, Stage, hold, with_turns
from ui.bench.user import BenchUser, shipped

if TYPE_CHECKING:
    from config import Settings
    from pipeline import PipelineEvent
    from ui.bench.effort import Effort
    from ui.bench.figures import Board
    from ui.bench.user import Take

COUNTS = (1, 4, 16, 64)
SPREAD_S = 2.0
"""Seconds within which the conversations begin, each at its own place within a frame."""
GOAL = Goal("p95", 100)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    script = Script()
    settings = with_turns(
        effort.settings, "silero", pause_ms=script.pause, min_wait_ms=script.wait, max_wait_ms=script.wait
    )
    create_detector(settings.vad)  # loads what all share, before anything is timed
    count = turns = 0
    for count in COUNTS[: effort.pick(2, len(COUNTS))]:
        turns = effort.pick(2, max(4, 12 // count))
        effort.tell(f"{count} at once, {turns} turns each")
        used = time.process_time()
        lived_s = asyncio.run(_at_once(count, turns, settings, script, board))
        used = (time.process_time() - used) / lived_s
        board.figure(f"{count} at once: core time for a second of conversation", "ms").add(used * 1000)
    effort.tell(f"{count} at once, two of them ill")
    asyncio.run(_at_once(count, turns, settings, script, board, ill=True))


async def _at_once(
    count: int, turns: int, settings: Settings, script: Script, board: Board, *, ill: bool = False
) -> float:
    """Hold them; the seconds that they lasted, all together. ``ill``: two more cannot think or cannot speak."""
    name = f"{count} at once, two more ill" if ill else f"{count} at once"
    chance = random.Random(count)  # noqa: S311  # the same mixture every time
    takes = shipped()
    everybody = [_One(chance.sample(takes, turns), chance.uniform(0, SPREAD_S), name) for _ in range(count)]
    async with asyncio.TaskGroup() as everything:
        patients = [
            everything.create_task(_suffer(chance.sample(takes, turns), settings, stage))
            for stage in (_ill(settings, script) if ill else ())
        ]
        async with asyncio.TaskGroup() as group:
            for one in everybody:
                group.create_task(one.run(settings, script, board))
        for patient in patients:
            patient.cancel()
    return sum(one.lived_s for one in everybody)


def _ill(settings: Settings, script: Script) -> tuple[Stage, Stage]:
    """The rooms of a conversation whose language model is dead, and of one whose voice hangs."""
    dead, hanging = Stage(settings, script), Stage(settings, script)
    failure = ScriptedReply((Step(LLMUnavailable("The script says that the model is dead.")),))
    dead.chat = Scripted([failure] * REPLIES)
    hanging.voice = ScriptedSynthesizer(SpeechScript(first_chunk_s=3600.0))
    return dead, hanging


async def _suffer(takes: list[Take], settings: Settings, stage: Stage) -> None:
    """Hold a conversation of which nothing is measured."""
    await hold(stage.rooms, BenchUser(takes, gap_s=0.3), settings, keep=False)


@dataclass
class _One:
    """One of the conversations."""

    takes: list[Take]
    begins_s: float
    name: str
    lived_s: float = 0.0
    """Seconds that it lasted."""

    async def run(self, settings: Settings, script: Script, board: Board) -> None:
        """Hold it and note what is above the limit."""
        await asyncio.sleep(self.begins_s)
        user = BenchUser(self.takes, gap_s=0.3)
        stage, watch = Stage(settings, script), _Watch()
        begun = time.perf_counter()
        await hold(stage.rooms, user, settings, observers=[watch], keep=False)
        self.lived_s = time.perf_counter() - begun
        limit = script.limit(speculate=True)
        board.figure(f"{self.name}: mouth to ear", "ms").add(*watch.heard_ms)
        over = board.figure(f"{self.name}: over the limit", "ms", GOAL)
        over.add(*(ms - limit for ms in watch.heard_ms))
        board.figure(f"{self.name}: frames late", "ms").add(user.frames_late)
        if missing := len(self.takes) - len(watch.heard_ms):
            board.remark(
                f"{self.name}: a conversation heard {len(watch.heard_ms)} replies, {missing} too few"
            )


class _Watch:
    """Keeps the time from the end of each utterance to the first sound of its reply."""

    def __init__(self) -> None:
        self._ended: dict[int | None, float] = {}
        self.heard_ms: list[float] = []

    def notify(self, event: PipelineEvent) -> None:
        """Take note."""
        if isinstance(event, SpeechEndedEvent):
            self._ended[event.turn] = event.voiced_until
        elif isinstance(event, AudioStarted) and event.turn in self._ended:
            self.heard_ms.append((event.t - self._ended.pop(event.turn)) * 1000)
