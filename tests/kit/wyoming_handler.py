"""The server's side of Wyoming's speech recognition, with the package's own classes. Needs ``wyoming``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from wyoming.asr import Transcribe
from wyoming.asr import Transcript as Answer
from wyoming.audio import AudioChunk, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler

from stt import Int16, STTError, Transcript

Hear = Callable[[Int16, str | None, str | None], Awaitable[Transcript]]


class _Handler(AsyncEventHandler):
    """One connection."""

    def __init__(self, hear: Hear, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hear = hear
        self._audio = b""
        self._language: str | None = None

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(_info().event())
        elif Transcribe.is_type(event.type):
            self._language = Transcribe.from_event(event).language
        elif AudioChunk.is_type(event.type):
            self._audio += AudioChunk.from_event(event).audio
        elif AudioStop.is_type(event.type):
            await self.write_event(await self._answer())
            return False
        return True

    async def _answer(self) -> Event:
        try:
            heard = await self._hear(np.frombuffer(self._audio, np.int16), self._language, None)
        except STTError as error:
            return Error(text=str(error)).event()
        return Answer(text=heard.text, language=heard.language).event()


def handler(hear: Hear) -> Callable[..., _Handler]:
    """What ``AsyncServer.start`` wants."""
    return lambda *args, **kwargs: _Handler(hear, *args, **kwargs)


def _info() -> Info:
    who = Attribution(name="tests", url="")
    model = AsrModel("tiny", who, installed=True, description=None, version=None, languages=["fr", "en"])
    program = AsrProgram("tiny", who, installed=True, description=None, version=None, models=[model])
    return Info(asr=[program])
