"""Whisper through faster-whisper and CTranslate2, on the CPU or an NVIDIA card.

Loading and decoding run in threads of this engine alone (``stt.num_workers`` of them, on one model).
faster-whisper is always given a local folder, checked before, so that it never asks a hub by itself. The
model is fetched in ``warm`` when it is not here. What the libraries raise is translated here and nowhere
else.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.worker import Worker
from config import ModelError, find_model
from stt.base import STTBackendMissing, STTError, STTRejected, STTUnavailable
from stt.cuda import choose_compute_type, choose_device
from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment, confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from config import SttSettings
    from stt.backends import TranscriberOptions
    from stt.types import Int16, SpeechSegment

NEEDED = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""Files without which faster-whisper fails, or asks a hub for 23 s."""
TEMPERATURES = (0.0, 0.4)
"""Tried in order while the text loops or is improbable; the six that are usual can cost seconds."""
WARM_S = 1.0
"""Seconds of silence that are decoded to warm up."""

log = logging.getLogger(__name__)


class FasterWhisper:
    """One loaded model. Made cheaply; ``warm`` loads it."""

    def __init__(self, options: TranscriberOptions) -> None:
        self._settings = options.settings
        self._options = options
        workers = [Worker(f"faster-whisper-{n}") for n in range(options.settings.num_workers)]
        self._workers = workers
        self._turns = itertools.cycle(workers)
        self._loading = asyncio.Lock()
        self._model: Any = None
        self._closed = False

    async def warm(self) -> None:
        """Fetch the model when it is not here, load it and decode a second of silence.

        Raises STTUnavailable or STTBackendMissing.
        """
        async with self._loading:
            self._check_open()
            if self._model is None:
                path = await _find(self._options)
                self._model = await self._workers[0].run(_load, self._settings, path)

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode a segment of any length. Raises STTRejected for an empty one or an unknown language."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        if self._model is None:
            await self.warm()
        self._check_open()
        return await next(self._turns).run(self._decode, segment.samples, language, prompt)

    async def aclose(self) -> None:
        """Free the model; a decode that runs ends by itself."""
        self._closed, self._model = True, None
        for worker in self._workers:
            worker.close()

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    def _decode(self, samples: Int16, language: str | None, prompt: str | None) -> Transcript:
        """In the engine's thread."""
        model = self._model
        self._check_open()
        started = time.perf_counter()
        found, heard_language = _run(model, samples, self._settings, language, prompt)
        return Transcript(
            text=" ".join(part.text for part in found if part.text),
            language=heard_language,
            confidence=confidence(found),
            segments=found,
            is_final=True,
            audio_duration=len(samples) / SAMPLE_RATE,
            processing_time=time.perf_counter() - started,
            model=self._settings.model,
            backend="faster_whisper",
        )


def create(options: TranscriberOptions) -> FasterWhisper:
    """A recognizer that has not loaded anything yet."""
    return FasterWhisper(options)


async def _find(options: TranscriberOptions) -> Path:
    """The model's folder, fetched when it is not here."""
    name = options.settings.model
    try:
        path = options.store.resolve(name, "stt")
        if path is None:
            path = await options.store.fetch(find_model(name, "stt"), options.on_progress)
    except ModelError as error:
        raise STTUnavailable(str(error)) from error
    _check_folder(path)
    return path


def _check_folder(path: Path) -> None:
    """Raise STTUnavailable unless ``path`` holds all that faster-whisper reads, readable."""
    if not path.is_dir():
        raise STTUnavailable(f"stt.model is the file {path}, but a model is a folder; give the folder.")
    lacking = next((name for name in NEEDED if not any(path.glob(name))), None)
    if lacking:
        raise STTUnavailable(
            f"{path} is no CTranslate2 Whisper model: it has no {lacking}; give another stt.model."
        )
    for file in path.glob("*.json"):
        try:
            json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise STTUnavailable(f"{file} is damaged; fetch the model again.") from error


def _load(settings: SttSettings, path: Path) -> Any:  # noqa: ANN401  # faster-whisper has no types
    """In the engine's thread: load and exercise the model."""
    try:
        import faster_whisper  # noqa: F401  # only to see that it is there
    except ImportError as error:
        raise STTBackendMissing(
            "faster-whisper is not installed: run `pip install faster-whisper`."
        ) from error
    device = choose_device(settings.device)
    try:
        return _load_on(device, settings, path)
    except STTError as error:
        if device == "cpu" or settings.device == "cuda":
            raise
        log.warning("the NVIDIA card cannot be used, so the CPU recognizes speech: %s", error)
        return _load_on("cpu", settings, path)


def _load_on(device: str, settings: SttSettings, path: Path) -> Any:  # noqa: ANN401
    from stt.whisper import OneEncodeWhisper

    kind = choose_compute_type(settings.compute_type, device)
    threads = max(1, (_cores() - 1) // settings.num_workers)
    try:
        model = OneEncodeWhisper(
            str(path), device, compute_type=kind, cpu_threads=threads, num_workers=settings.num_workers
        )
    except (RuntimeError, ValueError, MemoryError, OSError) as error:
        raise _translated(error, settings, f"Model {path} cannot be loaded") from error
    if settings.language == "fr" and not model.model.is_multilingual:
        raise STTUnavailable(
            f"Model {settings.model} knows English only; choose another, or stt.language=en."
        )
    _run(model, np.zeros(int(WARM_S * SAMPLE_RATE), np.int16), settings, None, None)
    return model


def _run(
    model: Any,  # noqa: ANN401
    samples: Int16,
    settings: SttSettings,
    language: str | None,
    prompt: str | None,
) -> tuple[tuple[TranscriptSegment, ...], str]:
    """Decode; the segments and the language. In the engine's thread."""
    if language is not None and language not in model.supported_languages and model.model.is_multilingual:
        raise STTRejected(f"Whisper does not know the language {language!r}; give a code such as fr or en.")
    try:
        found, info = model.transcribe(
            samples.astype(np.float32) / 32768,
            language=language,
            beam_size=settings.beam_size,
            temperature=TEMPERATURES,
            initial_prompt=prompt,
            condition_on_previous_text=False,  # one bad segment must not spoil those after it
        )
        return tuple(_parts(found)), str(info.language)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise _translated(error, settings, f"Model {settings.model} failed") from error


def _parts(found: Iterable[Any]) -> Iterable[TranscriptSegment]:
    """faster-whisper's segments as ours; the decoding happens while they are taken."""
    for part in found:
        yield TranscriptSegment(
            text=part.text.strip(),
            start=part.start,
            end=part.end,
            avg_logprob=part.avg_logprob,
            no_speech_prob=part.no_speech_prob,
            compression_ratio=part.compression_ratio,
        )


def _translated(error: BaseException, settings: SttSettings, what: str) -> STTError:
    """What the engine's error means to a person."""
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "bad_alloc" in text:
        return STTUnavailable(
            f"There is not enough memory for model {settings.model}; choose a smaller stt.model or another "
            "stt.device."
        )
    if "cublas" in text or "cudnn" in text or "cudart" in text:
        return STTBackendMissing(
            f"The NVIDIA libraries are not complete ({text}): run `pip install 'prism-voice[gpu]'` or set "
            "stt.device=cpu."
        )
    return STTUnavailable(f"{what} ({text}); fetch it again or choose another stt.model.")


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
