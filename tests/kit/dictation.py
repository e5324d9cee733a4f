"""Dictations as data, on virtual time: what is said, what is pressed when, and what comes of it.

``dictate`` runs the real Dictation with scripted engines, a live source and a sink that remembers, and a journal in
memory; tests of the disk have their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from common.audio_host import AudioLost
from pipeline import (
    Dictation,
    DictationIO,
    Journal,
    PipelineEvent,
    Receipt,
    SinkError,
    Start,
    Stop,
    Surroundings,
    to_json,
)
from pipeline.dictation.messages import Request
from pipeline.dictation.profiles import Profile
from stt import (
    SAMPLE_RATE,
    AudioFrame,
    Line,
    ScriptedTranscriber,
    SpeechSegment,
    STTManager,
    Transcript,
    TranscriptSegment,
)
from tests.kit.conversation import Said
from tests.kit.settings import settings as make_settings
from tests.kit.virtual_loop import run_virtual

LONGEST_S = 600.0
FRAME_S = 512 / SAMPLE_RATE


class LiveSource:
    """A microphone in a room where somebody speaks at the times of ``said``, on the loop's clock; it may be lost."""

    live = True

    def __init__(self, said: Sequence[Said], lost_at: float | None = None, origin: float = 0.0) -> None:
        """``origin``: the loop's time from which the others count."""
        self._said = said
        self._origin = origin
        self._lost_at = lost_at
        self._closed = asyncio.Event()
        self.closed = 0

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        loop = asyncio.get_running_loop()
        began, count = loop.time(), 0
        while not self._closed.is_set():
            count += 1
            due = began + count * size / SAMPLE_RATE
            try:
                async with asyncio.timeout_at(due):
                    await self._closed.wait()
            except TimeoutError:
                pass
            now = loop.time() - self._origin
            if self._lost_at is not None and now >= self._lost_at:
                raise AudioLost("the microphone 'virtual' was lost: connect it again")
            voiced = any(s.start <= now < s.end for s in self._said)
            yield AudioFrame(np.full(size, int(voiced), np.int16), SAMPLE_RATE, loop.time())

    async def aclose(self) -> None:
        self.closed += 1
        self._closed.set()


@dataclass
class RememberingSink:
    """A text sink that takes ``slow_s`` for each text, and fails where it is told to."""

    book: Book
    name: str = "remembering"
    begun: bool = False

    async def begin(self) -> str | None:
        await asyncio.sleep(self.book.slow_begin_s)
        if self.book.no_target:
            raise SinkError(self.book.no_target)
        self.begun = True
        return "an editor"

    async def commit(self, text: str) -> Receipt:
        assert self.begun
        assert not self.book.committing, "two sinks commit at once"
        self.book.committing = True
        try:
            await asyncio.sleep(self.book.slow_s)
        except asyncio.CancelledError:
            self.book.committing = False
            raise
        if self.book.broken:
            self.book.committing = False
            raise SinkError(self.book.broken)
        self.book.texts.append(text)
        return self.book.receipt

    async def aclose(self) -> None:
        self.book.closed += 1
        await asyncio.sleep(self.book.slow_close_s)
        self.book.committing = False


@dataclass
class Book:
    """How the sinks of a run behave, and what they were given."""

    slow_s: float = 0.0
    slow_begin_s: float = 0.0
    slow_close_s: float = 0.0
    no_target: str = ""
    broken: str = ""
    receipt: Receipt = field(default_factory=lambda: Receipt("confirmed", "an editor"))
    texts: list[str] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    committing: bool = False
    closed: int = 0

    def sink(self, profile: Profile) -> RememberingSink:
        self.profiles.append(profile)
        return RememberingSink(self)


