"""Audio cut at its quietest place, and the transcripts of its parts as one. PURE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stt.types import SAMPLE_RATE, Transcript, TranscriptSegment, confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stt.types import Int16

STEP_S = 0.02
"""Length of the stretches whose loudness is compared."""


def quietest(samples: Int16, begin: int, end: int) -> int:
    """Index of the quietest stretch that begins within ``begin`` and ``end``; the last of equals."""
    step = round(STEP_S * SAMPLE_RATE)
    places = range(begin, max(begin + 1, min(end, len(samples) - step)), step)
    return min(places, key=lambda n: (int(np.abs(samples[n : n + step].astype(np.int32)).sum()), -n))


def join_transcripts(parts: Sequence[Transcript], whole: Transcript) -> Transcript:
    """``whole`` with the words of its parts, which follow each other without a gap."""
    segments: list[TranscriptSegment] = []
    start = 0.0
    for part in parts:
        segments += [_moved(segment, start) for segment in part.segments]
        start += part.audio_duration
    return replace(
        whole,
        text=" ".join(part.text for part in parts if part.text),
        segments=tuple(segments),
        confidence=confidence(segments),
        processing_time=whole.processing_time + sum(part.processing_time for part in parts),
    )


def _moved(segment: TranscriptSegment, by: float) -> TranscriptSegment:
    words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in segment.words)
    return replace(segment, start=segment.start + by, end=segment.end + by, words=words)
