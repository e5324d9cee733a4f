"""PipelineOrchestrator: one conversation, from the first frame to the last sample.

It wires the rooms and owns the tasks, and decides nothing about turns: hear (frames into the ears), understand (pauses
into words), converse (words into turns) and type (lines into words) run in one task group. When the input has ended
and everything said has been answered, ``hear`` closes its ends and the others follow by themselves.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING

import numpy as np

from common.audio_host import AudioError, AudioLost
from common.channel import Policy, Receiver, Sender, channel
from common.clock import FrameClock, LiveClock
from llm import History, guess_language, system_prompt
from pipeline.builtin_tools import builtin_tools, today
from pipeline.captions import make_captions
from pipeline.chime import chime
from pipeline.converse import Converse, News, Rang, Stop, Typed
from pipeline.decodes import DecodeQueue
from pipeline.device_news import follow
from pipeline.events import (
    DeviceLost,
    PipelineEvent,
    QualityChanged,
    SessionEnded,
    SessionStarted,
    TimerRang,
)
from pipeline.floor import Decoded, Floor
from pipeline.hearing import Hearing
from pipeline.parts import ConversationIO, Rooms, SessionReport
from pipeline.phrases import timer_over
from pipeline.playback import Playback
from pipeline.prosody import Prosody, Sounded
from pipeline.quality import Quality
from pipeline.room import Room
from pipeline.stepping import Activity
from pipeline.timers import Timers
from pipeline.tools import Toolbox
from pipeline.turn import Studio
from pipeline.understand import understand
from pipeline.wake import Wake
from stt import SAMPLE_RATE, Segmenter, SpeechPaused, Transcript

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from common.clock import Clock
    from config import Settings
    from stt import AudioFrame, Int16, SpeechFact


log = logging.getLogger("prism.orchestrator")

INBOX = 4096
"""News that may wait. A frame makes at most two and a turn one: an overflow means that converse hangs."""


class PipelineOrchestrator:
    """One conversation. It opens and closes its source and its sink."""

    def __init__(self, rooms: Rooms, io: ConversationIO, settings: Settings) -> None:
        """Must be made inside the event loop that will run it."""
        self._rooms, self._io, self._settings = rooms, io, settings
        self._live_clock = None if io.fast else LiveClock()
        self._clock: Clock = self._live_clock or FrameClock()
        self._activity = Activity()
        self._observers = list(io.observers)
        self._decodes = DecodeQueue()
        self._prosody = Prosody(rooms.turn_model, self._activity) if rooms.turn_model else None
        self._timers = Timers()
        self._history = History(max_tokens=settings.history.max_tokens, entries=io.resumed, note=io.record)
        self._quality = Quality(self._quality_changed, lambda: rooms.engines.strained)
        self._numbers = itertools.count(1)
        ends: tuple[Sender[News], Receiver[News]] = channel(INBOX, Policy.NEVER_FULL, name="inbox")
        self._news, inbox = ends
        self.sink = io.sink(self._clock)
        self._playback = Playback(self.sink, self._clock, self.emit, duck_db=settings.barge_in.duck_db)
        self._hearing = self._make_hearing()
        studio = Studio(
            rooms.chat,
            rooms.tts,
            self._make_tools(),
            self._history,
            self._playback,
            self._clock,
            self._activity,
            self._quality,
            self.emit,
            system_prompt(settings.llm.system_prompt, today(), settings.stt.language),
            joins=not io.fast,
        )
        floor = Floor(settings.turn, self._quality, self._numbers)
        self._converse = Converse(floor, studio, self._hearing, settings, (self._news, inbox))
        if detector := rooms.stt.wake_detector():
            said = (self._clock, self.emit)
            self._hearing.wake = Wake(detector, settings.wake, lambda: not self._answered, said)
        self._typing = io.lines is not None
        self._frames = 0
        self._told_of_ears = follow("microphone", io.source, self._clock, self.emit)
        follow("speaker", self.sink, self._clock, self.emit)

    def __repr__(self) -> str:
        return f"<PipelineOrchestrator at {self._clock.now():.1f} s, {self._converse.committed} turns>"

    @property
    def finished(self) -> bool:
        """Whether ``--once`` has had its turn."""
        return self._io.once and self._converse.over > 0

    @property
    def idle(self) -> bool:
        """Whether nothing is being said, heard, thought or typed."""
        return self._answered and not self._typing

    @property
    def _answered(self) -> bool:
        return self._converse.idle and self._decodes.idle and not self._hearing.open

    async def run(self) -> SessionReport:
        """Hold the conversation. Ends with the input, with ``--once``, or by cancellation."""
        reason = "failed"
        try:
            await self.sink.open()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(), name="hear")
                group.create_task(self._understand(), name="understand")
                group.create_task(self._converse.run(), name="converse")
                if self._prosody:
                    sounds: Sender[Sounded] = self._news.clone()
                    group.create_task(self._prosody.run(sounds), name="prosody")
                if self._captions is not None:
                    group.create_task(self._captions.run(), name="captions")
                if self._io.lines is not None:
                    group.create_task(self._type(self._io.lines, self._news.clone()), name="type")
            reason = "once" if self.finished else "input ended"
        except asyncio.CancelledError:
            reason = "interrupted"
            raise
        finally:
            self._rooms.engines.leave(self.emit)
            # The device may hang: the session's end is told before it is given back.
            self.emit(SessionEnded(t=self._clock.now(), turns=self._converse.committed, reason=reason))
            async with AsyncExitStack() as owned:  # each is closed, whatever happens to the other
                owned.push_async_callback(self.sink.aclose)
                owned.push_async_callback(self._io.source.aclose)
        return SessionReport(
            self._converse.committed, self._converse.failure, len(self._timers), self._history.entries
        )

    def emit(self, event: PipelineEvent) -> None:
        """Tell every observer. One that fails is logged and not asked again: it must never end a conversation."""
        for observer in tuple(self._observers):
            try:
                observer.notify(event)
            except Exception:
                log.exception("observer %r failed and is dismissed", observer)
                self._observers.remove(observer)

    def _quality_changed(self, what: str, before: str, after: str, reason: str) -> None:
        self.emit(QualityChanged(t=self._clock.now(), what=what, from_=before, to=after, reason=reason))

    def stop_speaking(self) -> None:
        """The key: the assistant falls silent now."""
        if self._news.is_open:
            self._news.offer(Stop())

    def _make_tools(self) -> Toolbox:
        own = builtin_tools(self._timers, self._clock, self._playback.volume)
        rooms, limits = self._rooms, self._settings.tools
        return Toolbox((*own, *rooms.tools), limits, self._clock, self.emit, offered=rooms.offer_tools)

    def _make_hearing(self) -> Hearing:
        detector = self._rooms.stt.detector()
        settings = self._settings
        self.room = Room(settings, self._io.source, self.sink, detector.frame_samples)
        """Where the assistant may hear itself."""
        segmenter = Segmenter(settings, detector.frame_samples, self._numbers)
        self._report = self._news.clone()
        hearing = Hearing(
            detector, segmenter, self._playback, self._decodes, self._pass_on, (self._clock, self.emit)
        )
        hearing.half_duplex, hearing.shared_room = self.room.deaf, self.room.duplex.shared_room
        hearing.captions = self._captions = make_captions(
            self._rooms.stt, self._quality, settings, self._activity, (self._clock, self.emit)
        )
        return hearing

    def _pass_on(self, fact: SpeechFact) -> None:
        """A late judgement may end an utterance after the ears have closed: nobody asks for it then."""
        if self._report.is_open:
            self._report.offer(fact)
        if self._prosody and isinstance(fact, SpeechPaused):
            self._prosody.offer(fact)

    async def _hear(self) -> None:
        """Feed the ears at the right pace, then silence until everything said has been answered."""
        size = self._hearing.frame_samples
        if not self._io.source.live:
            self._say_ready()
        try:
            with self._news, self._report:
                async with aclosing(self._heard_frames(size)) as frames:
                    async for frame in frames:
                        await (self._follow(frame) if self._io.source.live else self._pace(size))
                        if self.finished:
                            return
                        samples = self.room.heard(frame)
                        self._hearing.half_duplex = self.room.deaf  # as of this very frame
                        self._feed(samples, frame.captured_at if self._io.source.live else None)
                await self._hear_silence(size)
        finally:
            self._decodes.close()
            if self._prosody:
                self._prosody.close()
            if self._captions is not None:
                self._captions.close()

    async def _heard_frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """The source's frames. A microphone that fails is told of, unless it has said so by itself."""
        source = self._io.source
        try:
            async with aclosing(source.frames(size)) as frames:
                async for frame in frames:
                    yield frame
        except AudioError as error:
            if source.live and not (self._told_of_ears and isinstance(error, AudioLost)):
                now = self._clock.now()
                self.emit(DeviceLost(t=now, kind="microphone", device="microphone", reason=str(error)))
            raise

    async def _hear_silence(self, size: int) -> None:
        silence = np.zeros(size, np.int16)
        while True:
            await self._pace(size)
            if self.idle or self.finished:
                return
            self._feed(silence)

    async def _pace(self, size: int) -> None:
        """Wait until the next frame may be heard: we set the pace."""
        if self._io.fast:
            await self._activity.settled()
        else:
            await self._clock.sleep_until((self._frames + 1) * size / SAMPLE_RATE)

    async def _follow(self, frame: AudioFrame) -> None:
        """The source sets the pace, and its first frame our clock; only then is anybody heard."""
        if self._frames == 0:
            if self._live_clock is not None:
                self._live_clock.anchor(frame.duration, frame.captured_at)
            self._say_ready()

    def _feed(self, samples: Int16, captured_at: float | None = None) -> None:
        self._frames += 1
        self._clock.tick(self._frames * len(samples) / SAMPLE_RATE, captured_at)
        self._hearing.feed(samples)
        for timer in self._timers.due(self._clock.now()):
            self.emit(TimerRang(t=self._clock.now(), label=timer.label, seconds=timer.seconds))
            self._playback.lay_over(chime())
            self._news.offer(Rang(timer_over(timer.seconds, timer.label, timer.language), timer.language))

    def _say_ready(self) -> None:
        hears, thinks, speaks = self._rooms.description
        language = self._settings.stt.language
        self.emit(SessionStarted(t=self._clock.now(), stt=hears, llm=thinks, tts=speaks, language=language))
        self._rooms.engines.listen(self._clock, self.emit)

    async def _understand(self) -> None:
        news: Sender[Decoded] = self._news.clone()
        with news:
            await understand(self._rooms.stt, self._decodes, news, self._clock, self._activity)

    async def _type(self, lines: AsyncIterator[str], news: Sender[News]) -> None:
        """One turn for each line; the next line waits until the last one is answered."""
        with news:
            while not self.finished:
                # Outside: with --fast, time stands still until the next line is there.
                with self._activity.outside():
                    line = await anext(lines, None)
                if line is None:
                    break
                if text := line.strip():
                    news.offer(Typed(self._typed(text)))
                    # Idle: it is answered, and a timer that rang meanwhile has been told of.
                    await self._converse.until(lambda: self._converse.idle or self.finished)
            self._typing = False

    def _typed(self, text: str) -> Decoded:
        language = self._settings.stt.language
        known = language if language != "auto" else guess_language([text])
        transcript = Transcript(text, known, 1.0, (), True, 0.0, 0.0, "keyboard", "keyboard")
        return Decoded(next(self._numbers), 0, None, transcript)
