"""One dictation at work: from the first sample to words that are ready to be inserted.

It records, finds out where the words will go meanwhile, has them understood, and writes each step into the journal
before it tells of it. When it is stopped, it hears on for a moment: the last syllable is still on its way through the
microphone. It decides nothing about other dictations.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.audio_host import AudioError
from pipeline.desktop.base import DesktopError
from pipeline.dictation.profiles import Profile, profile_for
from pipeline.dictation.surroundings import LIMIT_S
from pipeline.dictation.text import fitted
from pipeline.dictation.words import LiveWords, Recognized, whole_recording, written
from pipeline.events import (
    DictationStarted,
    DictationStopped,
    DictationText,
    TranscriptPartial,
)
from pipeline.sinks.text import SinkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from common.clock import Clock
    from config import Settings
    from pipeline.desktop.base import Window
    from pipeline.dictation.io import DictationIO
    from pipeline.dictation.journal import Journal
    from pipeline.dictation.ledger import Dictated, LedgerState
    from pipeline.dictation.recording import Recording
    from pipeline.events import Emit
    from pipeline.sinks.text import TextSink
    from stt import AudioSource, Int16, Partial, STTManager

    T = TypeVar("T")

FRAME = 512
"""Samples that are taken at a time: 32 ms, a frame of Silero's."""
PLACE_LIMIT_S = 3.0
"""Seconds that a sink may take to remember where words go."""
AT_CURSOR = frozenset(("paste", "type", "talon"))
"""Sinks that put words where the cursor is, among others that stand there."""
RELEASED, INPUT_ENDED, TOO_LONG, DEVICE = "released", "input ended", "too long", "device"


