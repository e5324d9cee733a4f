"""Any server with OpenAI's /v1/audio/speech: Kokoro-FastAPI, Speaches, LocalAI, a cloud. Streamed as it is made.

Asked for WAV, whose header tells the rate; a server that sends raw PCM says so by its content type and is taken at
24 kHz, as OpenAI's is. The server's voices are asked for at /audio/voices where it has that; a voice that it does not
have means its own first one. Loudness is evened per voice (``Leveler``). The key never reaches a message.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import numpy as np

from common.addresses import is_loopback, is_secure, shown_url, without
from tts.base import TTSError, TTSRejected, TTSTimedOut, TTSUnavailable
from tts.leveler import Leveler
from tts.piper_voice import SAMPLE_TEXT
from tts.plain import encodable
from tts.types import SpeechChunk, Voice
from tts.wav_stream import NotSound, SoundReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from config import Settings

RAW_RATE = 24_000
"""Hertz of OpenAI's raw PCM."""

CONNECT_S = 2.0
"""Seconds for a connection: the server is on this machine or near."""

SLOWEST, FASTEST = 0.25, 4.0
"""Speeds that OpenAI's interface takes."""


def create(settings: Settings) -> HttpSynthesizer:
    """The server of ``tts.openai_http``."""
    server = settings.tts.openai_http
    key = server.api_key.get_secret_value() if server.api_key else None
    return HttpSynthesizer(server.base_url, server.model, voice=server.voice, api_key=key)


class HttpSynthesizer:
    """One server."""

    name = "openai_http"

    def __init__(
        self, base_url: str, model: str, *, voice: str | None = None, api_key: str | None = None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._shown = shown_url(self._base_url)
        self._model = model
        self._usual = voice
        self._key = api_key
        self._http: httpx.AsyncClient | None = None
        self._known: tuple[str, ...] | None = None
        self._leveler = Leveler()

    async def warm(self, language: str) -> None:
        """Have it say a sentence unheard: its model is loaded then, and its loudness known."""
        text = SAMPLE_TEXT.get(language, SAMPLE_TEXT["en"])
        async with aclosing(self.speak(text, language=language, voice=self._usual, speed=1.0)) as chunks:
            async for _ in chunks:
                pass

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece, in chunks as the server sends them."""
        del language  # the server's voices know theirs
        chosen = await self._chosen(voice)
        level = self._leveler.measuring(chosen)
        rate = RAW_RATE
        if any(character.isalnum() for character in text):  # servers answer an error to nothing
            async with aclosing(self._sound(encodable(text), chosen, speed)) as sound:
                async for samples, rate in sound:
                    yield SpeechChunk(level.evened(samples, rate), rate, text, False, self.name)
            level.learn(rate)
        yield SpeechChunk(np.zeros(0, np.int16), rate, text, True, self.name)

    async def voices(self) -> tuple[Voice, ...]:
        """What the server lists; the configured one where it lists none. Raises a TTSError when it is not there."""
        if self._known is None:
            self._known = await self._listed()
        names = self._known or tuple(filter(None, [self._usual]))
        return tuple(Voice(name, "*", self.name, installed=True) for name in names)

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """Server, model and voice: what is behind them is the server's to know."""
        wanted = voice if self._known is None or voice in self._known else None
        return f"{self._base_url} {self._model} {wanted or self._usual} {language}"

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _chosen(self, voice: str | None) -> str:
        """A voice that the server has: the one asked for, the configured one, its first."""
        if self._known is None:
            self._known = await self._listed()
        if voice and (voice in self._known or (not self._known and self._usual is None)):
            return voice
        return self._usual or next(iter(self._known), "alloy")

    async def _listed(self) -> tuple[str, ...]:
        """Names from /audio/voices; none where the server has no such page. Raises TTSUnavailable."""
        import httpx

        try:
            answer = await self._client().get("/audio/voices")
        except httpx.HTTPError as error:
            raise self._not_there(error) from error
        if not answer.is_success:
            return ()
        try:
            listed: Any = answer.json()
            found = listed.get("voices", listed.get("data", [])) if isinstance(listed, dict) else listed
            names = [
                each if isinstance(each, str) else each.get("id") or each.get("name") for each in found or []
            ]
        except (ValueError, AttributeError, TypeError):
            return ()
        return tuple(name for name in names if isinstance(name, str))

    async def _sound(self, text: str, voice: str, speed: float) -> AsyncGenerator[tuple[Any, int], None]:
        """(mono samples, rate) as they come."""
        import httpx

        body = {
            "model": self._model,
            "input": text,
            "voice": voice,
            "speed": min(max(speed, SLOWEST), FASTEST),
            "response_format": "wav",
        }
        try:
            async with self._client().stream("POST", "/audio/speech", json=body) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise self._refused(answer)
                raw = (
                    "pcm" in answer.headers.get("content-type", "")
                    or "l16" in answer.headers.get("content-type", "").lower()
                )
                reader = SoundReader(RAW_RATE if raw else None)
                async for data in answer.aiter_bytes():
                    samples = reader.feed(data)
                    if len(samples) and reader.sample_rate:
                        yield samples, reader.sample_rate
                if reader.sample_rate is None:
                    raise NotSound("it is empty")
        except NotSound as error:
            raise TTSUnavailable(f"The speech server sent no sound that can be played: {error}.") from error
        except httpx.TimeoutException as error:
            raise TTSTimedOut(f"The speech server at {self._shown} does not answer in time.") from error
        except httpx.HTTPError as error:
            raise self._not_there(error) from error

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            import httpx

            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            self._http = httpx.AsyncClient(
                base_url=self._base_url,
                headers=headers,
                timeout=httpx.Timeout(60, connect=CONNECT_S),
                trust_env=not is_loopback(self._base_url),
                verify=is_secure(self._base_url),
            )
        return self._http

    def _not_there(self, error: Exception) -> TTSError:
        return TTSUnavailable(
            f"There is no speech server at {self._shown} ({type(error).__name__}); start it or set "
            "tts.openai_http.base_url."
        )

    def _refused(self, answer: httpx.Response) -> TTSError:
        said = " ".join(without(answer.text, self._key).split())[:200]
        if answer.status_code in (401, 403):
            return TTSUnavailable("The speech server refuses the key; set tts.openai_http.api_key.")
        kind = TTSRejected if answer.status_code in (400, 413, 422) else TTSUnavailable
        return kind(f"The speech server answers {answer.status_code}: {said or 'nothing more'}.")
