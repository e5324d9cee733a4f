"""Dictation: the one task that hears every message, and the owner of everything that runs because of one.

``post`` takes wishes from keys, sockets and commands; ``run`` asks the coordinator what follows of each and does it. A
dictation has one task at a time: recording and understanding, then inserting. What happens is told as events; nothing
here waits for an observer. Insertions come one after another: a sink is closed before the next one commits.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from common.audio_host import AudioError
from common.channel import Policy, Receiver, Sender, channel
from common.clock import Clock, LiveClock
from common.worker import cancelled_from_below
from pipeline.desktop.base import DesktopError
from pipeline.dictation.coordinator import (
    Again,
    Coordination,
    Discard,
    Finish,
    Insert,
    Keep,
    Recall,
    Record,
    Refuse,
    step,
)
from pipeline.dictation.delivery import Delivery
from pipeline.dictation.journal import JournalError
from pipeline.dictation.messages import (
    Captured,
    Failed,
    Inserted,
    Interrupted,
    Recognized,
)
from pipeline.dictation.recovery import recover
from pipeline.dictation.status import Status
from pipeline.dictation.take import Desk, Take
from pipeline.events import (
    DictationCancelled,
    DictationFailed,
    DictationStateChanged,
    QualityChanged,
)
from pipeline.sinks.text import SinkError
from stt import STTError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from config import Settings
    from pipeline.dictation.coordinator import Action
    from pipeline.dictation.io import DictationIO
    from pipeline.dictation.journal import Journal
    from pipeline.dictation.messages import DictationMessage, Request
    from pipeline.events import Observer, PipelineEvent
    from stt import STTManager

log = logging.getLogger("prism.dictation")

INBOX = 1024
"""Messages that may wait. Results are a few for each dictation of the line, and wishes are refused long before."""
WISHES = 256
"""Messages from which on wishes are refused: somebody floods the socket."""
CLOSE_LIMIT_S = 15.0
"""Seconds that a sink may take to give everything back; a clipboard waits up to 8 s for its readers."""
SILENT = "the microphone gave no sound"
"""Why there are no words, when there was not even noise."""
MEANT_S = 1.0
"""Seconds of sound from which on a dictation that can go nowhere is kept: who is refused at once has said nothing."""
BUG = "This is a bug in Prism; the log has the details."
HELD = {
    "lock": "The screen was locked: paste-last inserts the words.",
    "suspend": "The machine went to sleep: paste-last inserts the words.",
    "shutdown": "Prism was asked to end before the words were ready.",
}
"""Why words were held back, by the interruption."""


class Dictation:
    """One run of dictation, for a daemon's life or for a single dictation. Make it inside the event loop."""

    def __init__(
        self,
        io: DictationIO,
        stt: STTManager,
        journal: Journal,
        settings: Settings,
        *,
        observers: Sequence[Observer] = (),
        clock: Clock | None = None,
    ) -> None:
        """``stt`` and ``journal`` are not closed here."""
        self.clock: Clock = clock or LiveClock()
        self._observers = list(observers)
        self._journal = journal
        journal.failed = self._journal_failed
        self._settings = settings
        self._delivery = Delivery(journal, self.clock, self.emit)
        self._now = Coordination()
        self._desk = Desk(
            io, stt, journal, settings, self.clock, self.emit, self._busy, self._delivery.stands_before
        )
        self._takes: dict[int, Take] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        ends: tuple[Sender[DictationMessage], Receiver[DictationMessage]] = channel(
            INBOX, Policy.NEVER_FULL, name="dictation"
        )
        self._news, self._inbox = ends
        self._ending = False
        self._state = self._now.state
        self._group: asyncio.TaskGroup | None = None
        self._desk.quiet.set()
        self.recovered = asyncio.Event()
        """Set when what earlier runs left has been taken care of."""

    def __repr__(self) -> str:
        return f"<Dictation {self._now.state}, {len(self._now.line)} waiting>"

    def post(self, wish: Request) -> bool:
        """Ask for something, from the event loop; never waits. False when there are too many wishes, or at the end."""
        if self._ending or len(self._inbox) >= WISHES:
            return False
        self._desk.quiet.clear()
        self._news.offer(wish)
        return True

    def end(self) -> None:
        """Finish what is being recorded, understand what waits, and let ``run`` return."""
        if not self._ending:
            self._news.offer(Interrupted("shutdown"))
            self._ending = True

    def finish(self) -> None:
        """Let ``run`` return when everything asked for is done; nothing is held back."""
        self._ending = True
        self._news.offer(Failed(0, ""))  # of no dictation: it only wakes the loop

    def status(self) -> Status:
        """What is going on."""
        now = self._now
        number = now.recording if now.recording is not None else next((w.number for w in now.line), None)
        take = self._takes.get(number) if number is not None else None
        return Status(
            now.state,
            take.id if take else None,
            take.trigger if take else None,
            take.target if take else None,
            len(now.line),
            self._delivery.last,
            now.error,
        )

    def observe(self, observer: Observer) -> None:
        """Tell ``observer`` of every event from now on."""
        self._observers.append(observer)

    def ignore(self, observer: Observer) -> None:
        """Tell it no more; it need not be known."""
        if observer in self._observers:
            self._observers.remove(observer)

    async def run(self, *, recovering: bool = True) -> None:
        """Serve until ``end`` or cancellation. ``recovering``: first see what earlier runs left."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            beside = [group.create_task(work()) for work in self._desk.io.beside]
            if recovering:
                beside.append(group.create_task(self._recover(), name="recover"))
            async for message in self._inbox:
                self._now, actions = step(self._now, message)
                for action in actions:
                    self._do(action)
                self._tell_state()
                if self._ending and self._now.at_rest and not len(self._inbox):
                    break
            for task in beside:
                task.cancel()

    def emit(self, event: PipelineEvent) -> None:
        """Tell every observer. One that fails is logged and not asked again: it must never end dictation."""
        for observer in list(self._observers):
            try:
                observer.notify(event)
            except Exception:
                log.exception("observer %r failed and is dismissed", observer)
                self.ignore(observer)

    async def _recover(self) -> None:
        await recover(self._desk, self.post)
        self.recovered.set()

    def _do(self, action: Action) -> None:
        match action:
            case Record(number, trigger):
                take = self._new(number, trigger)
                self._start(take, self._record(take))
            case Recall(number, id_):
                take = self._new(number, "paste-last")
                self._start(take, self._recall(take, id_))
            case Again(number, id_, model):
                take = self._new(number, "retry-last")
                self._start(take, self._again(take, id_, model))
            case Refuse(error):
                self.emit(DictationFailed(t=self.clock.now(), stage="start", error=error))
            case Finish() | Insert() | Keep() | Discard():
                # A take that has just failed is gone before the coordinator has heard of it.
                if (known := self._takes.get(action.number)) is not None:
                    self._go_on(known, action)

    def _go_on(self, take: Take, action: Finish | Insert | Keep | Discard) -> None:
        match action:
            case Finish(_, reason):
                take.stop(reason)
            case Insert():
                self._start(take, self._insert(take))
            case Keep(_, reason):
                self._start(take, self._keep(take, reason))
            case Discard(number):
                self._start(take, self._discard(take, self._tasks[number]))

    async def _record(self, take: Take) -> None:
        await take.record()
        self._news.offer(Captured(take.number))
        await take.understand()
        await self._understood(take)

    async def _recall(self, take: Take, wanted: str | None) -> None:
        await take.recall(self._delivery.earlier(wanted, lambda one: bool(one.text)))
        await self._understood(take)

    async def _again(self, take: Take, wanted: str | None, model: str | None) -> None:
        dictated = self._delivery.earlier(wanted, lambda one: self._journal.seconds(one.id) > 0)
        await take.retry(dictated, model)
        await self._understood(take)

    async def _understood(self, take: Take) -> None:
        if not take.text:
            unheard = take.silent and take.former is None
            await self._gone(take, SILENT if unheard else "nothing was said")
        self._news.offer(Recognized(take.number, bool(take.text)))

    async def _insert(self, take: Take) -> None:
        error = await self._delivery.deliver(take)
        await self._dispose(take)
        self._news.offer(Failed(take.number, error) if error else Inserted(take.number))
        await self._journal.tidy()

    async def _keep(self, take: Take, reason: str) -> None:
        await self._delivery.keep(take, HELD[reason])
        await self._dispose(take)

    async def _discard(self, take: Take, work: asyncio.Task[None]) -> None:
        work.cancel()
        await asyncio.wait([work])
        await take.came_to("cancelled")
        await self._gone(take, "cancelled")

    async def _gone(self, take: Take, reason: str) -> None:
        self.emit(DictationCancelled(t=self.clock.now(), id=take.id or "", reason=reason))
        await self._dispose(take)

    async def _attempt(self, take: Take, work: Coroutine[None, None, None]) -> None:
        """The boundary of one dictation: whatever fails in it ends it and nothing else."""
        try:
            await work
        except (SinkError, DesktopError, JournalError) as error:
            await self._fail(take, "target", str(error))
        except AudioError as error:
            await self._fail(take, "capture", str(error))
        except STTError as error:
            await self._fail(take, "stt", str(error))
        except asyncio.CancelledError:
            if not cancelled_from_below():
                raise
            log.exception("what %r waited for was cancelled", take)
            await self._fail(take, "stt", BUG)
        except Exception:
            log.exception("%r failed", take)
            await self._fail(take, "stt", BUG)

    async def _fail(self, take: Take, stage: str, error: str) -> None:
        name = take.id
        if name is not None:
            seconds = self._journal.seconds(name)
            if take.former is None and stage != "stt" and (take.refused or seconds < MEANT_S):
                await self._journal.drop(name)  # it never was a dictation: nobody had said anything yet
            elif stage == "stt" or take.former is None:
                await take.came_to("failed", reason=error)
                if seconds:
                    error = f"{error.rstrip('.')}. The recording is kept: prism history retry {name}"
        self.emit(DictationFailed(t=self.clock.now(), id=name, stage=stage, error=error))
        await self._dispose(take)
        self._news.offer(Failed(take.number, error))

    async def _dispose(self, take: Take) -> None:
        """Give its sink back, and forget it."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await take.close()
        except TimeoutError:
            log.warning("the sink of %r does not close", take)
        self._takes.pop(take.number, None)
        self._tasks.pop(take.number, None)

    def _new(self, number: int, trigger: str) -> Take:
        self._takes[number] = take = Take(self._desk, number, trigger)
        return take

    def _start(self, take: Take, work: Coroutine[None, None, None]) -> None:
        if self._group is None:
            raise RuntimeError("only a running dictation does anything")
        task = self._group.create_task(self._attempt(take, work), name=f"dictation {take.number}")
        self._tasks[take.number] = task

    def _busy(self) -> bool:
        return any(waiting.stage == "decoding" for waiting in self._now.line)

    def _tell_state(self) -> None:
        if self._now.at_rest and not len(self._inbox):
            self._desk.quiet.set()
        if self._now.state != self._state:
            self._state = self._now.state
            self.emit(DictationStateChanged(t=self.clock.now(), state=self._state))

    def _journal_failed(self, reason: str) -> None:
        now = self.clock.now()
        self.emit(QualityChanged(t=now, what="journal", from_="disk", to="memory", reason=reason))
