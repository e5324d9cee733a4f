"""The nouns of speaking, each defined once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Int16: TypeAlias = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class SpeechChunk:
    """A stretch of speech, ready to play."""

    samples: Int16
    """Mono, int16."""
    sample_rate: int
    """Hertz."""
    text: str
    """The whole piece of text (a clause or a sentence) that this chunk belongs to."""
    last_of_sentence: bool
    """True on the last chunk of that piece, which may be empty."""
    backend: str
    from_cache: bool = False
    aside: bool = False
    """No part of what is being told: a chime, a filler."""

    def __post_init__(self) -> None:
        if self.samples.dtype != np.int16 or self.samples.ndim != 1:
            raise ValueError(
                f"mono int16 samples expected, got {self.samples.dtype} with {self.samples.ndim} dimensions"
            )
        if self.sample_rate <= 0:
            raise ValueError(f"sample rate must be positive, got {self.sample_rate}")

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True, slots=True)
class SynthesisResult:
    """A whole text, spoken: for callers that want a file rather than a stream."""

    success: bool
    backend_used: str
    latency_ms: float
    """From the call to the first chunk."""
    audio: bytes
    """A WAV file; empty without success."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be asked for by name."""

    name: str
    """As ``tts.voice`` takes it."""
    language: str
    """ISO 639-1, perhaps with a region; ``*`` for every language."""
    backend: str
    installed: bool
    """False for a voice that ``prism models pull`` can fetch."""
