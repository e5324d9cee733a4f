"""Piper in a process of its own: the voices of ``piper``, and a crash of the engine costs half a second, not Prism.

Each voice has a child process that is kept warm (``PiperChild``) and a thread that talks to it. Voices are named and
found as for ``piper``.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np

from common.worker import Worker
from config import ModelStore
from tts.backends.piper import LIBRARIES as PIPER_LIBRARIES
from tts.backends.piper import PiperSynthesizer, locate, require_libraries, signature_of, without_speaker
from tts.base import TTSError
from tts.supervised import PiperChild
from tts.types import SpeechChunk, Voice

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from config import Settings

LIBRARIES = PIPER_LIBRARIES
"""Modules that this engine needs, and the packages that bring them."""


def create(settings: Settings) -> PiperProcesses:
    """Piper's voices of this machine's store, each in a process."""
    noise = (settings.tts.piper.noise_scale, settings.tts.piper.noise_w)
    return PiperProcesses(ModelStore.from_settings(settings.models), settings.tts.voice, noise)


class PiperProcesses:
    """A process for each voice that was asked for so far."""

    name = "piper_cli"

    def __init__(
        self,
        store: ModelStore,
        voice: str | None = None,
        noise: tuple[float | None, float | None] = (None, None),
    ) -> None:
        self._store = store
        self._usual = voice
        self._noise = noise
        self._located: dict[tuple[str | None, str], Path] = {}
        self.children: dict[Path, tuple[Worker, PiperChild]] = {}
        """The processes, by voice file."""

    async def warm(self, language: str) -> None:
        """Start the process of the configured voice, or that of ``language``."""
        require_libraries()
        worker, child = self._child(without_speaker(self._usual)[0], language)
        await worker.run(child.load)

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece: a chunk per sentence that Piper sees in it, then an empty last one."""
        require_libraries()
        name, speaker = without_speaker(voice)
        worker, child = self._child(name, language)

        def job(stop: threading.Event) -> Iterator[SpeechChunk]:
            for samples in child.say(text, speaker, speed, stop):
                yield SpeechChunk(samples, child.sample_rate, text, False, self.name)
            yield SpeechChunk(np.zeros(0, np.int16), child.sample_rate, text, True, self.name)

        async with aclosing(worker.stream(job)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def voices(self) -> tuple[Voice, ...]:
        """Those of ``piper``."""
        listed = await PiperSynthesizer(self._store).voices()
        return tuple(Voice(voice.name, voice.language, self.name, voice.installed) for voice in listed)

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """The voice's file, its size and its time, the speaker and the style."""
        name, speaker = without_speaker(voice)
        try:
            return f"{signature_of(self._model(name, language))} #{speaker} {self._noise}"
        except (TTSError, OSError):
            return None

    async def aclose(self) -> None:
        """End the processes."""
        for worker, child in self.children.values():
            worker.close()
            child.close()
        self.children.clear()
        self._located.clear()

    def _child(self, voice: str | None, language: str) -> tuple[Worker, PiperChild]:
        model = self._model(voice, language)
        if model not in self.children:
            self.children[model] = (Worker(f"piper_cli {model.stem}"), PiperChild(model, self._noise))
        return self.children[model]

    def _model(self, voice: str | None, language: str) -> Path:
        key = (voice, language)
        if key not in self._located:
            self._located[key] = locate(self._store, voice, language)
        return self._located[key]
