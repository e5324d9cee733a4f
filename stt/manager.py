"""Hearing as one thing: a voice detector for each conversation, one recognizer for all, and the gate.

Owns engines, never tasks. What is said where, and when a turn begins, is the pipeline's business.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from common.worker import Worker
from stt.base import BatchTranscriber, STTError, STTUnavailable
from stt.cache import TranscriptCache
from stt.chunks import Cutting, Piece, split_at_pauses
from stt.gate import is_half, judge
from stt.halves import join_transcripts, quietest
from stt.live import LiveTranscript
from stt.model_pool import ModelPool
from stt.numerals import digits
from stt.postprocess import Rules, polish
from stt.residents import create_pool, folder_of
from stt.second_ear import SecondEar
from stt.types import SpeechSegment
from stt.vad import create_detector
from stt.voice_evidence import evidence_of
from stt.wake import create_wake

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from config import Progress, Settings, SttSettings, VadSettings, WakeSettings
    from stt.backends import Notify
    from stt.base import Transcriber, VoiceDetector
    from stt.gate import Rejection
    from stt.types import Int16, Transcript
    from stt.wake import WakeDetector

log = logging.getLogger(__name__)

READ_S = 5.0
"""Seconds of a file that are read at once."""
JOINED_S = 12.0
"""Length from which on a pause of a file ends a piece, for models that are good at more than a sentence."""
SMALLEST_WHISPER = 25_000_000
"""Bytes. OpenAI's smallest has 39 million weights; a smaller one was made for single sentences."""


