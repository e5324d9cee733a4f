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
from pipeline import ConversationIO, PipelineEvent, PipelineOrchestrator, Rooms, Speaker, Switches, to_json
from stt import SAMPLE_RATE, Microphone, STTManager
from tts import TTSManager

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from pathlib import Path

    from config import Settings
    from stt import AudioFrame, Int16
    from tests.kit.pulse import PulseServer

LOUDNESS = {-24: "40%", -11: "65%", 0: "100%"}
"""Echo, in dB below what is played -> PulseAudio's volume, whose percentages are cubic."""
KEPT_S = 30.0
"""Seconds of the microphone that are kept."""
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
async def converse(config: Settings, *, replies: int) -> AsyncIterator[Live]:
    """A conversation that runs while the block does; the assistant has so many replies, all of them ``SPEECH``."""
    stt, tts = STTManager.from_settings(config), TTSManager.from_settings(config)
    await asyncio.gather(stt.warm(), tts.warm(("en", "fr")))
    rooms = Rooms(
        stt, Scripted([say(SPEECH)] * replies), tts, ("real", "scripted", "espeak"), False, Switches()
    )
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


def speak(server: PulseServer, sound: Int16, folder: Path) -> subprocess.Popen[bytes]:
    """Somebody in the room begins to say ``sound`` (16 kHz)."""
    file = folder / "said.wav"
    with wave.open(str(file), "wb") as target:
        target.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        target.writeframes(sound.tobytes())
    return server.play(file)
