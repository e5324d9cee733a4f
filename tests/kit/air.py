"""A room made of arithmetic: a real conversation on virtual time, whose microphone hears its loudspeaker.

What runs is what runs live: the orchestrator, the canceller with WebRTC's filter, Silero, the guards, the gate. Only
the devices are arithmetic (a loudspeaker that is heard ``device_s`` after it took a block, air that carries it to the
microphone, times that jitter as a sound server's do), the recognizer reads its words from a script and the assistant's
voice was rendered before. Ten minutes take some thirty seconds, so levels, rooms and many tries can be gone through;
``tests/kit/room.py`` is the same on a real sound server and in real time.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from llm import Scripted, say
from pipeline import (
    RATE,
    ConversationIO,
    PipelineEvent,
    PipelineOrchestrator,
    Rooms,
    TimelineSink,
    to_json,
)
from stt import SAMPLE_RATE, AudioFrame, Int16, Line, ScriptedTranscriber, STTManager
from tests.kit.room import HEARD, REPLIES, SPEECH
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tts import SentenceSplitter, SpeechChunk, TTSManager, Voice
from ui.cli.demo_user import shipped

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.clock import Clock
    from pipeline.sinks.base import Tap

CARRIED_S = 2.0
"""Seconds of the loudspeaker that the air remembers."""
NOISE = 5.0
"""Root mean square of the microphone's own noise (-76 dBFS)."""
LOUDNESS_DB = -25.0
"""Of full scale, root mean square: a person at arm's length."""
WORDS = "What time is it?"
"""What the script understands whenever somebody is heard."""


@dataclass(frozen=True)
class Path:
    """From the loudspeaker to the microphone."""

    decibels: float
    """Echo against what is played."""
    delay_s: float = 0.06
    device_s: float = 0.045
    """From the block's taking to its sound."""
    reverberation_s: float = 0.0
    """Until the room's tail has fallen by 60 dB; 0 is a plain loop-back."""
    jitter_s: float = 0.0
    """By which reported times are wrong, either way."""
    jumps: tuple[tuple[float, float], ...] = ()
    """(when, by how much) the delay changes, seconds: a sound server that rebuffers."""
    stalls: tuple[float, float] = (0.0, 0.0)
    """Every so many seconds of sound the loudspeaker stops for so long, and is so late for the rest of it; 0: never."""
    seed: int = 1
    """Of the microphone's noise and of the jitter: all else is the same each time."""


class Recorded:
    """A voice whose pieces were rendered before: virtual time knows no threads."""

    name = "recorded"

    def __init__(self, pieces: dict[str, SpeechChunk]) -> None:
        self._pieces = pieces

    async def warm(self, language: str) -> None:
        """Ready."""

    async def speak(
        self,
        text: str,
        *,
        language: str,  # noqa: ARG002  # the seam's
        voice: str | None,  # noqa: ARG002
        speed: float,  # noqa: ARG002
    ) -> AsyncGenerator[SpeechChunk, None]:
        """The pieces of a text that is one or several of them."""
        rest = text
        while rest:
            piece = next(known for known in self._pieces if rest.startswith(known))
            rest = rest[len(piece) :].strip()
            yield replace(self._pieces[piece], text=text, last_of_sentence=not rest)

    async def voices(self) -> tuple[Voice, ...]:
        """None that could be chosen."""
        return ()

    async def aclose(self) -> None:
        """Nothing to free."""


