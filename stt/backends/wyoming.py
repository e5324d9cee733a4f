"""A Wyoming service on this or another machine: faster-whisper, Vosk, sherpa ... behind Home Assistant's protocol.

One connection for each utterance, as the protocol has it: transcribe, audio-start, chunks, audio-stop, then one
transcript. The protocol carries text and, with some servers, the language; no figures.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from stt.backends import patience_s, told_of
from stt.base import STTBackendMissing, STTRejected, STTTimedOut, STTUnavailable
from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment

if TYPE_CHECKING:
    from config import SttSettings
    from stt.backends import TranscriberOptions
    from stt.types import Int16, SpeechSegment

CONNECT_S = 3.0
"""Seconds until a server that does not answer counts as gone."""
CHUNK = 16_000
"""Samples of one audio event."""


class Wyoming:
    """A service. Made cheaply; ``warm`` asks what it is."""

    def __init__(self, settings: SttSettings, host: str, port: int) -> None:
        self._settings = settings
        self._host, self._port = host, port
        self._model = "wyoming"
        self._closed = False

    async def warm(self) -> None:
        """Ask the service for its models. Raises STTUnavailable, STTTimedOut or STTBackendMissing."""
        self._check_open()
        try:
            from wyoming.info import Describe, Info
        except ImportError as error:
            raise _missing() from error
        info = await self._talk([Describe().event()], Info, CONNECT_S)
        programs = info.asr
        if not programs:
            raise STTUnavailable(f"The Wyoming service at {self._host}:{self._port} transcribes nothing.")
        self._model = next((model.name for model in programs[0].models), programs[0].name)

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Send a segment. Raises an STTError."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        self._check_open()
        try:
            from wyoming.asr import Transcript as Heard
        except ImportError as error:
            raise _missing() from error
        started = time.perf_counter()
        told = told_of(self._settings, prompt)
        events = _events(segment.samples, language, told)
        heard = await self._talk(events, Heard, patience_s(self._settings, segment))
        text = str(heard.text).strip()
        return Transcript(
            text=text,
            language=str(getattr(heard, "language", None) or language or "en")[:2],
            confidence=float(bool(text)),
            segments=(TranscriptSegment(text, 0.0, segment.duration),) if text else (),
            is_final=True,
            audio_duration=segment.duration,
            processing_time=time.perf_counter() - started,
            model=self._model,
            backend="wyoming",
            prompt=told or "",
        )

    async def aclose(self) -> None:
        """No more connections."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    async def _talk(self, events: list[Any], wanted: Any, limit: float) -> Any:  # noqa: ANN401  # untyped library
        """Say ``events`` and wait for the first answer of the class ``wanted``."""
        from wyoming.client import AsyncTcpClient
        from wyoming.error import Error

        where = f"{self._host}:{self._port}"
        client = AsyncTcpClient(self._host, self._port)
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.connect()
            async with asyncio.timeout(limit):
                for event in events:
                    await client.write_event(event)
                while (event := await client.read_event()) is not None:
                    if Error.is_type(event.type):
                        raise STTUnavailable(
                            f"The Wyoming service at {where} failed ({Error.from_event(event).text})."
                        )
                    if wanted.is_type(event.type):
                        return wanted.from_event(event)
            raise STTUnavailable(f"The Wyoming service at {where} hung up without an answer.")
        except TimeoutError as error:
            raise STTTimedOut(f"The Wyoming service at {where} did not answer in time.") from error
        except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
            # It is gone, also in the midst of an answer, or what it says is not of the protocol.
            raise STTUnavailable(
                f"The Wyoming service at {where} cannot be used ({error}); set stt.wyoming_address."
            ) from error
        finally:
            await _hang_up(client)


def create(options: TranscriberOptions) -> Wyoming:
    """A recognizer that has not connected yet. Raises STTUnavailable for an address that is none."""
    host, _, port = options.settings.wyoming_address.removeprefix("tcp://").rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise STTUnavailable(
            f"stt.wyoming_address is {options.settings.wyoming_address!r}; give host:port, such as "
            "127.0.0.1:10300."
        )
    return Wyoming(options.settings, host, int(port))


def _events(samples: Int16, language: str | None, prompt: str | None) -> list[Any]:
    from wyoming.asr import Transcribe
    from wyoming.audio import AudioChunk, AudioStart, AudioStop

    layout = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}
    context = {"prompt": prompt} if prompt else None
    chunks = [samples[at : at + CHUNK].tobytes() for at in range(0, len(samples), CHUNK)]
    return [
        Transcribe(language=language, context=context).event(),
        AudioStart(**layout).event(),
        *(AudioChunk(audio=chunk, **layout).event() for chunk in chunks),
        AudioStop().event(),
    ]


async def _hang_up(client: Any) -> None:  # noqa: ANN401  # untyped library
    try:
        await client.disconnect()
    except OSError:
        return  # it is gone already, which is what is wanted


def _missing() -> STTBackendMissing:
    return STTBackendMissing("wyoming is not installed: run `pip install 'prism-voice[wyoming]'`.")
