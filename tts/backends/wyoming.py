"""A text-to-speech service of the Wyoming protocol: Piper, Kokoro or eSpeak on this machine or another.

One connection per piece, as the protocol's services expect. The service tells its voices; one that it does not have
means its own for the language. Loudness is evened per voice (``Leveler``). Needs the package ``wyoming``.
"""

from __future__ import annotations

import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import numpy as np

from tts.base import TTSBackendMissing, TTSError, TTSRejected, TTSTimedOut, TTSUnavailable
from tts.leveler import Leveler
from tts.piper_voice import SAMPLE_TEXT
from tts.plain import encodable
from tts.types import SpeechChunk, Voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from config import Settings
    from tts.types import Int16

LIBRARIES = {"wyoming": "wyoming"}
"""Modules that this engine needs, and the packages that bring them."""

CONNECT_S = 2.0
"""Seconds for a connection: the service is on this machine or near."""

READ_S = 60.0
"""Seconds without an event after which the service counts as hung; the manager is usually stricter."""

RATE = 22_050
"""Hertz of a piece without sound."""


def create(settings: Settings) -> WyomingSynthesizer:
    """The service of ``tts.wyoming``."""
    return WyomingSynthesizer(settings.tts.wyoming.uri)


class WyomingSynthesizer:
    """One service."""

    name = "wyoming"

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._known: tuple[Voice, ...] | None = None
        self._leveler = Leveler()

    async def warm(self, language: str) -> None:
        """Have it say a sentence unheard: its voice is loaded then, and its loudness known."""
        text = SAMPLE_TEXT.get(language, SAMPLE_TEXT["en"])
        async with aclosing(self.speak(text, language=language, voice=None, speed=1.0)) as chunks:
            async for _ in chunks:
                pass

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece, in chunks as the service sends them. The protocol has no speed: only 1.0 is spoken."""
        if speed != 1.0:
            raise TTSRejected("A Wyoming service has no speed; set tts.speed to 1.0 or use another engine.")
        await self.voices()
        if not self._speaks(language):
            raise TTSRejected(
                f"The Wyoming service at {self._uri} has no voice for the language {language!r}."
            )
        chosen, speaker = self._chosen(voice)
        level = self._leveler.measuring(f"{chosen} {speaker} {language}")
        rate = RATE
        if any(character.isalnum() for character in text):
            async with aclosing(self._sound(encodable(text), chosen, speaker, language)) as sound:
                async for samples, rate in sound:
                    yield SpeechChunk(level.evened(samples, rate), rate, text, False, self.name)
            level.learn(rate)
        yield SpeechChunk(np.zeros(0, np.int16), rate, text, True, self.name)

    async def voices(self) -> tuple[Voice, ...]:
        """What the service tells. Raises a TTSError when it is not there."""
        if self._known is None:
            from_service = await self._described()
            self._known = tuple(
                Voice(voice.name, voice.languages[0] if voice.languages else "*", self.name, voice.installed)
                for program in from_service.tts
                for voice in program.voices
            )
        return self._known

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """Service and voice; None when the service chooses the voice, for it may choose another one tomorrow."""
        chosen, speaker = self._chosen(voice)
        return f"{self._uri} {chosen} {speaker} {language}" if chosen else None

    async def aclose(self) -> None:
        """Nothing is held: each piece has its own connection."""

    def _chosen(self, voice: str | None) -> tuple[str | None, str | None]:
        """(name, speaker) to ask for.

        No name means the service's own choice for the language: what it lists may be voices that it would have to
        fetch first (wyoming-piper calls its whole catalogue installed).
        """
        name, _, speaker = (voice or "").partition("#")
        names = {known.name for known in self._known or ()}
        if name in names:
            return name, speaker or None
        return None, None

    def _speaks(self, language: str) -> bool:
        """Whether any of its voices is for that language; a service that lists none is believed to."""
        tongues = {known.language.replace("_", "-").partition("-")[0].lower() for known in self._known or ()}
        return not tongues or bool({language, "*"} & tongues)

    async def _sound(
        self, text: str, voice: str | None, speaker: str | None, language: str
    ) -> AsyncGenerator[tuple[Int16, int], None]:
        """(mono samples, rate) as they come."""
        from wyoming.audio import AudioChunk, AudioStop
        from wyoming.error import Error
        from wyoming.tts import Synthesize, SynthesizeVoice

        wanted = SynthesizeVoice(name=voice, speaker=speaker, language=None if voice else language)
        async with aclosing(self._events(Synthesize(text=text, voice=wanted).event())) as events:
            async for event in events:
                if AudioChunk.is_type(event.type):
                    chunk = AudioChunk.from_event(event)
                    yield _mono(chunk), chunk.rate
                elif AudioStop.is_type(event.type):
                    return
                elif Error.is_type(event.type):
                    said = " ".join(Error.from_event(event).text.split())[:200]
                    raise TTSUnavailable(f"The Wyoming service at {self._uri} reports: {said}.")
        raise TTSUnavailable(f"The Wyoming service at {self._uri} broke off in mid-sentence.")

    async def _described(self) -> Any:  # noqa: ANN401  # wyoming.info.Info of an optional package
        try:
            import wyoming  # noqa: F401  # the answer to "is it there", whatever of it is loaded
            from wyoming.info import Describe, Info
        except ImportError as error:
            raise TTSBackendMissing("Wyoming is not installed; `pip install wyoming` brings it.") from error
        async with aclosing(self._events(Describe().event())) as events:
            async for event in events:
                if Info.is_type(event.type):
                    return Info.from_event(event)
        raise TTSUnavailable(f"The service at {self._uri} does not say what it can do.")

    async def _events(self, request: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401  # events of an optional package
        """What the service sends after ``request``, to the end of the connection. Raises a TTSError."""
        from wyoming.client import AsyncClient

        try:
            client = AsyncClient.from_uri(self._uri, connect_timeout=CONNECT_S, read_timeout=READ_S)
            await client.connect()
        except (OSError, ValueError, TimeoutError) as error:
            raise self._not_there(error) from error
        try:
            await client.write_event(request)
            while (event := await client.read_event()) is not None:
                yield event
        except TimeoutError as error:
            raise TTSTimedOut(f"The Wyoming service at {self._uri} does not answer in time.") from error
        except (OSError, ValueError, KeyError) as error:
            raise self._not_there(error) from error
        finally:
            with contextlib.suppress(OSError):
                await client.disconnect()

    def _not_there(self, error: Exception) -> TTSError:
        return TTSUnavailable(
            f"There is no Wyoming service at {self._uri} ({type(error).__name__}); start it or set tts.wyoming.uri."
        )


def _mono(chunk: Any) -> Int16:  # noqa: ANN401  # an AudioChunk of an optional package
    """16-bit samples of a chunk, channels mixed. Raises TTSUnavailable for other widths."""
    if chunk.width != 2 or chunk.channels < 1:
        raise TTSUnavailable(f"The Wyoming service sends {chunk.width * 8}-bit sound; 16 bits are expected.")
    whole = len(chunk.audio) // (2 * chunk.channels) * 2 * chunk.channels
    samples = np.frombuffer(chunk.audio[:whole], "<i2").reshape(-1, chunk.channels)
    mono: Int16 = samples.mean(axis=1).astype(np.int16)
    return mono
