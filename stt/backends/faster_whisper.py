"""Whisper through faster-whisper and CTranslate2, on the CPU or an NVIDIA card.

Loading and decoding run in threads of this engine alone (``stt.num_workers`` of them, on one model).
faster-whisper is always given a local folder, checked before, so that it never asks a hub by itself. The
model is fetched in ``warm`` when it is not here. What the libraries raise is translated here and nowhere
else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from common.worker import Worker
from config import ModelError, find_model
from stt.base import STTBackendMissing, STTError, STTRejected, STTUnavailable
from stt.cuda import choose_compute_type, choose_place, is_lost_card
from stt.decoding import How, decode, translating
from stt.types import SAMPLE_RATE, Transcript, confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config import SttSettings
    from stt.backends import TranscriberOptions
    from stt.decoding import Heard
    from stt.types import Int16, SpeechSegment

NEEDED = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""Files without which faster-whisper fails, or asks a hub for 23 s."""
CLOSED = "This recognizer has been closed; make a new one."
ENGLISH_ONLY = "Model {} knows English only; choose another, or stt.language=en."
WARM_S = 1.0
"""Seconds of silence that are decoded to warm up."""

CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor in so many microseconds: what a container is given."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class FasterWhisper:
    """One loaded model. Made cheaply; ``warm`` loads it."""

    def __init__(self, options: TranscriberOptions) -> None:
        self._settings = options.settings
        self._options = options
        self._worker = Worker("faster-whisper", options.settings.num_workers)
        self._loading = asyncio.Lock()
        self._model: Any = None
        self._closed = False
        self._busy = 0
        self._rest: asyncio.TimerHandle | None = None

    async def warm(self) -> None:
        """Fetch the model when it is not here, load it and decode a second of silence.

        Raises STTUnavailable or STTBackendMissing.
        """
        async with self._loading:
            self._check_open()
            if self._model is None:
                path = await _find(self._options)
                model = await self._worker.run(_load, self._options, path)
                self._check_open()  # again: loading takes long
                self._model = model

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """Decode a segment of any length. Raises STTRejected for an empty one or an unknown language."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        return await self._lease(lambda stop: self._decode(segment.samples, (language, prompt), stop))

    async def _lease(self, job: Callable[[threading.Event], T]) -> T:
        """Run ``job`` on the loaded model, and when the card was lost once more on a new one, maybe the processor's."""
        if self._model is None:
            await self.warm()
        model = self._model
        try:
            return await self._in_thread(job)
        except STTUnavailable as error:
            if not is_lost_card(error.__cause__):
                raise
            log.warning("the NVIDIA card has failed, so the model is loaded again: %s", error)
            if self._model is model:
                self._model = None
        await self.warm()
        return await self._in_thread(job)

    async def _in_thread(self, job: Callable[[threading.Event], T]) -> T:
        """``job`` is given an event that says: nobody waits."""
        self._check_open()
        self._busy += 1
        stop = threading.Event()
        try:
            return await self._worker.run(job, stop)
        except asyncio.CancelledError:
            stop.set()  # the thread leaves before its next step: whoever comes next waits less
            raise
        finally:
            self._busy -= 1
            self._rest_later()

    async def transcribe_batch(
        self, segments: Sequence[SpeechSegment], *, language: str, prompt: str | None = None
    ) -> list[Transcript]:
        """Decode several segments of at most 30 s at once, all in ``language``. Raises an STTError."""
        if not all(len(segment.samples) for segment in segments):
            raise STTRejected("There is no audio to transcribe: a segment is empty.")
        pieces = [segment.samples for segment in segments]
        return await self._lease(lambda stop: self._decode_batch(pieces, (language, prompt), stop))

    async def aclose(self) -> None:
        """Free the model; a decode that runs ends by itself."""
        self._closed, self._model = True, None
        if self._rest is not None:
            self._rest.cancel()
        self._worker.close()

    def _rest_later(self) -> None:
        """Give the memory back after the set time without a word."""
        if self._rest is not None:
            self._rest.cancel()
        if self._settings.idle_unload_s is not None and not self._closed:
            loop = asyncio.get_running_loop()
            self._rest = loop.call_later(self._settings.idle_unload_s, self._unload)

    def _unload(self) -> None:
        if not self._busy and self._model is not None:
            self._model.model.unload_model()

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable(CLOSED)

    def _decode(
        self, samples: Int16, told: tuple[str | None, str | None], stop: threading.Event
    ) -> Transcript:
        """In the engine's thread; ``told`` are the language and the prompt."""
        model, how, started = self._ready(), How(self._settings, *told), time.perf_counter()
        with model.unless(stop):
            heard = decode(model, samples, how, lambda e: _failed(e, self._settings))
        return self._transcript(heard, len(samples), time.perf_counter() - started, how)

    def _decode_batch(
        self, pieces: Sequence[Int16], told: tuple[str, str | None], stop: threading.Event
    ) -> list[Transcript]:
        """In the engine's thread; each is said to have taken its share."""
        from stt.batches import decode_batch

        model, how, started = self._ready(), How(self._settings, *told), time.perf_counter()
        with model.unless(stop):
            heard = decode_batch(model, pieces, how, lambda e: _failed(e, self._settings))
        took = (time.perf_counter() - started) / len(pieces)
        return [self._transcript(each, len(p), took, how) for p, each in zip(pieces, heard, strict=True)]

    def _ready(self) -> Any:  # noqa: ANN401
        """The model, with its weights in memory."""
        model = self._model  # it may be taken away while we look
        if model is None:
            raise STTUnavailable(CLOSED)
        if not model.model.model_is_loaded:
            with translating(lambda error: _failed(error, self._settings)):
                model.model.load_model()
        return model

    def _transcript(self, heard: Heard, samples: int, took: float, how: How) -> Transcript:
        found, language = heard
        return Transcript(
            text=" ".join(part.text for part in found if part.text),
            language=language,
            confidence=confidence(found),
            segments=found,
            is_final=True,
            audio_duration=samples / SAMPLE_RATE,
            processing_time=took,
            model=self._settings.model,
            backend="faster_whisper",
            prompt=" ".join([how.prompt or self._settings.prompt or "", *self._settings.hotwords]).strip(),
        )


