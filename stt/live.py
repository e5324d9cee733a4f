"""Committed and tentative words of speech that is still going on: for dictation and captions.

    feed(samples) as they come; step() as often as you like: a Partial when there is news; finish() -> the whole text

The detector says where voice is; a pause decodes what it ends for good and lets go of its audio, so that memory and the
cost of a second are those of one sentence. Between pauses LocalAgreement commits what two guesses agree on. A guess
never runs beside another, and none is begun that the pace forbids. Whoever shares the recognizer with a conversation
must call ``step`` only when that has nothing to decode. What the gate rejects gives no words.

Captions want words that stay; a dictation wants the best ones, and shows the others only meanwhile: with ``settled``
the decode of a whole piece counts for more than what guesses had agreed on within it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from stt.gate import judge
from stt.halves import quietest
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
NEAR_S = 0.3
"""How far from a word's reported end the cut may lie."""
LONGEST_S = 28.0
"""Seconds after which a piece without a pause is decoded for good all the same."""
SEARCH_S = 5.0
"""How far back such a piece is searched for the quietest place to cut: not in the middle of a word."""


class LiveTranscript:
    """One stretch of speech, however long."""

    def __init__(
        self,
        transcribe: Callable[[SpeechSegment], Awaitable[Transcript]],
        detector: VoiceDetector,
        threshold: float = 0.5,
        *,
        guess: Callable[[SpeechSegment], Awaitable[Transcript | None]] | None = None,
        settled: bool = False,
    ) -> None:
        """``guess``: what ``step`` asks while somebody speaks, where that is not ``transcribe``; None is no answer."""
        self._transcribe = transcribe
        self._ask = guess or transcribe
        self._guessing: asyncio.Timeout | None = None
        self._detector = detector
        self._threshold = threshold
        self._settled = settled
        self._rest = np.zeros(0, np.int16)  # less than a frame
        self._tail: list[Int16] = []
        self._voices: list[bool] = []  # of each frame of the tail
        self._tail_samples = 0
        self._position = 0  # samples fed
        self._voiced_until: int | None = None  # position after the last voiced frame of the tail
        self._heard_until = 0  # position at which the last guess was made
        self._done: list[str] = []
        self._agreement = LocalAgreement()
        self._pace = Pace()
        self._guessed: list[Heard] | None = None  # of the tail as it was at _heard_until
        self._languages: Counter[str] = Counter()
        self.cost_s = 0.0
        """Seconds of decoding so far."""
        self.voiced_s = 0.0
        """Seconds that the detector took for voice."""
        self.deaf_s = 0.0
        """Seconds of voice in pieces of which no word came."""

    @property
    def committed(self) -> str:
        """Words that never change."""
        return " ".join([*self._done, self._agreement.committed]).strip()

    @property
    def held_s(self) -> float:
        """Seconds of audio in memory."""
        return self._tail_samples / SAMPLE_RATE

    @property
    def language(self) -> str:
        """That of most words so far; empty before the first."""
        found = self._languages.most_common(1)
        return found[0][0] if found else ""

    def feed(self, samples: Int16) -> None:
        """The next samples, mono int16 at 16 kHz, of any number. Raises ValueError for other samples."""
        check_mono(samples)
        joined = np.concatenate([self._rest, samples])
        size = self._detector.frame_samples
        whole = len(joined) - len(joined) % size
        for frame in joined[:whole].reshape(-1, size):
            self._position += size
            voice = self._detector.probability(frame) >= self._threshold
            self._tail.append(frame)
            self._voices.append(voice)
            self._tail_samples += size
            if voice:
                if self._voiced_until is None:
                    self._agreement = LocalAgreement(self._position / SAMPLE_RATE - self.held_s)
                self._voiced_until = self._position
                self.voiced_s += size / SAMPLE_RATE
            elif self._voiced_until is None:
                self._drop_to(round(PAD_S * SAMPLE_RATE))
        self._rest = joined[whole:]

    async def step(self, *, guess: bool = True) -> Partial | None:
        """Decode if it is worth it; what is known then, or None. Raises STTError.

        Without ``guess`` only what a pause has ended is decoded.
        """
        if self._voiced_until is None:
            return None
        silence = (self._position - self._voiced_until) / SAMPLE_RATE
        if silence >= PAUSE_S:
            return await self._settle(None)
        if self.held_s >= LONGEST_S:
            count = self._tail_samples
            cut = quietest(np.concatenate(self._tail), count - round(SEARCH_S * SAMPLE_RATE), count)
            return await self._settle(None, rest=count - cut)
        now = self._position / SAMPLE_RATE
        if not guess:
            return None
        if self._heard_until >= self._voiced_until or not self._pace.due(now, self.held_s):
            return None
        self._heard_until, self._guessed = self._position, None
        guessed = await self._guess()
        if guessed is None:
            return None
        words, took = guessed
        self._pace.took(now, took)
        self._guessed = words
        before = self._agreement.tail_from
        partial = self._agreement.update(words)
        if self._agreement.tail_from > before:
            self._freeze(self._agreement.tail_from)
            self._guessed = [word for word in words if word.end > self._agreement.tail_from]
        return Partial(self.committed, partial.tentative)

    def hurry(self) -> None:
        """Somebody waits for the end: give up a guess that has not heard the last voice anyway."""
        if self._guessing is not None and self._heard_until < (self._voiced_until or 0):
            self._guessing.reschedule(asyncio.get_running_loop().time())
            self._guessing = None

    async def finish(self) -> str:
        """No more will come: the whole text. A guess that has heard all voice is not made again. Raises STTError."""
        if len(self._rest):
            self.feed(np.zeros(self._detector.frame_samples - len(self._rest), np.int16))
        if self._voiced_until is not None:
            await self._settle(self._guessed if self._heard_until >= self._voiced_until else None)
        return self.committed

    async def _settle(self, words: list[Heard] | None, rest: int = 0) -> Partial:
        """Decode the tail for good, unless its ``words`` are known, and let it go.

        Its last ``rest`` samples stay, and so does what is fed meanwhile.
        """
        size = self._detector.frame_samples
        heard_to, voiced_to = self._position - rest, self._voiced_until or 0
        voiced = sum(self._voices[: len(self._voices) - rest // size]) * size / SAMPLE_RATE
        if words is None:
            segment = self._tail_as_segment(voiced, rest)
            words, took = self._believed(await self._transcribe(segment), segment)
            self._pace.took(heard_to / SAMPLE_RATE, took)
        text = self._agreement.finish(words, settled=self._settled)
        if text:
            self._done.append(text)
        else:
            self.deaf_s += voiced
        pad = max(0, min(round(PAD_S * SAMPLE_RATE), heard_to - voiced_to))  # no word is heard twice
        self._drop_to(self._position - heard_to + pad)
        self._guessed = None
        self._agreement = LocalAgreement(self._position / SAMPLE_RATE - self.held_s)
        if self._voiced_until == voiced_to <= heard_to:
            self._voiced_until = None
            self._drop_to(round(PAD_S * SAMPLE_RATE))
        return Partial(self.committed, "")

    async def _guess(self) -> tuple[list[Heard], float] | None:
        """The words of the tail and what they cost (s); None without an answer, or when there was no time for one."""
        segment = self._tail_as_segment()
        try:
            async with asyncio.timeout(None) as self._guessing:
                heard = await self._ask(segment)
        except TimeoutError:
            return None
        finally:
            self._guessing = None
        return None if heard is None else self._believed(heard, segment)

    def _tail_as_segment(self, voiced: float | None = None, rest: int = 0) -> SpeechSegment:
        """``voiced``: its seconds of voice, where it is decoded for good. Its last ``rest`` samples are left out."""
        start, count = self._position / SAMPLE_RATE - self.held_s, self._tail_samples - rest
        return SpeechSegment(
            0, 0, np.concatenate(self._tail)[:count], start, start + count / SAMPLE_RATE, voiced
        )

    def _believed(self, heard: Transcript, segment: SpeechSegment) -> tuple[list[Heard], float]:
        """The words of a transcript, none where the gate rejects it, and what it cost (s)."""
        self.cost_s += heard.processing_time
        words = [] if judge(heard) is not None else words_of(heard, segment.started_at)
        if words:
            self._languages[heard.language] += len(words)
        return words, heard.processing_time

    def _freeze(self, end: float) -> None:
        """Cut the tail at the quietest place near ``end`` (s from the first sample fed)."""
        samples = np.concatenate(self._tail)
        start = self._position - len(samples)
        at, near = round(end * SAMPLE_RATE) - start, round(NEAR_S * SAMPLE_RATE)
        cut = quietest(samples, max(0, at - near), at + near)
        self._drop_to(len(samples) - min(cut, len(samples)))

    def _drop_to(self, samples: int) -> None:
        """Keep the last ``samples`` of the tail."""
        while self._tail and self._tail_samples - len(self._tail[0]) >= samples:
            self._tail_samples -= len(self._tail.pop(0))
            self._voices.pop(0)
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
