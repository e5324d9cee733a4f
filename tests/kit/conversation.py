"""A whole conversation as data, on virtual time.

``hold`` takes what the user says and when (``Said``), what the model replies, and how the stages behave; it runs the
real orchestrator with scripted engines and gives back everything that can be observed. Scripts must be used up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from config import Settings
from llm import Entry, Message, Scripted, ScriptedReply, say
from pipeline import (
    RATE,
    ConversationIO,
    PipelineEvent,
    PipelineOrchestrator,
    Rooms,
    SessionReport,
    TimelineSink,
    to_json,
)
from pipeline.prosody import TurnModel
from pipeline.tools import Tool
from stt import SAMPLE_RATE, AudioFrame, Line, ScriptedTranscriber, STTManager
from stt.wake.scripted import WORD
from tests.kit.settings import settings as make_settings
from tests.kit.virtual_loop import run_virtual
from tts import ScriptedSynthesizer, SpeechScript, TTSManager

LONGEST_S = 300
"""Virtual seconds after which a conversation that does not end is taken for one that never will."""
TAIL_S = 0.1
"""Seconds of silence that end every input."""


@dataclass(frozen=True)
class Said:
    """The user speaks from ``start`` to ``end`` (s)."""

    start: float
    end: float
    wakes: bool = False
    """Whether it is the wake word, which is over at the end."""


class ScriptedSource:
    """Silence and speech as data."""

    live = False

    def __init__(self, said: Sequence[Said]) -> None:
        length = max((s.end for s in said), default=0.0) + TAIL_S
        self.samples = np.zeros(round(length * SAMPLE_RATE), np.int16)
        for s in said:
            self.samples[round(s.start * SAMPLE_RATE) : round(s.end * SAMPLE_RATE)] = 1
            if s.wakes:
                self.samples[round(s.end * SAMPLE_RATE) - 1] = WORD
        self.closed = 0

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        padded = np.concatenate([self.samples, np.zeros(-len(self.samples) % size, np.int16)])
        for start in range(0, len(padded), size):
            yield AudioFrame(padded[start : start + size], SAMPLE_RATE, 0.0)

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class Outcome:
    """Everything that can be observed of a conversation."""

    events: list[dict[str, Any]] = field(default_factory=list)
    played: list[np.ndarray] = field(default_factory=list)
    requests: list[tuple[Message, ...]] = field(default_factory=list)
    report: SessionReport | None = None
    ended_at: float = 0.0
    calls: list[Any] = field(default_factory=list)
    """What the voice was asked for."""

    @property
    def spoken(self) -> list[str]:
        """Texts that were handed to the voice, in their order."""
        return [call.text for call in self.calls]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    @property
    def history(self) -> list[tuple[str, str]]:
        assert self.report is not None
        return [(entry.role, entry.text) for entry in self.report.history]

    @property
    def entries(self) -> tuple[Entry, ...]:
        assert self.report is not None
        return self.report.history

    def all(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    def one(self, name: str) -> dict[str, Any]:
        (event,) = self.all(name)
        return event

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))

    def sounding(self) -> np.ndarray:
        """Which tenths of a second of the output hold sound."""
        samples = np.concatenate(self.played) if self.played else np.zeros(0, np.int16)
        step = RATE // 10
        whole = samples[: len(samples) // step * step].reshape(-1, step)
        sound: np.ndarray = np.abs(whole.astype(np.int32)).max(axis=1) > 300
        return sound


@dataclass(frozen=True)
class Stages:
    """How the engines of a conversation behave."""

    heard: Sequence[Line] = ()
    replies: Sequence[ScriptedReply | str] = ()
    speech: SpeechScript = field(default_factory=SpeechScript)
    offer_tools: bool = False
    tools: tuple[Tool, ...] = ()
    """Besides those that are built in."""
    chat: Scripted | None = None
    """Instead of the replies."""
    turn_model: TurnModel | None = None
    guess_s: float = 0.0
    """Seconds that a guess at unfinished speech takes."""
    use_up: bool = True
    """Whether a script that was not used up is a failure."""


def hold(  # noqa: PLR0913  # a script reads best as one call
    said: Sequence[Said],
    stages: Stages,
    *,
    typed: Sequence[str] | None = None,
    cancel_at: float | None = None,
    script: Callable[[PipelineOrchestrator], Any] | None = None,
    fast: bool = False,
    once: bool = False,
    watch: Sequence[Any] = (),
    resumed: Sequence[Entry] = (),
    record: Callable[[Entry], None] | None = None,
    **changes: object,
) -> Outcome:
    """Hold the conversation and give back what happened. ``changes`` are settings, ``script`` a coroutine beside it."""
    # Scripted speech is the same samples each time: a kept transcript would answer in the place of the script.
    quiet = {"stt__cache": 0, "stt__captions": "off"}
    config = make_settings(vad__backend="scripted", **{**quiet, **changes})
    outcome = Outcome()

    async def main() -> None:
        replies = [say(reply) if isinstance(reply, str) else reply for reply in stages.replies]
        chat, ears = stages.chat or Scripted(replies), ScriptedTranscriber(stages.heard, stages.guess_s)
        outcome.requests = chat.requests
        voice = ScriptedSynthesizer(stages.speech)
        outcome.calls = voice.calls
        rooms = Rooms(
            STTManager(ears, config.stt, config.vad, wake=config.wake),
            chat,
            TTSManager([voice]),
            ("scripted", "scripted", "scripted"),
            stages.offer_tools,
            tools=stages.tools,
            turn_model=stages.turn_model,
        )
        io = ConversationIO(
            ScriptedSource(said),
            lambda clock: TimelineSink(clock, hold_s=20, record=outcome.played.append),
            (outcome, *watch),
            _lines(typed) if typed is not None else None,
            fast=fast,
            once=once,
            resumed=resumed,
            record=record,
        )
        await _run(rooms, io, config, outcome, cancel_at, script)
        if stages.use_up and cancel_at is None and not once:
            chat.assert_complete()
            ears.assert_complete()
            voice.assert_complete()
        assert voice.active == 0
        left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"tasks left running: {left}"

    run_virtual(main())
    return outcome


async def _run(
    rooms: Rooms,
    io: ConversationIO,
    config: Settings,
    outcome: Outcome,
    cancel_at: float | None,
    script: Callable[[PipelineOrchestrator], Any] | None,
) -> None:
    orchestrator = PipelineOrchestrator(rooms, io, config)
    async with asyncio.TaskGroup() as group:
        conversation = group.create_task(orchestrator.run())
        beside = group.create_task(script(orchestrator)) if script else None
        if cancel_at is not None:
            await asyncio.sleep(cancel_at)
            conversation.cancel()
        with suppress(asyncio.CancelledError):
            async with asyncio.timeout(LONGEST_S):
                outcome.report = await conversation
        if beside:
            beside.cancel()
    outcome.ended_at = asyncio.get_running_loop().time()


async def _lines(texts: Sequence[str]) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text
