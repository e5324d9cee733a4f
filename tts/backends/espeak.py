"""eSpeak NG: robotic, tiny, in a hundred languages, and the first sound within a millisecond.

One thread for all synthesizers of the process, because eSpeak is one per process. Speech comes in blocks of 60 ms:
the first goes out at once, later ones are gathered. No model and no download: this is the voice that always works.
"""

from __future__ import annotations

import importlib
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from common.worker import Emit, Worker
from tts.base import TTSBackendMissing, TTSRejected, TTSUnavailable
from tts.duration import rest_after
from tts.espeak_library import EspeakError, EspeakLibrary, UnknownVoice, load
from tts.loudness import trimmed_start
from tts.types import Int16, SpeechChunk, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from config import Settings

T = TypeVar("T")

LIBRARIES = {"espeakng_loader": "espeakng-loader"}
"""Modules that this engine needs, and the packages that bring them."""

LATER_CHUNK_S = 0.15
"""Speech per chunk after the first, seconds."""

LEAD_S = 0.005
"""Silence kept before the first sound, seconds; eSpeak begins with 10 to 50 ms of it."""

FINISHED = 300
"""Characters of a text that is spoken to its end though nobody listens any more: 20 ms of work. eSpeak remembers where
it stopped, and its next text would differ by a millisecond, depending on when a thread was stopped."""

VOICES = {"en": "en-us", "fr": "fr"}
"""Default voice of a language; other languages have a voice of their own name."""

_THREAD = Worker("espeak")


def create(settings: Settings) -> EspeakSynthesizer:
    """Everything that eSpeak needs comes with each call."""
    del settings
    return EspeakSynthesizer()


class EspeakSynthesizer:
    """A way in to the one eSpeak of this process."""

    name = "espeak"

    async def warm(self, language: str) -> None:
        """Load the voice of ``language``: 1 to 25 ms."""
        await _in_thread(lambda library: library.check(candidates(None, language)))

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece, 60 ms first, then ``LATER_CHUNK_S`` at a time; it ends with the rest its mark asks for."""
        voices = candidates(voice, language)

        def say(library: EspeakLibrary, emit: Emit[SpeechChunk]) -> None:
            rate = library.sample_rate
            gather = Gather(rate, lambda part, last: emit(SpeechChunk(part, rate, text, last, self.name)))
            finish = len(text) <= FINISHED
            library.say(text, voices, speed, lambda block: gather.add(block) or finish)
            gather.finish(rest_after(text, speed))

        def job(emit: Emit[SpeechChunk]) -> None:
            _use(lambda library: say(library, emit))

        async with aclosing(_THREAD.relay(job)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def voices(self) -> tuple[Voice, ...]:
        """All voices that eSpeak has."""
        listed = await _in_thread(lambda library: library.voices())
        return tuple(Voice(name, language, self.name, installed=True) for name, language in listed)

    async def aclose(self) -> None:
        """Nothing is held: the library belongs to the process."""


async def _in_thread(job: Callable[[EspeakLibrary], T]) -> T:
    """A short job with the library."""
    return await _THREAD.run(_use, job)


def _use(job: Callable[[EspeakLibrary], T]) -> T:
    """Run ``job`` with the library, in eSpeak's thread; its errors become ours."""
    try:
        for module in LIBRARIES:
            importlib.import_module(module)
        return job(load())
    except ImportError as error:
        raise TTSBackendMissing(
            "eSpeak is not installed; `pip install espeakng-loader` brings it."
        ) from error
    except UnknownVoice as error:
        raise TTSRejected(f"eSpeak cannot speak this: {error}.") from error
    except EspeakError as error:
        raise TTSUnavailable(
            f"eSpeak does not work here: {error}; `pip install --force-reinstall espeakng-loader` may repair it."
        ) from error


def candidates(voice: str | None, language: str) -> tuple[str, ...]:
    """Voices to try, best first: the user's own unless it names another language, then the language's."""
    default = VOICES.get(language, language)
    if voice is None or (_language_of(voice) not in (None, language)):
        return (default,)
    return (voice, default)


def _language_of(voice: str) -> str | None:
    """The language that a voice name begins with: "fr" of "fr-be" and of "fr+f3"; None of "Annie"."""
    found = re.match(r"[a-z]{2,3}(?=[-+_]|\Z)", voice)
    return found.group() if found else None


class Gather:
    """Blocks in, chunks out: the first at once and without leading silence, later ones ``LATER_CHUNK_S`` long."""

    def __init__(self, sample_rate: int, put: Callable[[Int16, bool], bool]) -> None:
        self._rate = sample_rate
        self._put = put
        self._begun = False
        self._held: list[Int16] = []

    def add(self, block: Int16) -> bool:
        """Take a block; False when nobody listens any more."""
        if not self._begun:
            block = trimmed_start(block, keep=int(LEAD_S * self._rate))
            self._begun = bool(block.size)
            return self._put(block, False) if self._begun else True
        self._held.append(block)
        if sum(map(len, self._held)) < LATER_CHUNK_S * self._rate:
            return True
        whole, self._held = np.concatenate(self._held), []
        return self._put(whole, False)

    def finish(self, rest_s: float) -> None:
        """Give out what is held, with ``rest_s`` seconds of silence after it, as the last chunk."""
        rest = np.zeros(int(rest_s * self._rate) if self._begun else 0, np.int16)
        self._put(np.concatenate([*self._held, rest]), True)
