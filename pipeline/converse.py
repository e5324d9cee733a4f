"""The conversation's one owner: it reads the news, asks the floor what follows, and does it.

It alone opens, commits, supersedes and interrupts turns, so there is one slot and never a second live turn: a turn is
cancelled, awaited and closed before anything after it happens. All decisions are the floor's.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from pipeline.barge_in import Scene
from pipeline.chime import chime
from pipeline.echo_text import RECENT
from pipeline.events import TranscriptPartial, TranscriptRejected, TurnFailed
from pipeline.floor import (
    Announce,
    Command,
    Commit,
    Decoded,
    Dismiss,
    Floor,
    Interrupt,
    Judge,
    Open,
    Reject,
    Supersede,
)
from pipeline.hearing import ROOM_TAIL_S
from pipeline.memory import Memory
from pipeline.outcome import Completed, Failed, Interrupted, Superseded, TurnOutcome
from pipeline.prosody import Sounded
from pipeline.turn import Studio, Turn, TurnPlan, final
from stt import SpeechEnded, SpeechFact, SpeechPaused, SpeechResumed, SpeechStarted, SpeechSustained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.channel import Receiver, Sender
    from config import Settings
    from pipeline.hearing import Hearing

log = logging.getLogger("prism.converse")

CLEAN_UP_S = 1.0
"""How long a cancelled turn may take to be gone. Seconds."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A line came from the keyboard instead of the microphone."""

    words: Decoded


@dataclass(frozen=True, slots=True)
class Rang:
    """A timer ran down: the assistant has something to say."""

    script: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """The user pressed the key."""


@dataclass(frozen=True, slots=True)
class TurnOver:
    """A turn closed its books."""

    turn: Turn
    outcome: TurnOutcome


News: TypeAlias = SpeechFact | Decoded | Sounded | Typed | Rang | Stop | TurnOver


