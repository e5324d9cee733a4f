"""A second opinion on a segment: Silero hears again what a simpler detector took for voice.

webrtc and energy take chords, engines and strong noise for voice; a model that knows few words makes words of it.
Silero costs less than a hundredth of the time of what it hears, so it runs beside the decode, in a thread. A detector
that is Silero itself needs none, and where Silero cannot be had the gate judges without.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from stt.base import STTError
from stt.types import SAMPLE_RATE
from stt.vad import create_detector
from stt.voice_evidence import Voice, voice_of

if TYPE_CHECKING:
    from config import VadSettings
    from stt.types import Int16

SECOND = frozenset({"webrtc", "energy"})
"""Detectors that are not believed alone."""

log = logging.getLogger(__name__)


class SecondEar:
    """One for a manager; ``close`` never waits."""

    def __init__(self, vad: VadSettings) -> None:
        self._settings = vad.model_copy(update={"backend": "silero", "threshold": 0.5, "release": 0.35})
        self._first, self._needed = vad.backend, vad.backend in SECOND
        self._pool: ThreadPoolExecutor | None = None

    def ask(self, samples: Int16) -> asyncio.Future[Voice | None] | None:
        """Begin to listen; None where no second opinion is needed or to be had."""
        if not self._needed:
            return None
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="prism-second-ear")
        return asyncio.get_running_loop().run_in_executor(self._pool, self._listen, samples)

    def close(self) -> None:
        """Let the thread go; twice is fine."""
        self._needed = False
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _listen(self, samples: Int16) -> Voice | None:
        try:
            detector = create_detector(self._settings)
        except STTError as error:
            self._needed = False
            log.warning("what %s takes for voice is judged without a second opinion: %s", self._first, error)
            return None
        size = detector.frame_samples
        padded = np.concatenate([samples, np.zeros(-len(samples) % size, np.int16)])
        found = [detector.probability(frame) for frame in padded.reshape(-1, size)]
        return voice_of(found, size / SAMPLE_RATE, (self._settings.threshold, self._settings.release))
