"""A room for tests: a real conversation on the virtual sound card, whose microphone hears its loudspeaker.

``echo`` makes the path through the air (60 ms, as loud as asked). ``converse`` holds a conversation in this process
with the real ears (Silero, the small Whisper), the real voice (eSpeak), the real microphone and the real speaker; only
what the assistant says is scripted. It keeps what the microphone heard and when everything was told, on the machine's
monotonic clock, so that a reaction can be held against the very sample that caused it.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
import wave
from collections import deque
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llm import Scripted, say
from pipeline import ConversationIO, PipelineEvent, PipelineOrchestrator, Rooms, Speaker, to_json
from stt import SAMPLE_RATE, Microphone, STTManager
from tts import TTSManager
from ui.cli.demo_user import shipped

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
    from pathlib import Path

    from common.devices.rules import Told
    from config import Settings
    from stt import AudioFrame, Int16
    from tests.kit.pulse import PulseServer

LOUDNESS = {-24: "40%", -11: "65%", 0: "100%"}
"""Echo, in dB below what is played -> PulseAudio's volume, whose percentages are cubic."""
HEARD = ("speech.started", "playback.paused", "turn.interrupted", "transcript.rejected")
"""Events that say that somebody was heard."""
KEPT_S = 30.0
"""Seconds of the microphone that are kept."""
REPLIES = 200
"""More than an hour of them."""
SPEECH = (
    "The echo of a room is what the microphone hears of the loudspeaker. I am speaking for some seconds, so that "
    "there is something to hear. La pièce répond à la voix, et le micro entend tout ce que je dis. It should stay "
    "quiet all the same, because nobody else has said a word. Voilà, c'est tout ce que je voulais dire pour le moment."
)
"""Of both languages, about 20 s; not a sentence of the recordings."""


@contextmanager
def echo(server: PulseServer, decibels: int) -> Iterator[None]:
    """While the block runs, the microphone hears the loudspeaker, so much below what is played."""

    def pactl(*words: str) -> str:
        asked = subprocess.run(
            ["pactl", *words], env=server.environment, check=True, capture_output=True, text=True
        )
        return asked.stdout.strip()

    path = ("source=speaker.monitor", "sink=mic", "latency_msec=60")
    module = pactl("load-module", "module-loopback", *path)
    inputs = pactl("list", "short", "sink-inputs").splitlines()
    stream = next(line.split()[0] for line in inputs if "module-loopback" in line)
    pactl("set-sink-input-volume", stream, LOUDNESS[decibels])
    try:
        yield
    finally:
        pactl("unload-module", module)


