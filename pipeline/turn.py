"""One turn: think, voice and play in a task group of its own, from the words that asked for it to what was heard of it.

Theory of operation. A turn is a task that does nothing after its group (``except*`` can swallow an outer cancel).
Stage errors are values: a stage that fails says so once, closes its ends, and what is ready downstream is still heard.
A turn may be provisional: it runs, but is neither heard nor seen before ``commit``. Whatever ends it, ``close`` runs
exactly once, synchronously, and is where history learns what was heard. ``close`` is called by the turn and by its
owner, because a task that is cancelled before its first step runs neither its body nor its ``finally``.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.audio_host import AudioError
from common.channel import Policy, Receiver, ReceiverGone, Sender, channel
from common.worker import cancelled_from_below
from llm import LLMError
from pipeline.barge_in import Scene
from pipeline.context import TurnContext
from pipeline.events import (
    Emit,
    TranscriptFinal,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnStarted,
    TurnSuperseded,
)
from pipeline.latency import Timeline
from pipeline.outcome import Completed, Failed, Interrupted, Superseded, TurnOutcome
from pipeline.play import Player
from pipeline.think import Thinker
from pipeline.voice import Piece, voice
from tts import SpeechChunk, TTSError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.clock import Clock
    from llm import ChatModel, History, Message
    from pipeline.floor import Decoded
    from pipeline.playback import Playback
    from pipeline.quality import Quality
    from pipeline.stepping import Activity
    from pipeline.tools import Toolbox
    from stt import Transcript
    from tts import TTSManager

log = logging.getLogger("prism.turn")

TEXTS, PCM = 3, 4
"""Sizes of the channels between the stages: pieces of text, chunks of speech."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What every turn of a conversation works with."""

    chat: ChatModel
    tts: TTSManager
    tools: Toolbox
    history: History
    playback: Playback
    clock: Clock
    activity: Activity
    quality: Quality
    emit: Emit
    system_prompt: str
    """The same for all turns of a conversation."""
    joins: bool = True
    """Whether sentences are joined when playback is well ahead. How many, depends on the speed of the stages."""


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """What a turn is to do."""

    number: int
    revision: int
    language: str
    t0: float | None
    messages: tuple[Message, ...] = ()
    script: str | None = None
    """Prism's own words, instead of a model's."""
    speculation: str = "off"
    """``hit``, ``miss`` or ``off``, as the latency report tells it."""
    lead_s: float = 0.0
    """Seconds of speech that must be ready before it begins to sound."""
    ring: SpeechChunk | None = None
    """A sound to begin with."""
    marks: tuple[tuple[str, float], ...] = ()
    filler_after_s: float | None = None
    """Seconds after the commit from which a reply is late enough for a filler."""


