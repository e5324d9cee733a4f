"""The server's side of Wyoming's text to speech, with the package's own classes. Needs ``wyoming``."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

if TYPE_CHECKING:
    import threading

    from tests.kit.speech_services import Service

NOBODY = Attribution(name="test", url="")


class Speaker(AsyncEventHandler):
    """One connection."""

    def __init__(self, service: Service, *streams: Any, **named: Any) -> None:
        super().__init__(*streams, **named)
        self.service = service

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(self.info().event())
        elif Synthesize.is_type(event.type):
            return await self.speak(Synthesize.from_event(event))
        return True

    def info(self) -> Info:
        from tests.kit.speech_services import LANGUAGES

        voices = [
            TtsVoice(name, NOBODY, True, None, None, languages=[LANGUAGES.get(name, name)])
            for name in self.service.voices
        ]
        return Info(tts=[TtsProgram("test", NOBODY, True, None, None, voices=voices)])

    async def speak(self, asked: Synthesize) -> bool:
        from tests.kit.speech_services import RATE

        service = self.service
        voice = (asked.voice and (asked.voice.name or asked.voice.language)) or "en-us"
        service.asked.append({"input": asked.text, "voice": voice})
        if service.status != 200:
            await self.write_event(Error(text="no such\nluck").event())
            return True
        await self.write_event(AudioStart(RATE, 2, 1).event())
        sound = service.sound(asked.text, voice)
        for start in range(0, len(sound), 4000):
            await asyncio.sleep(service.stall_s)
            await self.write_event(AudioChunk(RATE, 2, 1, sound[start : start + 4000]).event())
        if service.cut_after is not None:
            return False
        await self.write_event(AudioStop().event())
        return True


async def serve(service: Service, begun: threading.Event, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    server = AsyncServer.from_uri(service.url)
    await server.start(partial(Speaker, service))
    begun.set()
    await stop.wait()
    await server.stop()
