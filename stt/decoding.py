"""One decode with faster-whisper's model: its options from the settings, its answer in our nouns. Blocking.

With ``stt.window: auto`` the encoder hears only as much as was said and a margin; what comes out improbable or empty
is decoded again on the full width, so that a short window can cost time and no words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stt.base import STTError, STTRejected
from stt.types import SAMPLE_RATE, TranscriptSegment, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from config import SttSettings
    from stt.types import Int16

SMALLEST_S = 5.0
"""Shortest window: measured to cost no word on the model that comes with Prism."""
MARGIN_S = 1.0
"""Silence that the encoder hears after the audio; it was trained to find its end."""
LARGEST_S = 25.0
"""Audio from which on the full window is used: there is nothing to win."""
IMPROBABLE = -1.0
"""Mean token log probability below which a short window is not believed: Whisper's own threshold."""

Heard = tuple[tuple[TranscriptSegment, ...], str]
"""Segments and language."""


@dataclass(frozen=True, slots=True)
class How:
    """What one decode is told."""

    settings: SttSettings
    language: str | None
    prompt: str | None


def window_s(audio_s: float) -> float | None:
    """Seconds that the encoder should hear, in steps of whole seconds; None is all. PURE."""
    return None if audio_s > LARGEST_S else max(SMALLEST_S, math.ceil(audio_s + MARGIN_S))


def decode(
    model: Any,  # noqa: ANN401  # faster-whisper has no types
    samples: Int16,
    how: How,
    translated: Callable[[Exception], STTError],
) -> Heard:
    """The segments and the language. Raises STTRejected for an unknown one, else what ``translated`` gives."""
    language = how.language
    if language is not None and language not in model.supported_languages and model.model.is_multilingual:
        raise STTRejected(f"Whisper does not know the language {language!r}; give a code such as fr or en.")
    width = width_for(len(samples) / SAMPLE_RATE, how.settings)
    with translating(translated):
        found = _run(model, samples, how, width)
        if width is not None and not believable(found):
            found = _run(model, samples, how, None)
    return found


def width_for(audio_s: float, settings: SttSettings) -> float | None:
    """The encoder's window for so much audio, as the settings want it."""
    return window_s(audio_s) if settings.window == "auto" else None


@contextmanager
def translating(translated: Callable[[Exception], STTError]) -> Iterator[None]:
    """Within, what the libraries raise becomes an STTError."""
    try:
        yield
    except (RuntimeError, ValueError, MemoryError) as error:
        raise translated(error) from error


def options_of(how: How) -> dict[str, Any]:
    """What faster-whisper is told, one piece at a time or many."""
    settings = how.settings
    return {
        "language": how.language,
        "beam_size": settings.beam_size,
        "temperature": settings.temperatures,
        "initial_prompt": how.prompt or settings.prompt,
        "hotwords": ", ".join(settings.hotwords) or None,
        "word_timestamps": settings.word_timestamps,
        "condition_on_previous_text": False,  # one bad segment must not spoil those after it
    }


def _run(model: Any, samples: Int16, how: How, width: float | None) -> Heard:  # noqa: ANN401
    with model.window(width):
        found, info = model.transcribe(samples.astype(np.float32) / 32768, **options_of(how))
        return tuple(parts_of(found)), str(info.language)


def believable(found: Heard) -> bool:
    """Whether something probable came out."""
    parts = [part for part in found[0] if part.text]
    return bool(parts) and min(part.avg_logprob for part in parts) >= IMPROBABLE


def parts_of(found: Iterable[Any], by: float = 0.0) -> Iterator[TranscriptSegment]:
    """faster-whisper's segments as ours, ``by`` (s) later; the decoding happens while they are taken."""
    for part in found:
        yield TranscriptSegment(
            text=part.text.strip(),
            start=max(0.0, part.start + by),
            end=max(0.0, part.end + by),
            avg_logprob=part.avg_logprob,
            no_speech_prob=part.no_speech_prob,
            compression_ratio=part.compression_ratio,
            words=tuple(Word(w.word, w.start + by, w.end + by, w.probability) for w in part.words or ()),
        )