@dataclass
class Dictated:
    """What can be observed of a run."""

    book: Book
    events: list[dict[str, Any]] = field(default_factory=list)
    sources: list[LiveSource] = field(default_factory=list)
    journal: Journal | None = None
    statuses: list[Any] = field(default_factory=list)
    decodes: list[tuple[float, float]] = field(default_factory=list)
    """When (s) the counting recognizer was asked, and for how much sound (s)."""

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]

    @property
    def states(self) -> list[str]:
        return [event["state"] for event in self.all("dictation.state")]

    def all(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    def one(self, name: str) -> dict[str, Any]:
        (event,) = self.all(name)
        return event

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))


class Counting:
    """A recognizer that knows how long somebody has spoken: "1 2 3" after one and a half seconds of voice."""

    def __init__(self, takes_s: float) -> None:
        self._takes_s = takes_s
        self.decodes: list[tuple[float, float]] = []

    async def warm(self) -> None:
        """Nothing to load."""

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        assert prompt is None
        self.decodes.append((asyncio.get_running_loop().time(), segment.duration))
        await asyncio.sleep(self._takes_s)
        step = SAMPLE_RATE // 2
        voiced = np.flatnonzero(segment.samples)
        words = [
            TranscriptSegment(f"w{n + 1}", float(start) / SAMPLE_RATE, float(start + step) / SAMPLE_RATE)
            for n, start in enumerate(voiced[: max(0, len(voiced) - step // 2) : step])
        ]
        text = " ".join(word.text for word in words)
        return Transcript(
            text,
            language or "en",
            0.9,
            tuple(words),
            True,
            segment.duration,
            self._takes_s,
            "counting",
            "counting",
        )

    async def aclose(self) -> None:
        """Nothing is held."""


Pressed = Sequence[tuple[float, Request]]
"""When (s), and what is asked for."""
HELD: Pressed = ((0.0, Start("hold")), (3.0, Stop()))
"""The key is held for three seconds."""


@dataclass(frozen=True)
class World:
    """What surrounds a run."""

    said: Sequence[Said] = ()
    lines: Sequence[Line] = ()
    book: Book = field(default_factory=Book)
    lost_at: float | None = None
    surroundings: Surroundings | None = None
    cleaner: Callable[[str, str, str], Any] | None = None
    counting_s: float | None = None
    """Instead of lines: the recognizer hears a word for every half second of voice, and takes so long."""


def dictate(
    world: World,
    pressed: Pressed = HELD,
    run: Callable[[Coroutine[Any, Any, None]], None] = run_virtual,
    **changes: object,
) -> Dictated:
    """Press what is pressed and give back what came of it. ``changes`` are settings.

    ``run``: asyncio.run where threads take part, such as to understand a whole recording; the times of ``world`` and
    ``pressed`` count from the start all the same.
    """
    config = make_settings(**{"vad__backend": "scripted", "stt__cache": 0, "journal__keep": "off", **changes})
    found = Dictated(world.book)

    async def main() -> None:
        began = asyncio.get_running_loop().time()
        ears = ScriptedTranscriber(world.lines) if world.counting_s is None else Counting(world.counting_s)

        def source() -> LiveSource:
            found.sources.append(LiveSource(world.said, world.lost_at, began))
            return found.sources[-1]

        io = DictationIO(source, world.book.sink, cleaner=world.cleaner)
        if world.surroundings is not None:
            io = DictationIO(source, world.book.sink, world.surroundings, world.cleaner)
        journal = found.journal = Journal(config.journal)
        stt = STTManager(ears, config.stt, config.vad)
        dictation = Dictation(io, stt, journal, config, observers=[found])
        async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as group:
            group.create_task(dictation.run())
            for at, wish in pressed:
                await asyncio.sleep(max(0.0, began + at - asyncio.get_running_loop().time()))
                assert dictation.post(wish)
                found.statuses.append(dictation.status())
            dictation.finish()
        if isinstance(ears, ScriptedTranscriber):
            ears.assert_complete()
        else:
            found.decodes = ears.decodes
        left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"tasks left running: {left}"
        assert all(source.closed for source in found.sources)
        await journal.aclose()

    run(main())
    return found