class STTManager:
    """Detectors, a recognizer and the gate, as the settings say."""

    def __init__(
        self,
        transcriber: Transcriber,
        stt: SttSettings,
        vad: VadSettings,
        joined_s: float = 0.0,
        wake: WakeSettings | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._stt = stt
        self._vad = vad
        self._wake = wake
        self._joined_s = joined_s
        self._cache = TranscriptCache(stt.cache)
        self._second_ear = SecondEar(vad)
        self._decoding = 0
        self._guesses: set[asyncio.Timeout] = set()
        self._rules = Rules(
            stt.typography,
            stt.commands,
            stt.vocabulary,
            stt.vocabulary_score,
            stt.replacements,
            digits() if stt.numbers == "digits" else None,
        )

    @classmethod
    def from_settings(
        cls, settings: Settings, *, progress: Progress | None = None, notify: Notify | None = None
    ) -> STTManager:
        """Nothing is loaded yet. ``progress(file, done, total)`` is told of a model that has to be fetched,
        ``notify`` of engines that restart or take over.

        Raises STTUnavailable for an unknown backend.
        """
        pool = create_pool(settings, progress, notify)
        return cls(pool, settings.stt, settings.vad, _joined_s(settings), settings.wake)

    def detector(self) -> VoiceDetector:
        """A new voice detector, for one conversation. Raises STTBackendMissing or STTUnavailable."""
        return create_detector(self._vad)

    def wake_detector(self) -> WakeDetector | None:
        """A new detector of the wake word, if one is set. Raises STTBackendMissing or STTUnavailable."""
        return create_wake(self._wake) if self._wake is not None else None

    async def warm(self) -> None:
        """Fetch, load and exercise the model. Raises STTUnavailable or STTBackendMissing."""
        await self._transcriber.warm()

    async def transcribe(
        self,
        segment: SpeechSegment,
        *,
        language: str | None = None,
        prompt: str | None = None,
        model: str | None = None,
    ) -> Transcript:
        """Decode a segment in ``language``, else in the set one, else in the one that is heard; with ``model``, which
        is loaded if need be, else with the set one.

        Speech of which too few words came back is decoded again in two halves. Raises STTError.
        """
        with self._at_work():
            return await self._decode(segment, language or self._fixed, prompt, model)

    def polish(self, text: str, language: str, *, commands: bool | None = None) -> str:
        """What was heard as it is to be written: the settings' vocabulary, commands, numbers and typography.

        ``commands`` counts for more than the settings'.
        """
        rules = self._rules if commands is None else replace(self._rules, commands=commands)
        return polish(text, language, rules)

    async def guess(self, segment: SpeechSegment, *, language: str | None = None) -> Transcript | None:
        """What speech that still goes on seems to say: for captions. Never in the way of ``transcribe``, whoever asks.

        None when something is being transcribed, begins to be meanwhile, or the recognizer failed.
        """
        if self._decoding:
            return None
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._guesses.add(scope)
                heard = await self._transcriber.transcribe(segment, language=language or self._fixed)
        except TimeoutError:
            return None
        except STTError as error:
            log.debug("no guess: %s", error)
            return None
        finally:
            self._guesses.discard(scope)
        return replace(heard, voiced=segment.voiced)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Within, no guess is begun; those that run end: the engine is free as soon as it comes to a step."""
        while self._guesses:
            self._guesses.pop().reschedule(asyncio.get_running_loop().time())
        self._decoding += 1
        try:
            yield
        finally:
            self._decoding -= 1

    @property
    def _fixed(self) -> str | None:
        return None if self._stt.language == "auto" else self._stt.language

    @asynccontextmanager
    async def _engine(self, model: str | None) -> AsyncGenerator[Transcriber, None]:
        if model is None:
            yield self._transcriber
        elif isinstance(self._transcriber, ModelPool):
            async with self._transcriber.use(model) as engine:
                yield engine
        else:
            raise STTUnavailable(f"There is no other recognizer here that could be model {model!r}.")

    async def _decode(
        self, segment: SpeechSegment, language: str | None, prompt: str | None, model: str | None
    ) -> Transcript:
        opinion = self._second_ear.ask(segment.samples) if segment.unbroken is not None else None
        key = self._cache.key(segment.samples, language, prompt, model)
        heard = self._cache.get(key)
        if heard is None:
            async with self._engine(model) as engine:
                heard = await engine.transcribe(segment, language=language, prompt=prompt)
                heard = replace(heard, voiced=segment.voiced)
                if is_half(heard):
                    heard = await self._in_halves(engine, segment, heard, language or heard.language or None)
            heard = replace(heard, text=self.polish(heard.text, heard.language))
            self._cache.put(key, heard)
        second = await opinion if opinion is not None else None
        sound = evidence_of(segment, second) if self._vad.backend != "scripted" else None
        return replace(heard, voiced=segment.voiced, sound=sound)

    async def _in_halves(
        self, engine: Transcriber, segment: SpeechSegment, whole: Transcript, language: str | None
    ) -> Transcript:
        """The two halves decoded by themselves, if more words come of it."""
        samples = segment.samples
        cut = quietest(samples, len(samples) // 3, 2 * len(samples) // 3)
        halves = [
            await engine.transcribe(
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
            guess=partial(self.guess, language=language),
            settled=settled,
        )

    def judge(self, transcript: Transcript) -> Rejection | None:
        """None when the transcript stands, else why it is taken for nothing said."""
        return judge(transcript)

    async def transcribe_file(
        self, path: Path, language: str | None = None, model: str | None = None
    ) -> AsyncGenerator[tuple[float, Transcript], None]:
        """What is said in a recording, piece by piece: where the piece starts (s) and its transcript.

        The times of a transcript's segments count from the start of its piece. What the gate rejects is left
        out. Keep it under ``contextlib.aclosing``. Raises AudioUnreadable or another STTError.
        """
        from stt.audio_file import blocks

        async with aclosing(self.transcribe_blocks(lambda: blocks(path, READ_S), language, model)) as heard:
            async for piece in heard:
                yield piece

    async def transcribe_blocks(
        self,
        blocks: Callable[[], Iterable[Int16]],
        language: str | None = None,
        model: str | None = None,
    ) -> AsyncGenerator[tuple[float, Transcript], None]:
        """The same of samples at 16 kHz in blocks of any length. ``blocks`` is called in a thread; its errors are
        raised here.
        """
        reader = Worker("prism-file")
        try:
            async with aclosing(reader.stream(lambda stop: self._pieces(blocks, stop))) as pieces:
                async for group in _grouped(pieces, self._stt.file_batch):
                    for piece, heard in zip(group, await self._together(group, language, model), strict=True):
                        if self.judge(heard) is None:
                            yield piece.started_at, heard
        finally:
            reader.close()

    async def _together(
        self, group: Sequence[SpeechSegment], language: str | None, model: str | None
    ) -> list[Transcript]:
        """Pieces of a file decoded at once where the engine can and the language is known, else in turn."""
        known, pool = language or self._fixed, self._transcriber
        if len(group) > 1 and known and isinstance(pool, ModelPool):
            async with pool.use(model or pool.model_for(known)) as engine:
                if isinstance(engine, BatchTranscriber):
                    with self._at_work():
                        found = await engine.transcribe_batch(group, language=known)
                    return [replace(heard, text=self.polish(heard.text, known)) for heard in found]
        return [await self.transcribe(segment, language=language, model=model) for segment in group]

    async def aclose(self) -> None:
        """Free the engine; twice is fine."""
        self._second_ear.close()
        await self._transcriber.aclose()

    def _pieces(self, blocks: Callable[[], Iterable[Int16]], stop: threading.Event) -> Iterator[Piece]:
        """In the reader's thread: the speech of a recording."""
        cutting = Cutting(self._vad.threshold, self._joined_s)
        wanted = takewhile(lambda _: not stop.is_set(), blocks())
        yield from split_at_pauses(wanted, self.detector(), cutting)


async def _grouped(pieces: AsyncIterator[Piece], size: int) -> AsyncGenerator[list[SpeechSegment], None]:
    """Pieces of a file as utterances of their own, ``size`` at a time."""
    group: list[SpeechSegment] = []
    number = 0
    async for piece in pieces:
        number += 1
        group.append(SpeechSegment(number, 0, piece.samples, piece.start, piece.start + piece.duration))
        if len(group) >= size:
            yield group
            group = []
    if group:
        yield group


def _joined_s(settings: Settings) -> float:
    """From what length on a pause ends a piece of a file: small models want every sentence by itself."""
    path = folder_of(settings, settings.stt.model)
    weights = path / "model.bin" if path else None
    small = weights is not None and weights.is_file() and weights.stat().st_size < SMALLEST_WHISPER
    return 0.0 if small else JOINED_S
