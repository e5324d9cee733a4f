"""Any server with OpenAI's ``/audio/transcriptions``: Speaches, vLLM, LocalAI, whisper.cpp's server, a cloud.

One WAV for each segment, as multipart. ``verbose_json`` brings language, times and figures; a server that does not
know it is asked for plain ``json`` from then on. A busy server is not asked twice here: that is the fallback's
decision.
"""

from __future__ import annotations

import io
import time
import wave
from typing import TYPE_CHECKING, Any

from common.addresses import is_loopback, is_secure, shown_url, without
from stt.backends import patience_s, told_of
from stt.base import STTRejected, STTTimedOut, STTUnavailable
from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment, confidence

if TYPE_CHECKING:
    import httpx

    from config import SttSettings
    from stt.backends import TranscriberOptions
    from stt.types import Int16, SpeechSegment

CONNECT_S = 3.0
"""Seconds until a server that does not answer counts as gone."""
LANGUAGES = {
    "german": "de",
    "spanish": "es",
    "portuguese": "pt",
    "dutch": "nl",
    "polish": "pl",
    "swedish": "sv",
    "chinese": "zh",
    "turkish": "tr",
    "czech": "cs",
    "greek": "el",
}
"""OpenAI's ``verbose_json`` names languages in words; others begin with their code, or are cut to two letters."""


class OpenAIHttp:
    """A server. Made cheaply; ``warm`` asks whether it is there."""

    def __init__(self, settings: SttSettings) -> None:
        self._settings = settings
        self._shown = shown_url(settings.http_url)
        key = settings.http_key
        self._key = key.get_secret_value() if key else None
        self._verbose = True
        self._closed = False
        self._client: httpx.AsyncClient | None = None

    async def warm(self) -> None:
        """Look whether the server answers. Raises STTUnavailable."""
        response = await self._send("GET", "/models")
        if response.status_code in {401, 403}:
            raise self._told(response)

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Send a segment. Raises STTUnavailable, STTTimedOut or STTRejected."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        started, told = time.perf_counter(), told_of(self._settings, prompt)
        data = await self._ask(segment, language, told)
        return self._transcript(data, segment, (language, told), time.perf_counter() - started)

    async def aclose(self) -> None:
        """Close the connection; twice is fine."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, segment: SpeechSegment, language: str | None, prompt: str | None) -> dict[str, Any]:
        import httpx

        fields = {"model": self._settings.http_model, "temperature": "0"}
        fields |= {"language": language} if language else {}
        fields |= {"prompt": prompt} if prompt else {}
        fields["response_format"] = "verbose_json" if self._verbose else "json"
        files = {"file": ("speech.wav", wav(segment.samples), "audio/wav")}
        patience = httpx.Timeout(patience_s(self._settings, segment), connect=CONNECT_S)
        response = await self._send(
            "POST", "/audio/transcriptions", data=fields, files=files, timeout=patience
        )
        if self._verbose and response.status_code in {400, 422} and "format" in response.text:
            self._verbose = False
            return await self._ask(segment, language, prompt)
        if response.status_code != 200:
            raise self._told(response)
        try:
            found = response.json()
        except ValueError as error:
            raise STTUnavailable(
                f"The server at {self._shown} answered without JSON; is it stt.http_url?"
            ) from error
        if not isinstance(found, dict) or not isinstance(found.get("text"), str):
            raise STTUnavailable(f"The server at {self._shown} answered without a text.")
        return found

    async def _send(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401
        import httpx

        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")
        url = self._settings.http_url
        if self._client is None:
            self._client = self._connect()
        try:
            return await self._client.request(method, url.rstrip("/") + path, **content)
        except httpx.TimeoutException as error:
            raise STTTimedOut(f"The speech server at {self._shown} did not answer in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise STTUnavailable(
                f"The speech server at {self._shown} cannot be reached; start it or set stt.http_url."
            ) from error

    def _connect(self) -> httpx.AsyncClient:
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(self._settings.timeout_s, connect=CONNECT_S),
            trust_env=not is_loopback(self._settings.http_url),
            verify=is_secure(self._settings.http_url),
        )

    def _told(self, response: httpx.Response) -> STTRejected | STTUnavailable:
        """What a refusal means to a person."""
        url, status = self._shown, response.status_code
        if status in {401, 403}:
            return STTUnavailable(f"The speech server at {url} does not accept stt.http_key ({status}).")
        if status == 404:
            return STTUnavailable(
                f"The server at {url} has no transcription, or no model {self._settings.http_model!r}; "
                "set stt.http_url and stt.http_model."
            )
        said = " ".join(without(response.text, self._key).split())[:120]
        if status in {400, 413, 415, 422}:
            return STTRejected(f"The speech server at {url} refuses the audio ({status}: {said}).")
        return STTUnavailable(f"The speech server at {url} failed ({status}: {said}).")

    def _transcript(
        self, data: dict[str, Any], segment: SpeechSegment, asked: tuple[str | None, str | None], took: float
    ) -> Transcript:
        """``asked``: the language and the prompt."""
        found = data.get("segments")
        parts = tuple(_part(i) for i in found if isinstance(i, dict)) if isinstance(found, list) else ()
        text = data["text"].strip()
        return Transcript(
            text=text,
            language=_code(data.get("language")) or asked[0] or "en",
            confidence=confidence(parts) if parts else float(bool(text)),
            segments=parts or ((TranscriptSegment(text, 0.0, segment.duration),) if text else ()),
            is_final=True,
            audio_duration=segment.duration,
            processing_time=took,
            model=self._settings.http_model,
            backend="openai_http",
            prompt=asked[1] or "",
        )


def create(options: TranscriberOptions) -> OpenAIHttp:
    """A recognizer that has not connected yet. Raises STTUnavailable for a URL that is none."""
    if not options.settings.http_url.startswith(("http://", "https://")):
        raise STTUnavailable(
            f"stt.http_url is {shown_url(options.settings.http_url)!r}; give an address such as http://host:8000/v1."
        )
    return OpenAIHttp(options.settings)


def wav(samples: Int16) -> bytes:
    """A 16-bit mono WAV at 16 kHz."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _part(item: dict[str, Any]) -> TranscriptSegment:
    return TranscriptSegment(
        text=str(item.get("text", "")).strip(),
        start=_number(item.get("start")),
        end=max(_number(item.get("start")), _number(item.get("end"))),
        avg_logprob=_number(item.get("avg_logprob")),
        no_speech_prob=_number(item.get("no_speech_prob")),
        compression_ratio=_number(item.get("compression_ratio")) or 1.0,
    )


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or value != value:  # NaN
        return 0.0
    return float(max(-1e6, min(1e6, value)))


def _code(language: object) -> str | None:
    """ISO 639-1."""
    if not isinstance(language, str) or not language:
        return None
    return LANGUAGES.get(language.casefold(), language.casefold()[:2])
