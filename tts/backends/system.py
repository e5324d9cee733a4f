"""The voice that comes with the operating system: macOS ``say``, Windows SAPI, espeak on Linux. Nothing to install.

One process per piece, so the first sound comes after the whole piece is made: a voice to fall back on. What each
system's program wants is in ``system_programs``. A voice that is not there means the first of the language.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.worker import Worker
from tts.base import TTSRejected, TTSUnavailable
from tts.leveler import Leveler
from tts.plain import encodable
from tts.system_programs import DEFAULT_VOICES, Call, listed, listing, programs, speaking
from tts.types import SpeechChunk, Voice
from tts.wav_stream import NotSound, SoundReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from config import Settings

CHUNK_BYTES = 16_384
"""Bytes of a WAV per chunk: about 0.4 s."""

LONGEST_S = 60.0
"""Seconds after which a program counts as hung."""

RATE = 22_050
"""Hertz of a piece without sound."""


def create(settings: Settings) -> SystemSynthesizer:
    """The voice of this machine's system."""
    del settings
    return SystemSynthesizer(sys.platform)


class SystemSynthesizer:
    """The program of one platform."""

    name = "system"

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._worker = Worker("system voice")
        self._known: list[tuple[str, str]] | None = None
        self._leveler = Leveler()

    async def warm(self, language: str) -> None:
        """See that the program is there and has a voice. Raises TTSUnavailable or TTSRejected."""
        if self._chosen(await self._voices(), None, language) is None:
            raise TTSRejected(
                f"The system has no voice for the language {language!r}; install one in its settings."
            )

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece, made whole and given out in chunks."""
        program = self._program()
        chosen = self._chosen(await self._voices(), voice, language)
        if chosen is None:
            raise _no_voice(language)

        def job(stop: threading.Event) -> Iterator[SpeechChunk]:
            level = self._leveler.measuring(chosen)
            rate = RATE
            if any(character.isalnum() for character in text):
                wav = self._made(program, encodable(text), chosen, speed, stop)
                reader = SoundReader()
                try:
                    for start in range(0, len(wav), CHUNK_BYTES):
                        samples = reader.feed(wav[start : start + CHUNK_BYTES])
                        rate = reader.sample_rate or rate
                        yield SpeechChunk(level.evened(samples, rate), rate, text, False, self.name)
                except NotSound as error:
                    raise TTSUnavailable(f"{program} made no sound that can be played: {error}.") from error
                level.learn(rate)
            yield SpeechChunk(np.zeros(0, np.int16), rate, text, True, self.name)

        async with aclosing(self._worker.stream(job)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def voices(self) -> tuple[Voice, ...]:
        """What the program lists."""
        known = await self._voices()
        return tuple(Voice(name, language, self.name, installed=True) for name, language in known)

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """The program and the voice, once the voices are known."""
        if self._known is None:
            return None
        return f"{self._platform} {self._chosen(self._known, voice, language)}"

    async def aclose(self) -> None:
        """End the thread."""
        self._worker.close()
        self._worker = Worker("system voice")

    def _program(self) -> str:
        for name in programs(self._platform):
            if found := shutil.which(name):
                return found
        wanted = " or ".join(programs(self._platform)) or "a known program"
        raise TTSUnavailable(
            f"This system has no voice of its own ({wanted} is not there); use another engine."
        )

    async def _voices(self) -> list[tuple[str, str]]:
        if self._known is None:
            command = listing(self._platform, self._program())
            output = await self._worker.run(_output, command)
            self._known = list(dict(listed(self._platform, output)).items())
        return self._known

    def _chosen(self, known: list[tuple[str, str]], voice: str | None, language: str) -> str | None:
        """The voice to use; None when the system has none for the language."""
        usual = DEFAULT_VOICES.get(self._platform, {}).get(language)
        fitting = [name for name, spoken in known if spoken.partition("-")[0].lower() == language]
        for name in (voice, usual):
            if name in fitting:
                return name
        return next(iter(fitting), None)

    def _made(self, program: str, text: str, voice: str, speed: float, stop: threading.Event) -> bytes:
        """The whole WAV of a text; blocks."""
        with tempfile.TemporaryDirectory(prefix="prism-voice-") as folder:
            file = Path(folder) / "speech.wav"
            call = speaking(self._platform, program, voice, speed, str(file))
            output = _spoken(call, text, {**os.environ, "PRISM_WAV": str(file)}, stop)
            try:
                return file.read_bytes() if call.to_file else output
            except OSError as error:
                raise TTSUnavailable(f"{program} wrote no sound ({error}).") from error


def _no_voice(language: str) -> TTSRejected:
    return TTSRejected(f"The system has no voice for the language {language!r}; install one in its settings.")


def _output(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603  # the system's own
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TTSUnavailable(f"{command[0]} does not list its voices ({error}).") from error
    return done.stdout.decode("utf-8", "replace")


def _spoken(call: Call, text: str, environment: dict[str, str], stop: threading.Event) -> bytes:
    """Run the program on a text; killed when nobody listens any more or it hangs. Raises TTSUnavailable."""
    name = call.command[0]
    try:
        process = subprocess.Popen(  # noqa: S603  # the system's own
            call.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise TTSUnavailable(f"{name} does not start ({error}).") from error
    waited = 0.0
    data: bytes | None = text.encode()
    output = complaint = b""
    while process.returncode is None:
        try:
            output, complaint = process.communicate(data, timeout=0.1)
        except subprocess.TimeoutExpired:
            waited, data = waited + 0.1, None  # what was not taken yet is still sent
            if stop.is_set() or waited > LONGEST_S:
                with contextlib.suppress(OSError):
                    process.kill()
                process.communicate()
                raise TTSUnavailable(f"{name} gave no sound for {waited:.0f} s.") from None
    if process.returncode != 0:
        said = " ".join(complaint.decode("utf-8", "replace").split())[:200]
        raise TTSUnavailable(f"{name} failed with code {process.returncode}: {said or 'nothing more'}.")
    return output