class Converse:
    """One per conversation."""

    def __init__(
        self,
        floor: Floor,
        studio: Studio,
        hearing: Hearing,
        settings: Settings,
        inbox: tuple[Sender[News], Receiver[News]],
    ) -> None:
        self._floor = floor
        self._studio = studio
        self._hearing = hearing
        self._settings = settings
        self._own_news, self._inbox = inbox
        self._slot: tuple[Turn, asyncio.Task[None]] | None = None
        self._busy = False
        self._language: str | None = settings.stt.language if settings.stt.language != "auto" else None
        self._progress = asyncio.Event()
        self._said = ("", float("-inf"))
        """The last words of the last turn, and the position until which the room may carry them, seconds."""
        self._quality = studio.quality
        summarize = settings.history.summarize
        self._memory = Memory(studio.chat, studio.history, studio.activity, wanted=summarize)
        self.committed = 0
        """Turns that were committed."""
        self.over = 0
        """Committed turns that are over."""
        self.failure: str | None = None
        """The first failure, as it was told."""

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, nothing is thought or said, and no news waits."""
        return self._floor.idle and not self._busy and not len(self._inbox)

    async def until(self, true: Callable[[], bool]) -> None:
        """Return as soon as that is so; it is asked after each piece of news."""
        while not true():
            self._progress.clear()
            await self._progress.wait()

    async def run(self) -> None:
        """Converse until all who send news have closed their end."""
        async with asyncio.TaskGroup() as turns:
            try:
                async for news in self._inbox:
                    self._busy = True
                    await self._memory.stop()
                    await self._carry_out(self._consult(news), turns)
                    self._busy = False
                    self._progress.set()
                    if self.idle:
                        self._memory.begin(turns, self._studio.system_prompt, self._studio.tools.specs)
            finally:
                await self._memory.stop()
                if self._slot:
                    await self._drop("session")

    def _consult(self, news: News) -> list[Command]:
        match news:
            case Decoded():
                self._show_partial(news)
                return self._floor.decoded(news)
            case Sounded():
                return self._floor.sounded(news)
            case Typed():
                return self._floor.typed(news.words)
            case Rang():
                return self._floor.rang(news.script, news.language)
            case Stop():
                return self._floor.stopped()
            case TurnOver():
                return self._ended(news.turn, news.outcome)
            case _:
                return self._consult_on_speech(news)

    def _consult_on_speech(self, fact: SpeechFact) -> list[Command]:
        match fact:
            case SpeechStarted():
                return self._floor.started(fact, self._scene(fact))
            case SpeechResumed():
                return self._floor.resumed(fact)
            case SpeechSustained():
                return self._floor.sustained()
            case SpeechEnded():
                return self._floor.ended(fact)
            case SpeechPaused():  # its decode is the news
                return []

    def _scene(self, fact: SpeechStarted) -> Scene:
        """What somebody speaks into. Where the room carries no echo, repeating the assistant's words is no echo."""
        scene = self._slot[0].scene if self._slot else Scene()
        if not self._hearing.shared_room:
            return replace(scene, spoken="")
        text, until = self._said
        return replace(scene, spoken=f"{text} {scene.spoken}") if fact.started_at < until else scene

    async def _carry_out(self, commands: Sequence[Command], turns: asyncio.TaskGroup) -> None:
        left = deque(commands)
        while left:
            match command := left.popleft():
                case Judge():
                    self._hearing.judge(command.utterance, command.revision, command.wait_ms)
                case Open():
                    self._open(command, turns)
                case Commit():
                    self._commit(command.words)
                case Announce():
                    self._announce(command.words)
                case Supersede():
                    left.extend(await self._drop(None))
                case Interrupt():
                    left.extend(await self._drop(command.reason))
                case Dismiss():
                    self._studio.playback.dismiss(command.utterance, command.revision)
                case Reject():
                    self._reject(command.words)

    def _open(self, command: Open, turns: asyncio.TaskGroup) -> None:
        turn = Turn(self._plan(command), self._studio, self._report)
        if command.committed:
            turn.commit(command.words if command.announce else None)
            self.committed += 1
        self._slot = (turn, turns.create_task(turn.run(), name=repr(turn)))

    def _plan(self, command: Open) -> TurnPlan:
        words = command.words
        transcript = words.transcript if words else None
        language = command.language or (transcript.language if transcript else None) or self._language or "en"
        self._language = language
        if command.script is not None:
            return TurnPlan(command.number, 0, language, None, script=command.script, ring=chime())
        pending = transcript if command.announce or not command.committed else None
        after_ms = self._settings.turn.filler_after_ms
        speculation = "off" if not self._settings.turn.speculate else "miss" if command.committed else "hit"
        return TurnPlan(
            command.number,
            command.revision,
            language,
            words.t0 if words else None,
            messages=self._studio.history.render(
                self._studio.system_prompt, pending.text if pending else None, language
            ),
            speculation=speculation,
            lead_s=self._quality.lead_s,
            marks=words.marks if words else (),
            filler_after_s=after_ms / 1000 if after_ms is not None else None,
        )

    def _commit(self, words: Decoded) -> None:
        if self._slot:
            self._slot[0].commit(words)
            self.committed += 1

    def _announce(self, words: Decoded) -> None:
        if words.transcript:
            self._studio.history.user(words.transcript.text, words.transcript.language)
            self._studio.emit(final(words.transcript, self._studio.clock.now(), words.utterance))

    async def _drop(self, reason: str | None) -> list[Command]:
        """Cancel the live turn, await it, close it. Its end is settled before anything else happens."""
        if self._slot is None:
            return []
        turn, task = self._slot
        if reason is not None:
            turn.cut(reason)
        task.cancel()
        await asyncio.wait({task}, timeout=CLEAN_UP_S)
        if not task.done():
            log.error("%r did not end within %.0f s of its cancellation", turn, CLEAN_UP_S)
        turn.close()
        return self._ended(turn, turn.outcome)

    def _report(self, turn: Turn, outcome: TurnOutcome) -> None:
        if self._own_news.is_open:
            self._own_news.offer(TurnOver(turn, outcome))

    def _ended(self, turn: Turn, outcome: TurnOutcome) -> list[Command]:
        if self._slot is None or self._slot[0] is not turn:
            return []
        self._slot = None
        if heard := getattr(outcome, "heard_text", ""):
            self._said = (heard[-RECENT:], self._studio.clock.now() + ROOM_TAIL_S)
        self._learn(turn, outcome)
        match outcome:
            case Failed():
                self.failure = self.failure or outcome.error
                self.over += 1
            case Completed() | Interrupted():
                self.over += 1
            case Superseded():
                log.debug("%r superseded", turn)
        return self._floor.over(turn.plan.number, turn.plan.revision, outcome)

    def _learn(self, turn: Turn, outcome: TurnOutcome) -> None:
        """What this turn says about the machine."""
        if isinstance(outcome, Completed):
            self._quality.replied(starved=turn.starved)
        if (ready := turn.ready_ms) is not None:
            self._floor.was_ready(ready)

    def _show_partial(self, words: Decoded) -> None:
        if words.transcript and words.usable:
            self._studio.emit(
                TranscriptPartial(
                    t=self._studio.clock.now(),
                    turn=words.utterance,
                    text=words.transcript.text,
                    revision=words.revision,
                    language=words.transcript.language,
                )
            )

    def _reject(self, words: Decoded) -> None:
        now = self._studio.clock.now()
        if words.error is not None:
            self.failure = self.failure or words.error
            self.over += 1
            self._studio.emit(TurnFailed(t=now, turn=words.utterance, stage="stt", error=words.error))
        elif words.transcript and words.rejected:
            why = words.rejected
            self._studio.emit(
                TranscriptRejected(
                    t=now,
                    turn=words.utterance,
                    text=words.transcript.text,
                    reason=why.reason,
                    evidence=why.evidence,
                )
            )
