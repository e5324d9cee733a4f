"""Committed and tentative words of speech that is still going on: for dictation and captions.

    feed(samples) as they come; step() as often as you like: a Partial when there is news; finish() -> the whole text

The detector says where voice is; a pause decodes what it ends for good and lets go of its audio, so that memory and the
cost of a second are those of one sentence. Between pauses LocalAgreement commits what two guesses agree on. A guess
never runs beside another, and none is begun that the pace forbids. Whoever shares the recognizer with a conversation
must call ``step`` only when that has nothing to decode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stt.partials import Heard, LocalAgreement, Pace, Partial
from stt.types import SAMPLE_RATE, SpeechSegment, check_mono

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stt.base import VoiceDetector
    from stt.types import Int16, Transcript

PAUSE_S = 0.5
"""Silence that ends a piece for good."""
PAD_S = 0.3
"""Audio kept before the voice."""
QUIET_S = 0.02
"""Step in which the quietest place near a cut is looked for."""
NEAR_S = 0.3
"""How far from a word's reported end the cut may lie."""
LONGEST_S = 28.0
"""Seconds after which a piece without a pause is decoded for good all the same."""


class LiveTranscript:
    """One stretch of speech, however long."""

    def __init__(
        self,
        transcribe: Callable[[SpeechSegment], Awaitable[Transcript]],
        detector: VoiceDetector,
        threshold: float = 0.5,
    ) -> None:
        self._transcribe = transcribe
        self._detector = detector
        self._threshold = threshold
        self._rest = np.zeros(0, np.int16)  # less than a frame
        self._tail: list[Int16] = []
        self._tail_samples = 0
        self._position = 0  # samples fed
        self._voiced_until: int | None = None  # position after the last voiced frame of the tail
        self._heard_until = 0  # position at which the last guess was made
        self._done: list[str] = []
        self._agreement = LocalAgreement()
        self._pace = Pace()
        self.cost_s = 0.0
        """Seconds of decoding so far."""

    @property
    def committed(self) -> str:
        """Words that never change."""
        return " ".join([*self._done, self._agreement.committed]).strip()

    @property
    def held_s(self) -> float:
        """Seconds of audio in memory."""
        return self._tail_samples / SAMPLE_RATE

    def feed(self, samples: Int16) -> None:
        """The next samples, mono int16 at 16 kHz, of any number. Raises ValueError for other samples."""
        check_mono(samples)
        joined = np.concatenate([self._rest, samples])
        size = self._detector.frame_samples
        whole = len(joined) - len(joined) % size
        for frame in joined[:whole].reshape(-1, size):
            self._position += size
            self._tail.append(frame)
            self._tail_samples += size
            if self._detector.probability(frame) >= self._threshold:
                if self._voiced_until is None:
                    self._agreement = LocalAgreement(self._position / SAMPLE_RATE - self.held_s)
                self._voiced_until = self._position
            elif self._voiced_until is None:
                self._drop_to(round(PAD_S * SAMPLE_RATE))
        self._rest = joined[whole:]

    async def step(self) -> Partial | None:
        """Decode if it is worth it; what is known then, or None. Raises STTError."""
        if self._voiced_until is None:
            return None
        silence = (self._position - self._voiced_until) / SAMPLE_RATE
        if silence >= PAUSE_S or self.held_s >= LONGEST_S:
            return await self._settle()
        now = self._position / SAMPLE_RATE
        if self._heard_until >= self._voiced_until or not self._pace.due(now, self.held_s):
            return None
        self._heard_until = self._position
        words, took = await self._guess()
        self._pace.took(now, took)
        before = self._agreement.tail_from
        partial = self._agreement.update(words)
        if self._agreement.tail_from > before:
            self._freeze(self._agreement.tail_from)
        return Partial(self.committed, partial.tentative)

    async def finish(self) -> str:
        """No more will come: the whole text. Raises STTError."""
        if len(self._rest):
            self.feed(np.zeros(self._detector.frame_samples - len(self._rest), np.int16))
        if self._voiced_until is not None:
            await self._settle()
        return self.committed

    async def _settle(self) -> Partial:
        """Decode the tail for good and let it go."""
        words, took = await self._guess()
        self._pace.took(self._position / SAMPLE_RATE, took)
        text = self._agreement.finish(words)
        self._done += [text] if text else []
        self._agreement, self._voiced_until = LocalAgreement(), None
        self._drop_to(round(PAD_S * SAMPLE_RATE))
        return Partial(self.committed, "")

    async def _guess(self) -> tuple[list[Heard], float]:
        samples = np.concatenate(self._tail)
        end = self._position / SAMPLE_RATE
        segment = SpeechSegment(0, 0, samples, end - self.held_s, end)
        heard = await self._transcribe(segment)
        self.cost_s += heard.processing_time
        return words_of(heard, end - self.held_s), heard.processing_time

    def _freeze(self, end: float) -> None:
        """Cut the tail at the quietest place near ``end`` (s from the first sample fed)."""
        samples = np.concatenate(self._tail)
        start = self._position - len(samples)
        step = round(QUIET_S * SAMPLE_RATE)
        at, near = round(end * SAMPLE_RATE) - start, round(NEAR_S * SAMPLE_RATE)
        places = range(max(0, at - near), min(len(samples) - step, at + near), step)
        cut = min(places, key=lambda n: float(np.abs(samples[n : n + step]).sum(dtype=np.int64)), default=at)
        self._drop_to(len(samples) - max(0, min(cut, len(samples))))

    def _drop_to(self, samples: int) -> None:
        """Keep the last ``samples`` of the tail."""
        while self._tail and self._tail_samples - len(self._tail[0]) >= samples:
            self._tail_samples -= len(self._tail.pop(0))
        if self._tail and self._tail_samples > samples > 0:
            cut = self._tail_samples - samples
            self._tail[0] = self._tail[0][cut:]
            self._tail_samples = samples


def words_of(transcript: Transcript, start: float) -> list[Heard]:
    """The words with where they end, ``start`` (s) added; without the engine's own times, spread by their letters."""
    found: list[Heard] = []
    for part in transcript.segments:
        if part.words:
            found += [Heard(word.text.strip(), start + word.end) for word in part.words if word.text.strip()]
            continue
        texts, length = part.text.split(), max(1, len(part.text.replace(" ", "")))
        seen = 0
        for text in texts:
            seen += len(text)
            found.append(Heard(text, start + part.start + (part.end - part.start) * seen / length))
    return found
