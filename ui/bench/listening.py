"""What the voice detector and the segmenter make of a recording, frame by frame, without a clock.

The segmenter is the pipeline's own, with its settings; the truth is the recording's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stt import SAMPLE_RATE, Segmenter, SpeechPaused, SpeechStarted, create_detector
from ui.bench.user import noise

if TYPE_CHECKING:
    from config import Settings
    from stt import SpeechSegment
    from ui.bench.user import Take

BEFORE_S = 0.32
"""Seconds of room before the recording: ten frames, in which the detector settles."""
AFTER_S = 2.0
"""Seconds of room that follow a recording: longer than any wait."""


@dataclass(frozen=True, slots=True)
class Listened:
    """One take, as it was heard. Positions in seconds from the begin of its samples."""

    noticed: float
    """When the first frame of what proved to be speech was judged voiced: from here on nobody is spoken over."""
    confirmed: float
    """When it was known to be speech."""
    t0: float
    """Where the voice is said to have ended."""
    segment: SpeechSegment
    """What the recognizer is given at the last pause."""
    pauses: int
    """Times that decoding began."""


def listen(take: Take, settings: Settings, shift: int = 0) -> Listened | None:
    """Hear a take that begins ``shift`` samples into a frame; None when no speech was found in it."""
    detector = create_detector(settings.vad)
    size = detector.frame_samples
    segmenter = Segmenter(settings, size, itertools.count(1))
    before = np.concatenate([noise(BEFORE_S, 2), noise(shift / SAMPLE_RATE, 3)])
    sound = np.concatenate([before, take.samples, noise(AFTER_S, 4)])
    onset = noticed = confirmed = None
    segments: list[SpeechSegment] = []
    for start in range(0, len(sound) - size + 1, size):
        frame = sound[start : start + size]
        for fact in segmenter.push(frame, detector.probability(frame)):
            if isinstance(fact, SpeechStarted) and confirmed is None:
                noticed, confirmed = onset or fact.at, fact.at
            elif isinstance(fact, SpeechPaused):
                segments.append(fact.segment)
        onset = (onset or segmenter.position) if segmenter.onset_pending else None
    if confirmed is None or noticed is None or not segments:
        return None
    zero = len(before) / SAMPLE_RATE
    return Listened(
        noticed - zero, confirmed - zero, segments[-1].ended_at - zero, segments[-1], len(segments)
    )