class Turn:
    """One per (utterance, revision)."""

    def __init__(self, plan: TurnPlan, studio: Studio, on_over: Callable[[Turn, TurnOutcome], None]) -> None:
        """``on_over`` is called once, synchronously, when the turn has closed its books."""
        self.plan = plan
        self._studio = studio
        self._on_over = on_over
        timeline = Timeline(plan.t0)
        for name, at in plan.marks:
            timeline.mark(name, at)
        self._context = TurnContext(plan.number, studio.clock, studio.emit, studio.activity, timeline)
        self._thinker = Thinker(self._context, studio.chat, studio.tools, studio.history)
        self._player = Player(self._context, studio.playback, plan.lead_s)
        self._words: Decoded | None = None
        self._begun = self._closed = self._committed = False
        self._cut: str | None = None
        self.outcome: TurnOutcome = Superseded()
        """How it ended, once it is closed."""

    def __repr__(self) -> str:
        state = "closed" if self._closed else "committed" if self._committed else "provisional"
        return f"<Turn {self.plan.number}.{self.plan.revision} {state}>"

    @property
    def scene(self) -> Scene:
        """What there is to hear of it right now."""
        if not (self._player.sounding or self._player.audible):
            return Scene()
        return Scene(self._player.audible, self._player.last_heard, self._player.spoken)

    @property
    def ready_ms(self) -> float | None:
        """When it could have sounded, in milliseconds from t0, if nobody had waited; None if that is not known."""
        return self._context.timeline.since_t0("tts_first_chunk") if self.plan.speculation == "hit" else None

    @property
    def starved(self) -> bool:
        """Whether its sound had a gap that nobody asked for."""
        return self._player.starved

    async def run(self) -> None:
        """Live. Ends by itself when everything was heard, or by cancellation."""
        try:
            self._begin()
            await self._live()
            await self._context.committed.wait()
        except asyncio.CancelledError:
            self._cut = self._cut or "session"
            raise
        finally:
            self.close()

    def commit(self, words: Decoded | None) -> None:
        """Let it be seen and heard; ``words`` are announced with it. May come before the task's first step."""
        self._committed, self._words = True, words
        if words and words.transcript:
            self._studio.history.user(words.transcript.text, words.transcript.language)
            self._context.timeline.t0 = words.t0
        if self._begun:
            self._announce()

    def cut(self, reason: str) -> None:
        """Say why it is about to be cancelled: ``speech``, ``key`` or ``session``."""
        self._cut = reason

    def close(self) -> None:
        """The epilogue: what was heard goes into history, the outcome to the owner. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._begin()
        played = self._player.end()
        heard = self._thinker.heard(played)
        self.outcome = self._outcome(heard)
        if self._committed:
            self._studio.history.assistant(heard, self._thinker.intended)
        self._tell(self.outcome)
        self._on_over(self, self.outcome)

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self._studio.emit(
            TurnStarted(t=self._studio.clock.now(), turn=self.plan.number, revision=self.plan.revision)
        )
        self._studio.playback.open(self.plan.number)
        if self._committed:
            self._announce()

    def _announce(self) -> None:
        now, number = self._studio.clock.now(), self.plan.number
        if self._words and self._words.transcript:
            self._studio.emit(final(self._words.transcript, now, number))
        self._context.mark("committed")
        self._studio.emit(TurnCommitted(t=now, turn=number, revision=self.plan.revision))
        self._context.commit()
        self._studio.playback.commit()

    async def _live(self) -> None:
        texts: tuple[Sender[Piece], Receiver[Piece]] = channel(TEXTS, Policy.WAIT, name="texts")
        speech: tuple[Sender[SpeechChunk], Receiver[SpeechChunk]] = channel(PCM, Policy.WAIT, name="speech")
        (texts_out, texts_in), (speech_out, speech_in) = texts, speech
        if self.plan.ring is not None:
            speech_out.offer(self.plan.ring)
        if self.plan.script is not None:
            thinking = self._thinker.recite(self.plan.script, texts_out)
        else:
            thinking = self._thinker.run(self.plan.messages, texts_out)
        heard_s = self._player.heard_so_far if self._studio.joins else None
        speaking = voice(self._context, self._studio.tts, self.plan.language, texts_in, speech_out, heard_s)
        filling = self._filling(texts_out)
        async with asyncio.TaskGroup() as group:
            if filling is not None:
                group.create_task(self._stage("llm", filling))
            group.create_task(self._stage("llm", thinking))
            group.create_task(self._stage("tts", speaking))
            group.create_task(self._stage("audio", self._player.run(speech_in)))
            group.create_task(self._stage("audio", self._player.watch()))

    def _filling(self, texts: Sender[Piece]) -> Awaitable[None] | None:
        """What says a filler when the reply is late; None when nothing does."""
        after_s, plan = self.plan.filler_after_s, self.plan
        if after_s is None or plan.script is not None:
            return None
        playback = self._studio.playback
        return self._thinker.fill_silence(after_s, plan.language, texts.clone(), lambda: playback.audible)

    async def _stage(self, name: str, work: Awaitable[None]) -> None:
        """The turn boundary: an error of a stage is a value of the turn."""
        try:
            await work
        except ReceiverGone:
            log.debug("stage %s stopped: the next one has failed", name)
        except (LLMError, TTSError, AudioError) as error:
            self._context.fail(name, error)
        except asyncio.CancelledError:
            if not cancelled_from_below():
                raise
            log.exception("what stage %s waited for was cancelled", name)
            self._context.fail(name, RuntimeError(f"what {name} waited for was cancelled"))
        except Exception as error:
            log.exception("a bug in stage %s ended turn %d", name, self.plan.number)
            self._context.fail(name, error)

    def _outcome(self, heard: str) -> TurnOutcome:
        if not self._committed:
            return Superseded()
        if self._cut is not None:
            return Interrupted(heard, self._thinker.intended, self._cut, self._player.audible)
        if self._context.failure is not None:
            return Failed(*self._context.failure, heard_text=heard)
        return Completed(heard)

    def _tell(self, outcome: TurnOutcome) -> None:
        publish = self._context.publish
        match outcome:
            case Superseded():
                event = TurnSuperseded(
                    t=self._studio.clock.now(), turn=self.plan.number, revision=self.plan.revision
                )
                self._studio.emit(event)
            case Interrupted():
                fields = {"heard_text": outcome.heard_text, "intended_text": outcome.intended_text}
                publish(TurnInterrupted, {**fields, "reason": outcome.reason, "latency": self._latency()})
            case Failed():
                publish(
                    TurnFailed,
                    {"stage": outcome.stage, "error": outcome.error, "heard_text": outcome.heard_text},
                )
            case Completed():
                publish(TurnCompleted, {"text": outcome.heard_text, "latency": self._latency()})

    def _latency(self) -> dict[str, Any] | None:
        return self._context.timeline.summary(speculation=self.plan.speculation, heard_s=self._player.heard_s)


def final(transcript: Transcript, t: float, turn: int) -> TranscriptFinal:
    """The event that says: these words are committed."""
    return TranscriptFinal(
        t=t,
        turn=turn,
        text=transcript.text,
        language=transcript.language,
        confidence=round(transcript.confidence, 4),
    )
