"""A process that dictates, or recovers, until its end: the subject of ``dictation_crash``.

Its microphone, its recognizer and its disk are doubles that tell what they gave and fail as they are told to; the
dictation between them is the real one.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from common.audio_host import AudioLost
from config import Settings, default_text
from pipeline import (
    Dictation,
    DictationIO,
    Journal,
    PipelineEvent,
    QualityChanged,
    Start,
    Stop,
    create_text_sink,
)
from stt import (
    SAMPLE_RATE,
    AudioFrame,
    SpeechSegment,
    STTManager,
    STTUnavailable,
    Transcript,
    TranscriptSegment,
)

SMALL_DISK = 50_000
"""Bytes that a file may have on the full disk: one and a half seconds of sound."""


class Speaker:
    """A live source whose samples say which utterance they belong to; tells what it has given."""

    live = True

    def __init__(self, number: int, tell: Callable[[int, int], None], dies_after_s: float | None) -> None:
        self._number = number
        self._tell = tell
        self._dies_after_s = dies_after_s
        self._closed = asyncio.Event()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        loop = asyncio.get_running_loop()
        began, given = loop.time(), 0
        while not self._closed.is_set():
            given += size
            try:
                async with asyncio.timeout_at(began + given / SAMPLE_RATE):
                    await self._closed.wait()
            except TimeoutError:
                pass
            if self._dies_after_s is not None and given / SAMPLE_RATE > self._dies_after_s:
                raise AudioLost("the microphone was lost: connect it again")
            yield AudioFrame(np.full(size, self._number, np.int16), SAMPLE_RATE, loop.time())
            self._tell(self._number, given)

    async def aclose(self) -> None:
        self._closed.set()


class Knower:
    """A recognizer that knows which utterance it hears."""

    def __init__(self, draw: random.Random, *, fails: bool) -> None:
        self._draw = draw
        self._fails = fails

    async def warm(self) -> None:
        """Nothing to load."""

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        del prompt
        await asyncio.sleep(self._draw.uniform(0.0, 0.15))
        if self._fails:
            raise STTUnavailable("The model is gone.")
        heard = sorted({int(value) for value in segment.samples if value})
        text = " ".join(f"u{number}" for number in heard)
        parts = (TranscriptSegment(text, 0.0, segment.duration),)
        return Transcript(text, language or "en", 0.9, parts, True, segment.duration, 0.1, "knower", "knower")

    async def aclose(self) -> None:
        """Nothing is held."""


@dataclass
class Life:
    """What one process is told."""

    folder: Path
    seed: int
    kind: str
    recovering: bool
    pipe: int
    """Where it tells what happens."""
    pace: float = 1.0
    """Of all durations."""

    def tell(self, text: str) -> None:
        os.write(self.pipe, f"{text} {time.monotonic()}\n".encode())


class Listener:
    """Passes on what is said about the journal."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def notify(self, event: PipelineEvent) -> None:
        if isinstance(event, QualityChanged):
            self._life.tell("said 0 0")


def settings() -> Settings:
    data = yaml.safe_load(default_text())
    data["vad"]["backend"] = "scripted"
    data["journal"]["recover"] = "deliver"
    data["stt"]["cache"] = 0
    return Settings.model_validate(data)


async def live(life: Life) -> None:
    """Dictate, or recover, and end."""
    draw, config = random.Random(life.seed), settings()
    numbers = iter(range(1, 1000))
    dies = draw.uniform(0.05, 1.2) * life.pace if life.kind == "dead microphone" else None

    def source() -> Speaker:
        return Speaker(next(numbers), lambda number, given: life.tell(f"fed {number} {given}"), dies)

    io = DictationIO(source, lambda _: create_text_sink(f"file:{life.folder / 'words.txt'}"))
    journal = Journal(config.journal, life.folder / "dictations")
    ears = Knower(draw, fails=life.kind == "failed model" and not life.recovering)
    dictation = Dictation(
        io, STTManager(ears, config.stt, config.vad), journal, config, observers=[Listener(life)]
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(dictation.run(recovering=life.recovering))
        if life.recovering:
            await dictation.recovered.wait()
        for _ in range(0 if life.recovering else 3):
            dictation.post(Start("soak"))
            longest = 2.0 if life.kind == "full disk" else 1.0
            await asyncio.sleep(draw.uniform(0.1, longest) * life.pace)
            dictation.post(Stop())
            await asyncio.sleep(draw.uniform(0.0, 0.25) * life.pace)
        dictation.finish()


def born(life: Life) -> int:
    """A process that lives this life: its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if life.kind == "full disk" and not life.recovering:
            room = round(SMALL_DISK * life.pace)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        asyncio.run(live(life))
        code = 0
    finally:
        os._exit(code)
