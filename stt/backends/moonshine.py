"""Moonshine through ``moonshine-voice`` (extra ``moonshine``): small, quick networks whose work grows with the audio.

English: its catalogue has other languages, but no French. ``stt.model`` names a size; weights are fetched from its
makers' server into the model folder in ``warm``, or ``stt.model`` is a folder such as ``tiny-en``. It gives no
probability of silence and, without ``stt.word_timestamps``, none of words: the gate judges by voice and speed.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.worker import Worker
from stt.base import STTBackendMissing, STTRejected, STTUnavailable
from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment, Word, confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from stt.backends import TranscriberOptions
    from stt.types import Int16, SpeechSegment

    Load = Callable[[TranscriberOptions], tuple[Any, type[Exception]]]
    """Gives an object with ``transcribe_without_streaming`` and ``close``, and what it raises; blocking."""

LANGUAGE = "en"
SIZES = ("tiny", "base", "tiny-streaming", "small-streaming", "medium-streaming")
ALIASES = {"small": "small-streaming", "medium": "medium-streaming"}
"""Names of Whisper's sizes that are none of Moonshine's."""


class Moonshine:
    """One model in a thread of its own. Made cheaply; ``warm`` fetches and loads it."""

    def __init__(self, options: TranscriberOptions, load: Load) -> None:
        self._options, self._load = options, load
        self._worker = Worker("moonshine")
        self._model: Any = None
        self._failure: type[Exception] = STTUnavailable
        self._closed = False

    async def warm(self) -> None:
        """Fetch and load the model. Raises STTBackendMissing or STTUnavailable."""
        self._check_open()
        await self._worker.run(self._ready)

    async def transcribe(
        self,
        segment: SpeechSegment,
        *,
        language: str | None = None,
        prompt: str | None = None,  # noqa: ARG002  # hotwords are all that it can be told
    ) -> Transcript:
        """Decode a segment. Raises STTRejected for an empty one, STTUnavailable for another language."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        self._check_open()
        if language not in {None, LANGUAGE}:
            raise STTUnavailable(
                f"Moonshine hears English only, not {language!r}; choose another stt.backend."
            )
        return await self._worker.run(self._decode, segment.samples)

    async def aclose(self) -> None:
        """Free the model when its work is over; twice is fine."""
        if not self._closed:
            self._closed = True
            await self._worker.run(self._free)
            self._worker.close()

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    def _ready(self) -> Any:  # noqa: ANN401
        if self._model is None:
            self._model, self._failure = self._load(self._options)
        return self._model

    def _free(self) -> None:
        model, self._model = self._model, None
        if model is not None:
            model.close()

    def _decode(self, samples: Int16) -> Transcript:
        """In the engine's thread."""
        model, started = self._ready(), time.perf_counter()
        try:
            heard = model.transcribe_without_streaming(
                (samples.astype(np.float32) / 32768).tolist(), SAMPLE_RATE
            )
        except self._failure as error:
            raise STTUnavailable(f"Moonshine failed ({error}); choose another stt.model.") from error
        parts = tuple(_part(line) for line in heard.lines if line.text.strip())
        return Transcript(
            text=" ".join(part.text for part in parts),
            language=LANGUAGE,
            confidence=confidence(parts),
            segments=parts,
            is_final=True,
            audio_duration=len(samples) / SAMPLE_RATE,
            processing_time=time.perf_counter() - started,
            model=self._options.settings.model,
            backend="moonshine",
        )


def create(options: TranscriberOptions, load: Load | None = None) -> Moonshine:
    """A recognizer that has not loaded anything yet. Raises STTUnavailable for an unknown size, or when French is set.

    ``load`` is the library's own loader unless given.
    """
    if options.settings.language == "fr":
        raise STTUnavailable("Moonshine has no French; set stt.language=en or another stt.backend.")
    size_of(options.settings.model)
    return Moonshine(options, load or _load)


def size_of(model: str) -> str:
    """The size that ``stt.model`` names, by itself or as the beginning of a folder's name: ``tiny-en``. PURE.

    Raises STTUnavailable.
    """
    name = Path(model).name
    wanted = ALIASES.get(name, name)
    found = [size for size in SIZES if wanted == size or wanted.startswith(f"{size}-")]
    if not found:
        raise STTUnavailable(
            f"stt.model {model!r} is no Moonshine model; choose one of {', '.join(SIZES)}, or a folder "
            "named after one."
        )
    return max(found, key=len)


def _load(options: TranscriberOptions) -> tuple[Any, type[Exception]]:
    """In the engine's thread: fetch, if need be, and load."""
    try:
        import moonshine_voice
        from moonshine_voice.download import download_model_from_info, find_model_info
    except (ImportError, OSError) as error:  # its library may not fit this system
        raise STTBackendMissing(
            "moonshine-voice is not installed: run `pip install 'prism-voice[moonshine]'`."
        ) from error
    settings = options.settings
    kind = moonshine_voice.string_to_model_arch(size_of(settings.model))
    folder = Path(settings.model).expanduser()
    try:
        if not folder.is_dir():
            found, _ = download_model_from_info(
                find_model_info(LANGUAGE, kind),
                cache_root=options.store.root / "moonshine",
                on_progress=_told(options),
                include_word_timestamps=settings.word_timestamps,
            )
            folder = Path(found)
        wanted = {"word_timestamps": "true"} if settings.word_timestamps else None
        model = moonshine_voice.Transcriber(folder, kind, options=wanted)
    except (moonshine_voice.MoonshineError, OSError, ValueError) as error:
        raise STTUnavailable(
            f"Moonshine's model {settings.model} cannot be had ({error}); check the network, or give a folder."
        ) from error
    if settings.hotwords and kind.name.endswith("STREAMING"):  # the others cannot be told
        model.set_keyterms([word.replace(",", " ") for word in settings.hotwords])
    return model, moonshine_voice.MoonshineError


def _told(options: TranscriberOptions) -> Callable[[float, str], None]:
    """The library's progress as ours: per cent of all files."""

    def told(fraction: float, file: str) -> None:
        if options.on_progress is not None:
            options.on_progress(file, round(100 * fraction), 100)

    return told


def _part(line: Any) -> TranscriptSegment:  # noqa: ANN401
    words = tuple(
        Word(f" {word.word.strip()}", word.start, word.end, min(1.0, max(0.0, word.confidence)))
        for word in line.words or ()
    )
    sure = sum(word.probability for word in words) / len(words) if words else 1.0
    start = max(0.0, line.start_time)
    end = max(start, start + line.duration)
    return TranscriptSegment(line.text.strip(), start, end, math.log(max(sure, 1e-6)), words=words)