@dataclass(frozen=True, slots=True)
class Desk:
    """What all dictations of a run share."""

    io: DictationIO
    stt: STTManager
    journal: Journal
    settings: Settings
    clock: Clock
    emit: Emit
    busy: Callable[[], bool]
    """Whether an earlier dictation needs the recognizer first."""
    inserted: Callable[[Window | None], str | None]
    """What was inserted last into that window, where it is still likely to stand before the cursor."""
    quiet: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while nothing is recorded, understood, inserted or asked for."""


class Take:
    """One dictation. After ``record`` and ``understand``, or ``recall``, or ``retry``, it has its ``text``."""

    def __init__(self, desk: Desk, number: int, trigger: str) -> None:
        self._desk = desk
        self.number = number
        self.trigger = trigger
        self.id: str | None = None
        self.former: LedgerState | None = None
        """What had become of a dictation of before that is taken up again; None for a new one."""
        self.profile = Profile(desk.settings.dictation.sink)
        self.sink: TextSink | None = None
        self.target: str | None = None
        self.window: Window | None = None
        self.text = ""
        """As it is to be written, before it is fitted to what stands there."""
        self._before: str | None = None
        self._words: LiveWords | None = None
        self._recording: Recording | None = None
        self._early: list[Int16] = []
        self._stop, self._heard, self._placed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._begun = asyncio.Event()
        self._over = False
        self._reason = INPUT_ENDED
        self._partials = 0
        self.refused = False
        """Whether nothing is to be dictated here, so that nothing of it may be kept."""
        self.silent = True
        """Whether all sound so far was digital silence: a muted microphone, or a headset that is not there."""

    def __repr__(self) -> str:
        return f"<Take {self.number} {self.id}, {self.trigger}>"

    @property
    def fitted(self) -> str:
        """The text as it is to be put into the window; a file's line has nothing before it."""
        at_cursor = self.profile.sink.partition(":")[0] in AT_CURSOR
        if self.profile.plain or not self._desk.settings.dictation.spacing or not at_cursor:
            return self.text
        before = self._desk.inserted(self.window) if self._before is None else self._before
        return fitted(self.text, before)

    def stop(self, reason: str) -> None:
        """End the recording; its words are wanted."""
        if not self._stop.is_set():
            self._reason = reason
            self._stop.set()

    async def record(self) -> None:
        """Record until it is stopped, the source ends, or the device is lost.

        Raises SinkError when the words could go nowhere, AudioError when nothing could be heard at all, and STTError
        when there is no detector.
        """
        journal = self._desk.journal
        self.id = await journal.begin(self.trigger)
        self._recording = journal.record(self.id)
        source = self._desk.io.source()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(source, self._recording))
                group.create_task(self._hear(source))
                group.create_task(self._release(source))
        except ExceptionGroup as errors:
            raise _first(errors) from errors
        finally:
            await source.aclose()
            self._recording.end()

    async def understand(self) -> None:
        """The words of what was recorded, in ``text``. Raises STTError; the recording is kept then."""
        words, recording = self._words, self._recording
        if words is None or recording is None:
            raise RuntimeError("nothing was recorded")
        await self._desk.journal.note(
            self.id or "", "captured", seconds=round(recording.seconds, 3), target=self.target
        )
        found = await words.finish(recording.blocks)
        await self._write(found)

    async def recall(self, earlier: Dictated) -> None:
        """Words of the journal once more, for where the cursor is now. Raises SinkError."""
        self.id, self.former, self.text = earlier.id, earlier.state, earlier.text or ""
        await self.place()

    async def retry(self, earlier: Dictated, model: str | None = None) -> None:
        """A recording of the journal once more, for where the cursor is now. Raises SinkError or STTError."""
        self.id, self.former, name = earlier.id, earlier.state, earlier.id
        await self.place()
        stt, journal = self._desk.stt, self._desk.journal
        await self._write(await whole_recording(stt, lambda: journal.sound(name), self._language, model))

    async def came_to(self, state: LedgerState, *, reason: str | None = None) -> None:
        """Write that it ends without words; one of before stays what it was, and keeps its sound."""
        if self.former is not None:
            state, reason = self.former, None
        if self.id is not None:
            await self._desk.journal.note(self.id, state, reason=reason)

    async def place(self) -> None:
        """Find out where the words will go. Raises SinkError."""
        desk, around = self._desk, self._desk.io.surroundings
        # A profile may forbid dictation: a desktop that is slow to name its window must not get round that.
        self.window = await _soon(
            around.window(), PLACE_LIMIT_S if desk.settings.dictation.profiles else LIMIT_S
        )
        self.profile = profile_for(self.window, desk.settings.dictation, desk.io.chosen_sink)
        if not self.profile.enabled:
            self.refused = True
            name = self.window.application if self.window else "this window"
            raise SinkError(f"Dictation is switched off for {name} (dictation.profiles).")
        if desk.settings.dictation.spacing and not self.profile.plain:
            self._before = await _soon(around.before_cursor(), LIMIT_S)
        self.sink = desk.io.sink(self.profile)
        try:
            async with asyncio.timeout(PLACE_LIMIT_S):
                self.target = await self.sink.begin()
        except TimeoutError as error:
            raise SinkError("The desktop does not tell where words could go: try again.") from error
        self._placed.set()

    async def close(self) -> None:
        """Give its sink back."""
        if self.sink is not None:
            await self.sink.aclose()

    @property
    def _language(self) -> str | None:
        everywhere = self._desk.settings.stt.language
        return self.profile.language or (None if everywhere == "auto" else everywhere)

    async def _listen(self, source: AudioSource, recording: Recording) -> None:
        """Every sample: onto the disk first, then to the recognizer."""
        longest = self._desk.settings.dictation.max_minutes * 60
        if not source.live:
            await self._placed.wait()  # nobody speaks: the words may be taken one by one
        try:
            async with aclosing(source.frames(FRAME)) as frames:
                async for frame in frames:
                    recording.append(frame.samples)
                    self.silent = self.silent and not frame.samples.any()
                    self._heard.set()
                    await self._take_in(frame.samples, live=source.live)
                    if recording.seconds >= longest:
                        self.stop(TOO_LONG)
                        break
        except AudioError:
            if not recording.seconds:
                raise
            self.stop(DEVICE)  # what was heard before is kept and understood
        self._over = True
        self.stop(INPUT_ENDED)
        if self._words is not None:
            self._words.end()
        self._heard.set()
        await self._begun.wait()  # told in this order, also where the desktop was slow
        self._tell_stopped(recording.seconds)

    async def _take_in(self, samples: Int16, *, live: bool) -> None:
        if self._words is None:
            self._early.append(samples)
            return
        self._words.feed(samples)
        if not live and (partial := await self._words.settle()) is not None:
            self._tell(partial)

    async def _hear(self, source: AudioSource) -> None:
        """Find out where the words go while the first of them are spoken; then follow them."""
        desk = self._desk
        await self.place_first()
        await self._heard.wait()
        if self._recording is not None and self._recording.seconds:
            desk.emit(
                DictationStarted(
                    t=desk.clock.now(),
                    id=self.id or "",
                    trigger=self.trigger,
                    target=self.target,
                    application=self.window.application if self.window else None,
                )
            )
        self._begun.set()
        if source.live and self._words is not None:
            await self._words.follow(self._tell, desk.busy)

    async def place_first(self) -> None:
        """``place``, and the words that were spoken meanwhile."""
        await self.place()
        self._words = LiveWords(self._desk.stt, self._language, guess=self._desk.settings.dictation.partials)
        for samples in self._early:
            self._words.feed(samples)
        self._early.clear()
        if self._over:
            self._words.end()

    async def _release(self, source: AudioSource) -> None:
        """When it is stopped, close the source, after what is still in the air."""
        await self._stop.wait()
        if source.live and not self._over:
            await asyncio.sleep(self._desk.settings.dictation.tail_ms / 1000)
        await source.aclose()

    async def _write(self, found: Recognized) -> None:
        """From what was recognized to what is to be written: journal, clean-up, news."""
        desk = self._desk
        text = written(found, desk.stt, desk.settings, plain=self.profile.plain)
        if not text:  # a spoken line break alone is one
            await self.came_to("empty")
            return
        facts = {"language": found.language, "doubt": found.doubt}
        await desk.journal.note(self.id or "", "transcribed", text=text, **facts)
        cleaned = await self._cleaned(text, found.language)
        if cleaned is not None:
            await desk.journal.note(self.id or "", "cleaned", text=cleaned, raw=text)
        self.text = cleaned or text
        desk.emit(
            DictationText(
                t=desk.clock.now(),
                id=self.id or "",
                text=self.text,
                language=found.language,
                raw=text if cleaned is not None else None,
                doubt=found.doubt,
            )
        )

    async def _cleaned(self, text: str, language: str) -> str | None:
        cleaner, prompt = self._desk.io.cleaner, self.profile.cleanup_prompt
        return await cleaner(text, language, prompt) if cleaner and prompt and text.strip() else None

    def _tell(self, partial: Partial) -> None:
        self._partials += 1
        self._desk.emit(
            TranscriptPartial(
                t=self._desk.clock.now(),
                text=partial.text,
                revision=self._partials,
                language=self._words.language if self._words else "",
                id=self.id,
                committed=partial.committed,
                tentative=partial.tentative,
            )
        )

    def _tell_stopped(self, seconds: float) -> None:
        now = self._desk.clock.now()
        self._desk.emit(DictationStopped(t=now, id=self.id or "", seconds=seconds, reason=self._reason))


async def _soon(answer: Awaitable[T], limit_s: float) -> T | None:
    """What the desktop tells, unless it takes too long or cannot."""
    try:
        async with asyncio.timeout(limit_s):
            return await answer
    except (TimeoutError, DesktopError):
        return None


def _first(errors: BaseExceptionGroup) -> BaseException:
    """The first error of a group, however deep."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
