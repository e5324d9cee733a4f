"""The nouns of hearing, each defined once.

Audio in this room is mono int16 at 16 kHz (``SAMPLE_RATE``); a *position* is seconds since the first input sample,
the one audio clock of a conversation. Everything is frozen and checked when made, so that a wrong value cannot travel.
What holds samples is equal only to itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hertz. What Whisper, Silero and webrtcvad all hear."""

Int16: TypeAlias = npt.NDArray[np.int16]


def check_mono(samples: Int16) -> None:
    """Raise ValueError unless ``samples`` is a one-dimensional int16 array."""
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise ValueError(f"mono int16 samples expected, got {samples.dtype} with {samples.ndim} dimensions")


@dataclass(frozen=True, slots=True, eq=False)
class AudioFrame:
    """A short run of input samples, as a source delivers it."""

    samples: Int16
    """Mono, int16."""
    sample_rate: int
    """Hertz."""
    captured_at: float
    """Seconds, monotonic clock of the machine: when the last sample was taken."""

    def __post_init__(self) -> None:
        check_mono(self.samples)
        if self.sample_rate <= 0:
            raise ValueError(f"sample rate must be positive, got {self.sample_rate}")

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """An utterance began: its onset has been confirmed as speech."""

    utterance: int
    started_at: float
    """Position of the first voiced sample, seconds."""
    at: float
    """Position at which this became known, seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechSegment:
    """What there is of an utterance at a pause: the input of a recognizer."""

    utterance: int
    revision: int
    samples: Int16
    """Mono, int16, 16 kHz; with the pre-roll and a short tail."""
    started_at: float
    """Position of the first voiced sample, seconds."""
    ended_at: float
    """t0: position of the end of the last voiced sample, seconds."""
    voiced: float | None = None
    """Seconds that the detector took for voice; None where no detector was asked."""
    unbroken: float | None = None
    """Longest stretch of voice without a pause, also begun before this segment where that was cut (s)."""
    partial: bool = False
    """Whether it is still being spoken: then ``started_at`` is its first sample, and what comes back is a guess."""

    def __post_init__(self) -> None:
        check_mono(self.samples)

    @property
    def duration(self) -> float:
        """Seconds of audio, pre-roll and tail included."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The user has been silent for the set pause; decoding may start at once."""

    segment: SpeechSegment
    at: float
    """Position, seconds."""


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The user spoke on: ``revision`` is the new one, the one before is stale."""

    utterance: int
    revision: int
    paused_for: float
    """Seconds from the last voiced sample before the pause to the first one after it."""
    at: float
    """Position, seconds."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance is over and never opens again."""

    utterance: int
    revision: int
    ended_at: float
    """t0: position of the end of the last voiced sample, seconds."""
    at: float
    """Position, seconds."""


@dataclass(frozen=True, slots=True)
class SpeechSustained:
    """The user has been speaking for so long, without a pause, that it is no cough: said once for each revision."""

    utterance: int
    revision: int
    at: float
    """Position, seconds."""


SpeechFact: TypeAlias = SpeechStarted | SpeechPaused | SpeechResumed | SpeechSustained | SpeechEnded


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times, where the engine was asked for them."""

    text: str
    """With the space before it: joined, the words are the text."""
    start: float
    """Seconds from the start of the decoded audio."""
    end: float
    """Seconds from the start of the decoded audio."""
    probability: float
    """0-1."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A stretch of a transcript with its times."""

    text: str
    start: float
    """Seconds from the start of the decoded audio."""
    end: float
    """Seconds from the start of the decoded audio."""
    avg_logprob: float = 0.0
    """Mean log probability of the tokens; 0 where the engine has none."""
    no_speech_prob: float = 0.0
    """Probability that nothing was said, 0-1; 0 where the engine has none."""
    compression_ratio: float = 1.0
    """Length over zlib-compressed length: repetition shows as a high value."""
    words: tuple[Word, ...] = ()
    """Empty unless ``stt.word_timestamps`` is set."""


@dataclass(frozen=True, slots=True)
class VoiceEvidence:
    """What the sound itself says, whatever was made of it."""

    confirmed: float | None
    """Seconds of voice by a second detector; None where the first needs none."""
    unbroken: float
    """Longest stretch of voice without a pause, seconds."""
    spread_db: float
    """Between the loudest and the quietest tenth of the audio."""
    surrounded: bool = False
    """Whether the voice goes on through the pre-roll before it and the pause after it."""
    open_end: bool = False
    """Whether it goes on through the pause after it."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recognizer heard."""

    text: str
    language: str
    """ISO 639-1 code, such as ``fr`` or ``en``."""
    confidence: float
    """0-1: exp of the mean token log probability, weighted by duration."""
    segments: tuple[TranscriptSegment, ...]
    is_final: bool
    audio_duration: float
    """Seconds of audio decoded."""
    processing_time: float
    """Seconds of wall time that decoding took."""
    model: str
    backend: str
    voiced: float | None = None
    """Seconds of voice in the audio; None where no detector was asked."""
    sound: VoiceEvidence | None = None
    """None where no detector was asked."""
    prompt: str = ""
    """What the recognizer was told to expect: it must not come back as if it had been said."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must lie within 0 and 1, got {self.confidence}")

    @property
    def rtf(self) -> float:
        """Real-time factor: processing time over audio time."""
        return self.processing_time / self.audio_duration if self.audio_duration else 0.0


def confidence(segments: Sequence[TranscriptSegment]) -> float:
    """exp of the mean token log probability, weighted by duration; 0 where nothing was heard."""
    weights = [max(part.end - part.start, 0.02) for part in segments]
    if not weights:
        return 0.0
    mean = sum(w * part.avg_logprob for w, part in zip(weights, segments, strict=True)) / sum(weights)
    return math.exp(min(0.0, mean))
