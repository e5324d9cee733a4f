"""One decode with faster-whisper's model: its options from the settings, its answer in our nouns. Blocking.

With ``stt.window: auto`` the encoder hears only as much as was said and a margin; what comes out improbable or empty
is decoded again on the full width, so that a short window can cost time and no words.
"""

from __future__ import annotations

import math
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
    width = window_s(len(samples) / SAMPLE_RATE) if how.settings.window == "auto" else None
    try:
        found = _run(model, samples, how, width)
        if width is not None and not _believable(found):
            found = _run(model, samples, how, None)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise translated(error) from error
    return found


def _run(model: Any, samples: Int16, how: How, width: float | None) -> Heard:  # noqa: ANN401
    settings = how.settings
    with model.window(width):
        found, info = model.transcribe(
            samples.astype(np.float32) / 32768,
            language=how.language,
            beam_size=settings.beam_size,
            temperature=settings.temperatures,
            initial_prompt=how.prompt or settings.prompt,
            hotwords=", ".join(settings.hotwords) or None,
            word_timestamps=settings.word_timestamps,
            condition_on_previous_text=False,  # one bad segment must not spoil those after it
        )
        return tuple(_parts(found)), str(info.language)


def _believable(found: Heard) -> bool:
    parts = [part for part in found[0] if part.text]
    return bool(parts) and min(part.avg_logprob for part in parts) >= IMPROBABLE


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
            words=tuple(Word(w.word, w.start, w.end, w.probability) for w in part.words or ()),
        )
