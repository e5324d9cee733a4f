"""PocketSphinx: offline, English, its model inside the package. For commands and as the last resort, not dictation.

Hidden Markov models of another age: no GPU, no download, quick, and wrong in one word of three of free speech. It
gives a score for each word and knows nothing of silence, so the gate judges by voice and speed alone.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from common.worker import Worker
from stt.base import STTBackendMissing, STTRejected, STTUnavailable
from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment

if TYPE_CHECKING:
    from stt.backends import TranscriberOptions
    from stt.types import Int16, SpeechSegment

SHORTEST = 1600
"""Samples below which the decoder finds no frame to score."""
FRAMES_S = 100.0
"""Its frames in a second."""


class PocketSphinx:
    """One decoder in a thread of its own. Made cheaply; ``warm`` loads it."""

    def __init__(self) -> None:
        self._worker = Worker("pocketsphinx")
        self._decoder: Any = None
        self._closed = False

    async def warm(self) -> None:
        """Load the English model. Raises STTBackendMissing or STTUnavailable."""
        self._check_open()
        await self._worker.run(self._load)

    async def transcribe(
        self,
        segment: SpeechSegment,
        *,
        language: str | None = None,
        prompt: str | None = None,  # noqa: ARG002  # it has no use for one
    ) -> Transcript:
        """Decode a segment. Raises STTRejected for an empty one, STTUnavailable for another language."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        self._check_open()
        if language not in {None, "en"}:
            raise STTUnavailable(
                f"pocketsphinx hears English only, not {language!r}; choose another stt.backend."
            )
        return await self._worker.run(self._decode, segment.samples)

    async def aclose(self) -> None:
        """Free the decoder; twice is fine."""
        self._closed, self._decoder = True, None
        self._worker.close()

    def _check_open(self) -> None:
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")

    def _load(self) -> None:
        if self._decoder is not None:
            return
        try:
            from pocketsphinx import Decoder
        except (ImportError, OSError) as error:  # its package needs PortAudio's library on some systems
            raise STTBackendMissing(
                "pocketsphinx is not installed: run `pip install 'prism-voice[pocketsphinx]'`."
            ) from error
        try:
            self._decoder = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
        except (RuntimeError, ValueError) as error:
            raise STTUnavailable(f"pocketsphinx cannot load its model ({error}).") from error

    def _decode(self, samples: Int16) -> Transcript:
        """In the engine's thread."""
        self._load()
        started = time.perf_counter()
        decoder = self._decoder
        parts: tuple[TranscriptSegment, ...] = ()
        score = 0.0
        if len(samples) >= SHORTEST:
            try:
                decoder.start_utt()
                decoder.process_raw(samples.tobytes(), full_utt=True)
                decoder.end_utt()
            except RuntimeError as error:
                raise STTUnavailable(f"pocketsphinx failed ({error}).") from error
            parts, score = _heard(decoder)
        return Transcript(
            text=" ".join(part.text for part in parts),
            language="en",
            confidence=score,
            segments=parts,
            is_final=True,
            audio_duration=len(samples) / SAMPLE_RATE,
            processing_time=time.perf_counter() - started,
            model="en-us",
            backend="pocketsphinx",
        )


def create(options: TranscriberOptions) -> PocketSphinx:
    """A recognizer that has not loaded anything yet. Raises STTUnavailable when French is set."""
    if options.settings.language == "fr":
        raise STTUnavailable("pocketsphinx hears English only; set stt.language=en or another stt.backend.")
    return PocketSphinx()


def _heard(decoder: Any) -> tuple[tuple[TranscriptSegment, ...], float]:  # noqa: ANN401  # it has no types
    """One stretch for the utterance, from the first word to the last, and its confidence (0-1)."""
    found = decoder.hyp()
    if found is None or not found.hypstr.strip():
        return (), 0.0
    words = [word for word in decoder.seg() if not word.word.startswith(("<", "[", "++"))]
    start, end = (words[0].start_frame, words[-1].end_frame + 1) if words else (0, 0)
    part = TranscriptSegment(found.hypstr.strip(), start / FRAMES_S, max(start, end) / FRAMES_S)
    probability = (
        decoder.get_logmath().exp(int(found.prob)) if hasattr(decoder, "get_logmath") else found.prob
    )
    return (part,), min(1.0, max(0.0, probability)) if math.isfinite(probability) else 0.0