def rendered(text: str = SPEECH) -> dict[str, SpeechChunk]:
    """``text`` in the pieces in which a turn speaks it, by eSpeak.

    In a process of its own: eSpeak says nothing twice alike, but each process begins alike.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        return child.submit(_render, text).result()


def _render(text: str) -> dict[str, SpeechChunk]:
    return asyncio.run(_spoken(text))


async def _spoken(text: str) -> dict[str, SpeechChunk]:
    import soxr

    manager = TTSManager.from_settings(settings(tts__backends=["espeak"]))
    splitter, found = SentenceSplitter(), {}
    for piece in (*splitter.feed(text), *splitter.flush()):
        async with aclosing(manager.speak(piece.strip(), language="en")) as chunks:
            parts = [chunk async for chunk in chunks]
        samples = np.concatenate([part.samples for part in parts])
        # At the sink's rate: where playback resamples, it adds noise, another each time.
        exact = soxr.resample(samples.astype(np.float32), parts[0].sample_rate, RATE)
        found[piece.strip()] = SpeechChunk(whole(exact), RATE, piece.strip(), True, "recorded")
    await manager.aclose()
    return found


def whole(samples: npt.NDArray[Any]) -> Int16:
    """The nearest whole numbers that fit."""
    nearest: Int16 = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return nearest


class Air:
    """What the loudspeaker plays, and what of it reaches the microphone; both count from the loop's second 0."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._random = np.random.default_rng(path.seed)
        self._played: npt.NDArray[Any] = np.zeros(0)
        self._first = 0
        self._impulse = self._response()
        self._tail: npt.NDArray[Any] = np.zeros(0)
        self._said: list[tuple[int, Int16]] = []

    def play(self, block: Int16) -> None:
        """The loudspeaker takes a block at 16 kHz."""
        self._played = np.concatenate((self._played, block))
        spare = len(self._played) - round(CARRIED_S * SAMPLE_RATE)
        if spare > 0:
            self._played, self._first = self._played[spare:], self._first + spare

    def say(self, at: int, samples: Int16) -> None:
        """Somebody speaks from that sample of the microphone on."""
        self._said.append((at, samples))

    def heard(self, first: int, count: int) -> Int16:
        """The microphone's samples from number ``first`` on; asked for in order."""
        moved = sum(by for when, by in self.path.jumps if when <= first / SAMPLE_RATE)
        delay = round((self.path.device_s + self.path.delay_s + moved) * SAMPLE_RATE)
        source = np.zeros(count)
        start, end = max(first - delay, self._first), first - delay + count
        known = self._played[start - self._first : max(0, end - self._first)] if end > start else source[:0]
        source[start - first + delay :][: len(known)] = known
        sound = self._through_the_room(source) + self._random.normal(0, NOISE, count)
        for at, samples in self._said:
            part = samples[max(0, first - at) : max(0, first + count - at)]
            sound[max(0, at - first) :][: len(part)] += part
        self._said = [(at, samples) for at, samples in self._said if at + len(samples) > first + count]
        clipped: Int16 = np.clip(sound, -32768, 32767).astype(np.int16)
        return clipped

    def jitter(self) -> float:
        """Seconds by which a reported time is wrong."""
        return float(self._random.uniform(-self.path.jitter_s, self.path.jitter_s))

    def _response(self) -> npt.NDArray[Any]:
        gain = 10 ** (self.path.decibels / 20)
        if not self.path.reverberation_s:
            return np.array([gain])
        count = round(0.6 * self.path.reverberation_s * SAMPLE_RATE)
        decay = 10 ** (-3 * np.arange(count) / (self.path.reverberation_s * SAMPLE_RATE))
        response = np.random.default_rng(7).normal(0, 1, count) * decay
        response[0] = 3.0  # the direct sound
        scaled: npt.NDArray[Any] = gain * response / np.sqrt(np.sum(response**2))
        return scaled

    def _through_the_room(self, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
        count, size = len(source), len(source) + len(self._impulse) - 1
        whole = np.fft.irfft(np.fft.rfft(source, size) * np.fft.rfft(self._impulse, size), size)
        whole[: len(self._tail)] += self._tail
        self._tail = whole[count:]
        return whole[:count]


class AirSpeaker(TimelineSink):
    """A loudspeaker in that air: a live, tapped sink."""

    live = True

    def __init__(self, clock: Clock, air: Air) -> None:
        import soxr

        super().__init__(clock, hold_s=20, record=self._take)
        self._loop = asyncio.get_running_loop()
        self._air = air
        self._resampler = soxr.ResampleStream(RATE, SAMPLE_RATE, 1, dtype="float32", quality="LQ")
        self._taken = 0
        self._tap: Tap | None = None
        self._late = self._sounded = 0  # samples

    def listen(self, tap: Tap) -> None:
        """Tell of every block."""
        self._tap = tap

    def _take(self, block: Int16) -> None:
        at = self._loop.time() - self._clock.now() + self._taken / RATE + self._air.path.device_s
        self._taken += len(block)
        if block.any():
            self._stall(len(block))
        elif self._late:  # what was late is made up for in silence
            dropped = min(self._late, len(block))
            self._late, block = self._late - dropped, block[dropped:]
            at += dropped / RATE
        at += self._late / RATE
        self._air.play(self._resampled(block))
        if self._tap is not None and len(block):
            self._tap(block, RATE, at + self._air.jitter())

    def _stall(self, count: int) -> None:
        """The device runs dry now and then."""
        every, by = self._air.path.stalls
        self._sounded += count
        if every and self._sounded > every * RATE:
            self._sounded = 0
            self._late += round(by * RATE)
            self._air.play(self._resampled(np.zeros(round(by * RATE), np.int16)))

    def _resampled(self, block: Int16) -> Int16:
        """At the air's rate; in floats, for the resampler adds noise to integers, another each time."""
        return whole(self._resampler.resample_chunk(block.astype(np.float32)))


class AirEar:
    """A microphone in that air: a live source that never ends by itself."""

    live = True

    def __init__(self, air: Air) -> None:
        self._air = air
        self._closed = False
        self.speaker: AirSpeaker | None = None
        self.heard = 0
        """Samples so far."""

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames at the pace of the virtual clock."""
        loop = asyncio.get_running_loop()
        while not self._closed:
            due = (self.heard + size) / SAMPLE_RATE
            await asyncio.sleep(due - loop.time())
            assert self.speaker is not None
            _ = self.speaker.played  # brings the loudspeaker up to now
            samples = self._air.heard(self.heard, size)
            self.heard += size
            yield AudioFrame(samples, SAMPLE_RATE, due + self._air.jitter())

    async def aclose(self) -> None:
        self._closed = True


@dataclass
class AirTalk:
    """A conversation that runs in that air."""

    air: Air
    ear: AirEar
    orchestrator: PipelineOrchestrator = field(init=False)
    events: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _questions: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def notify(self, event: PipelineEvent) -> None:
        self.events.append(to_json(event))
        self._news.set()

    async def questions(self) -> AsyncGenerator[str, None]:
        """A line whenever one is asked for."""
        while True:
            await self._questions.acquire()
            yield "Go on."

    async def wait_for(self, name: str, since: int, limit_s: float = 60.0) -> dict[str, Any] | None:
        """The first event of that name after the first ``since`` events; None when it does not come."""
        end = asyncio.get_running_loop().time() + limit_s
        while True:
            for event in self.events[since:]:
                if event["event"] == name:
                    return event
            if asyncio.get_running_loop().time() >= end:
                return None
            self._news.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def speak(self) -> int:
        """Have the assistant speak; the count of events before that."""
        before = len(self.events)
        self._questions.release()
        await self.wait_for("audio.started", before)
        return before

    def self_inflicted(self) -> dict[str, int]:
        """How often somebody was heard, while nobody spoke."""
        names = [event["event"] for event in self.events]
        return {name: names.count(name) for name in HEARD if name in names}

    async def alone(self, seconds: float) -> None:
        """Let the assistant speak for so long, reply after reply."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            before = await self.speak()
            await self.wait_for("turn.completed", before)
            await asyncio.sleep(1.0)

    async def cut_in(self, voice: Int16, after_s: float) -> tuple[float | None, float | None]:
        """Say ``voice`` into a reply; milliseconds from its onset until the reply paused and until it was given up."""
        await self.speak()
        await asyncio.sleep(after_s)
        since, onset = len(self.events), self.ear.heard
        self.air.say(onset, voice)
        await asyncio.sleep(len(voice) / SAMPLE_RATE + 2.0)
        last = [
            event
            for event in self.events[since:]
            if event["event"] in ("playback.paused", "turn.interrupted")
        ]
        if not any(event["event"] == "turn.interrupted" for event in last):
            await self.wait_for("turn.completed", since)
        else:
            self.orchestrator.stop_speaking()
        await asyncio.sleep(1.5)

        def told(name: str) -> float | None:
            return next((1000 * (e["t"] - onset / SAMPLE_RATE) for e in last if e["event"] == name), None)

        return told("playback.paused"), told("turn.interrupted")


@asynccontextmanager
async def talk_in_the_air(
    path: Path, pieces: dict[str, SpeechChunk], lines: Sequence[Line] = (), **changes: object
) -> AsyncIterator[AirTalk]:
    """A conversation on the virtual loop while the block runs; whatever is asked, the assistant says ``SPEECH``."""
    config = settings(**{"stt__cache": 0, **changes})
    air = Air(path)
    ear = AirEar(air)
    talk = AirTalk(air, ear)

    def speaker(clock: Clock) -> AirSpeaker:
        ear.speaker = AirSpeaker(clock, air)
        return ear.speaker

    rooms = Rooms(
        STTManager(ScriptedTranscriber(lines or [Line(WORDS, delay=0.2)] * REPLIES), config.stt, config.vad),
        Scripted([say(SPEECH)] * REPLIES),
        TTSManager([Recorded(pieces)]),
        ("scripted", "scripted", "recorded"),
        False,
    )
    io = ConversationIO(ear, speaker, (talk,), talk.questions())
    talk.orchestrator = PipelineOrchestrator(rooms, io, config)
    async with asyncio.TaskGroup() as group:
        conversation = group.create_task(talk.orchestrator.run())
        try:
            await talk.wait_for("session.started", 0)
            yield talk
        finally:
            conversation.cancel()


def said(name: str) -> Int16:
    """A shipped recording from its onset on, at the loudness of a person."""
    recording = shipped()[name]
    voice = recording.samples[round(recording.onset_s * SAMPLE_RATE) :].astype(float)
    voice *= 10 ** (LOUDNESS_DB / 20) * 32768 / np.sqrt(np.mean(voice**2))
    spoken: Int16 = np.clip(voice, -32768, 32767).astype(np.int16)
    return spoken


def half_duplex(pieces: dict[str, SpeechChunk]) -> tuple[dict[str, int], dict[str, int]]:
    """Without a canceller, at 0 dB: what is heard of a person while the assistant speaks, and all with one after it."""

    async def main() -> tuple[dict[str, int], dict[str, int]]:
        async with talk_in_the_air(Path(0.0), pieces, audio__echo="off") as talk:
            await talk.cut_in(said("en_time"), 4.0)
            before = talk.self_inflicted()
            talk.air.say(talk.ear.heard, said("en_time"))
            await asyncio.sleep(4.0)
            return before, talk.self_inflicted()

    return run_virtual(main())