def create(options: TranscriberOptions) -> FasterWhisper:
    """A recognizer that has not loaded anything yet."""
    return FasterWhisper(options)


async def _find(options: TranscriberOptions) -> Path:
    """The model's folder, fetched when it is not here."""
    name = options.settings.model
    try:
        path = options.store.resolve(name, "stt")
        _check_language(options.settings)
        if path is None:
            path = await options.store.fetch(find_model(name, "stt"), options.on_progress)
    except ModelError as error:
        raise STTUnavailable(str(error)) from error
    _check_folder(path)
    return path


def _check_language(settings: SttSettings) -> None:
    """Raise STTUnavailable for a model of the catalogue that does not know the set language.

    Before it is fetched, and also where its network has all languages but was trained on English alone.
    """
    with contextlib.suppress(ModelError):
        known = find_model(settings.model, "stt").languages
        if settings.language != "auto" and not {"*", settings.language}.intersection(known):
            raise STTUnavailable(ENGLISH_ONLY.format(settings.model))


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


def _load(options: TranscriberOptions, path: Path) -> Any:  # noqa: ANN401  # faster-whisper has no types
    """In the engine's thread: load and exercise the model."""
    settings = options.settings
    try:
        import faster_whisper  # noqa: F401  # only to see that it is there
    except ImportError as error:
        raise STTBackendMissing(
            "faster-whisper is not installed: run `pip install faster-whisper`."
        ) from error
    place = choose_place(settings.device, options.gpu)
    required = settings.device == "cuda" or (options.gpu is not None and options.gpu.require)
    try:
        return _load_on(place, settings, path)
    except STTError as error:
        if place[0] == "cpu" or required:
            raise
        log.warning("the NVIDIA card cannot be used, so the CPU recognizes speech: %s", error)
        return _load_on(("cpu", 0), settings, path)


def _load_on(place: tuple[str, int], settings: SttSettings, path: Path) -> Any:  # noqa: ANN401
    from stt.whisper import OneEncodeWhisper

    device, index = place
    kind = choose_compute_type(settings.compute_type, device, index)
    threads = max(1, (_cores() - 1) // settings.num_workers)
    try:
        model = OneEncodeWhisper(
            str(path),
            device,
            device_index=index,
            compute_type=kind,
            cpu_threads=threads,
            num_workers=settings.num_workers,
        )
    except Exception as error:  # three libraries read these files, and one of them raises Exception itself
        raise _translated(error, settings, f"Model {path} cannot be loaded") from error
    if settings.language == "fr" and not model.model.is_multilingual:
        raise STTUnavailable(ENGLISH_ONLY.format(settings.model))
    silence = np.zeros(int(WARM_S * SAMPLE_RATE), np.int16)
    decode(model, silence, How(settings, None, None), lambda e: _failed(e, settings))
    return model


def _failed(error: Exception, settings: SttSettings) -> STTError:
    return _translated(error, settings, f"Model {settings.model} failed")


def _translated(error: BaseException, settings: SttSettings, what: str) -> STTError:
    """What the engine's error means to a person."""
    text = " ".join(str(error).split())
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
    """Cores that this process may use; a container sees those of its host and may have less."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):  # no container, or "max" for no limit
        quota, period = CPU_QUOTA.read_text("ascii").split()
        return max(1, min(seen, int(quota) // int(period)))
    return seen