class Ear:
    """A microphone that remembers what it heard."""

    live = True

    def __init__(self) -> None:
        self._microphone = Microphone()
        self._heard: deque[AudioFrame] = deque()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        async with aclosing(self._microphone.frames(size)) as frames:
            async for frame in frames:
                self._heard.append(frame)
                if len(self._heard) * frame.duration > KEPT_S:
                    self._heard.popleft()
                yield frame

    async def aclose(self) -> None:
        await self._microphone.aclose()

    def follow_device(self, told: Callable[[Told], None]) -> None:
        self._microphone.follow_device(told)

    def when(self, sound: Int16, since: float) -> float:
        """When the first sample of ``sound`` reached the microphone: where it correlates best (s, monotonic)."""
        frames = [frame for frame in self._heard if frame.captured_at > since]
        heard = np.concatenate([frame.samples for frame in frames]).astype(float)
        size = 1 << (len(heard) + len(sound)).bit_length()
        match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound.astype(float), size)), size)
        at = int(np.argmax(match[: len(heard)]))
        frame = frames[at // len(frames[0].samples)]
        return frame.captured_at - frame.duration + at % len(frame.samples) / SAMPLE_RATE


@dataclass
class Live:
    """A conversation that runs."""

    ear: Ear
    orchestrator: PipelineOrchestrator = field(init=False)
    told: list[tuple[dict[str, Any], float]] = field(default_factory=list)
    """Each event and when it was told, seconds."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _questions: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def ask(self) -> float:
        """Have the assistant speak; when that was, seconds."""
        self._questions.release()
        return time.monotonic()

    async def questions(self) -> AsyncGenerator[str, None]:
        """A line whenever one is asked for."""
        while True:
            await self._questions.acquire()
            yield "Go on."

    def notify(self, event: PipelineEvent) -> None:
        self.told.append((to_json(event), time.monotonic()))
        self._news.set()

    def all(self, name: str, since: float = 0.0) -> list[dict[str, Any]]:
        """All events of that name that were told at or after ``since`` (s)."""
        return [event for event, at in self.told if event["event"] == name and at >= since]

    def first(self, name: str, since: float) -> float | None:
        """When the first event of that name was told at or after ``since`` (s); None if none was."""
        return next((at for event, at in self.told if event["event"] == name and at >= since), None)

    async def wait_for(self, name: str, since: float, limit_s: float = 40.0) -> float:
        """When it was told. Raises TimeoutError."""
        async with asyncio.timeout(limit_s):
            while (at := self.first(name, since)) is None:
                self._news.clear()
                await self._news.wait()
        return at


@asynccontextmanager
async def converse(config: Settings) -> AsyncIterator[Live]:
    """A conversation that runs while the block does; whatever is asked, the assistant says ``SPEECH``."""
    stt, tts = STTManager.from_settings(config), TTSManager.from_settings(config)
    await asyncio.gather(stt.warm(), tts.warm(("en", "fr")))
    rooms = Rooms(stt, Scripted([say(SPEECH)] * REPLIES), tts, ("real", "scripted", "espeak"), False)
    live = Live(Ear())

    io = ConversationIO(
        live.ear, lambda clock: Speaker(clock, None, config.turn.hold_s), (live,), live.questions()
    )
    live.orchestrator = PipelineOrchestrator(rooms, io, config)
    async with asyncio.TaskGroup() as group:
        conversation = group.create_task(live.orchestrator.run())
        try:
            await live.wait_for("session.started", 0.0)
            yield live
        finally:
            conversation.cancel()
    await stt.aclose()
    await tts.aclose()


@dataclass(frozen=True)
class Cut:
    """What became of words that were said into a reply. Milliseconds from their first sample at the microphone."""

    paused_ms: float | None
    """When the reply fell silent; None if it did not."""
    interrupted_ms: float | None
    """When it was given up; None if it was not."""
    understood: tuple[str, ...]
    """What was taken for said after that."""

    def __str__(self) -> str:
        if self.paused_ms is None:
            return "not heard"
        ended = "it went on" if self.interrupted_ms is None else f"ended after {self.interrupted_ms:.0f} ms"
        return f"silent {self.paused_ms:.0f} ms after the onset, {ended}, understood {self.understood}"


async def listen_to_itself(live: Live, seconds: float) -> None:
    """Let the assistant speak for so long, reply after reply."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        asked = live.ask()
        await live.wait_for("turn.completed", asked, 60)
        await asyncio.sleep(1.0)


def self_inflicted(live: Live) -> dict[str, int]:
    """How often something was heard in a conversation in which nobody said anything: event -> count, where not 0."""
    counts = {name: len(live.all(name)) for name in HEARD}
    return {name: count for name, count in counts.items() if count}


async def cut_in(live: Live, server: PulseServer, name: str, after_s: float, folder: Path) -> Cut:
    """Have the assistant speak, and say a shipped recording into it after so many seconds of it."""
    recording = shipped()[name]
    voice = recording.samples[round(recording.onset_s * SAMPLE_RATE) :]
    await live.wait_for("audio.started", live.ask())
    await asyncio.sleep(after_s)
    began = time.monotonic()
    await asyncio.to_thread(speak, server, voice, folder)
    onset = live.ear.when(voice, began)
    await live.wait_for("turn.completed", began, 60)

    def since_onset(event: str) -> float | None:
        told = live.first(event, began)
        return None if told is None else 1000 * (told - onset)

    understood = tuple(event["text"] for event in live.all("transcript.final", began))
    return Cut(since_onset("playback.paused"), since_onset("turn.interrupted"), understood)


def speak(server: PulseServer, sound: Int16, folder: Path) -> None:
    """Somebody in the room says ``sound`` (16 kHz); returns when it is said."""
    file = folder / "said.wav"
    with wave.open(str(file), "wb") as target:
        target.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        target.writeframes(sound.tobytes())
    server.play(file).wait()
