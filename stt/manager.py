"""Hearing as one thing: a voice detector for each conversation, one recognizer for all, and the gate.

Owns engines, never tasks. What is said where, and when a turn begins, is the pipeline's business.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from common.worker import Worker
from stt.backends import create_transcriber
from stt.cache import TranscriptCache
from stt.chunks import Cutting, Piece, split_at_pauses
from stt.gate import is_half, judge
from stt.halves import join_transcripts, quietest
from stt.live import LiveTranscript
from stt.postprocess import Rules, polish
from stt.types import SpeechSegment
from stt.vad import create_detector

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
    from pathlib import Path

    from config import Progress, Settings, SttSettings, VadSettings
    from stt.backends import Notify
    from stt.base import Transcriber, VoiceDetector
    from stt.gate import Rejection
    from stt.types import Int16, Transcript

READ_S = 5.0
"""Seconds of a file that are read at once."""
JOINED_S = 12.0
"""Length from which on a pause of a file ends a piece, for models that are good at more than a sentence."""
SMALLEST_WHISPER = 25_000_000
"""Bytes. OpenAI's smallest has 39 million weights; a smaller one was made for single sentences."""


class STTManager:
    """Detectors, a recognizer and the gate, as the settings say."""

    def __init__(
        self, transcriber: Transcriber, stt: SttSettings, vad: VadSettings, joined_s: float = 0.0
    ) -> None:
        self._transcriber = transcriber
        self._stt = stt
        self._vad = vad
        self._joined_s = joined_s
        self._cache = TranscriptCache(stt.cache)
        self._rules = Rules(
            stt.typography, stt.commands, stt.vocabulary, stt.vocabulary_score, stt.replacements
        )

    @classmethod
    def from_settings(
        cls, settings: Settings, *, progress: Progress | None = None, notify: Notify | None = None
    ) -> STTManager:
        """Nothing is loaded yet. ``progress(file, done, total)`` is told of a model that has to be fetched,
        ``notify`` of engines that restart or take over.

        Raises STTUnavailable for an unknown backend.
        """
        transcriber = create_transcriber(
            settings.stt, settings.models.dir, progress, gpu=settings.gpu, notify=notify
        )
        return cls(transcriber, settings.stt, settings.vad, _joined_s(settings))

    def detector(self) -> VoiceDetector:
        """A new voice detector, for one conversation. Raises STTBackendMissing or STTUnavailable."""
        return create_detector(self._vad)

    async def warm(self) -> None:
        """Fetch, load and exercise the model. Raises STTUnavailable or STTBackendMissing."""
        await self._transcriber.warm()

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode a segment in ``language``, else in the set one, else in the one that is heard.

        Speech of which too few words came back is decoded again in two halves. Raises STTError.
        """
        fixed = None if self._stt.language == "auto" else self._stt.language
        language = language or fixed
        key = self._cache.key(segment.samples, language, prompt)
        heard = self._cache.get(key)
        if heard is None:
            heard = replace(
                await self._transcriber.transcribe(segment, language=language, prompt=prompt),
                voiced=segment.voiced,
            )
            if is_half(heard):
                heard = await self._in_halves(segment, heard, language or heard.language or None)
            heard = replace(heard, text=polish(heard.text, heard.language, self._rules))
            self._cache.put(key, heard)
        return replace(heard, voiced=segment.voiced)

    async def _in_halves(self, segment: SpeechSegment, whole: Transcript, language: str | None) -> Transcript:
        """The two halves decoded by themselves, if more words come of it."""
        samples = segment.samples
        cut = quietest(samples, len(samples) // 3, 2 * len(samples) // 3)
        halves = [
            await self._transcriber.transcribe(
                replace(segment, samples=part, voiced=None), language=language, prompt=None
            )
            for part in (samples[:cut], samples[cut:])
            if len(part)
        ]
        joined = join_transcripts(halves, whole)
        return joined if len(joined.text.split()) > len(whole.text.split()) else whole

    def live(self, language: str | None = None, *, settled: bool = False) -> LiveTranscript:
        """Words of speech that is still going on, as they were recognized: no marks, no vocabulary.

        ``settled`` as of LiveTranscript. Raises STTBackendMissing or STTUnavailable.
        """
        return LiveTranscript(
            partial(self.transcribe, language=language),
            self.detector(),
            self._vad.threshold,
            settled=settled,
        )

    def judge(self, transcript: Transcript) -> Rejection | None:
        """None when the transcript stands, else why it is taken for nothing said."""
        return judge(transcript)

    async def transcribe_file(
        self, path: Path, language: str | None = None
    ) -> AsyncGenerator[tuple[float, Transcript], None]:
        """What is said in a recording, piece by piece: where the piece starts (s) and its transcript.

        The times of a transcript's segments count from the start of its piece. What the gate rejects is left
        out. Keep it under ``contextlib.aclosing``. Raises AudioUnreadable or another STTError.
        """
        from stt.audio_file import blocks

        async with aclosing(self.transcribe_blocks(lambda: blocks(path, READ_S), language)) as heard:
            async for piece in heard:
                yield piece

    async def transcribe_blocks(
        self, blocks: Callable[[], Iterable[Int16]], language: str | None = None
    ) -> AsyncGenerator[tuple[float, Transcript], None]:
        """The same of samples at 16 kHz in blocks of any length. ``blocks`` is called in a thread; its errors are
        raised here.
        """
        reader = Worker("prism-file")
        try:
            async with aclosing(reader.stream(lambda stop: self._pieces(blocks, stop))) as pieces:
                number = 0
                async for piece in pieces:
                    number += 1
                    heard = await self.transcribe(_segment(number, piece), language=language)
                    if self.judge(heard) is None:
                        yield piece.start, heard
        finally:
            reader.close()

    async def aclose(self) -> None:
        """Free the engine; twice is fine."""
        await self._transcriber.aclose()

    def _pieces(self, blocks: Callable[[], Iterable[Int16]], stop: threading.Event) -> Iterator[Piece]:
        """In the reader's thread: the speech of a recording."""
        cutting = Cutting(self._vad.threshold, self._joined_s)
        wanted = takewhile(lambda _: not stop.is_set(), blocks())
        yield from split_at_pauses(wanted, self.detector(), cutting)


def _segment(number: int, piece: Piece) -> SpeechSegment:
    """A piece of a file as an utterance of its own."""
    return SpeechSegment(number, 0, piece.samples, piece.start, piece.start + piece.duration)


def _joined_s(settings: Settings) -> float:
    """From what length on a pause ends a piece of a file: small models want every sentence by itself."""
    from config import ModelError, ModelStore

    try:
        path = ModelStore.from_settings(settings.models).resolve(settings.stt.model, "stt")
    except ModelError:
        return JOINED_S
    weights = path / "model.bin" if path else None
    small = weights is not None and weights.is_file() and weights.stat().st_size < SMALLEST_WHISPER
    return 0.0 if small else JOINED_S
