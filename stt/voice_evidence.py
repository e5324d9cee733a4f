"""What the sound itself says about a segment, whatever a recognizer made of it. PURE.

Two facts tell voices that speak *to* an assistant from voices, music and noise round it:

* One speaker pauses. In the stories and plays that were tried (80 s of three people, also in noise down to 0 dB and
  with 1.5 s of echo) no voice lasted 5 s without a tenth of a second of pause; a synthetic one, which need not
  breathe, 8 s. Six voices at once go on for as long as they are there.
* A room full of voices fills its own pauses: its loudness varies by 9 to 17 dB, that of one speaker by 25 and more;
  less only in noise, in which the pauses are heard all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stt.types import SAMPLE_RATE, VoiceEvidence

if TYPE_CHECKING:
    from stt.types import Int16, SpeechSegment

PAUSE_S = 0.09
"""Silence that counts as a pause: three frames of Silero's."""
STEP_S = 0.02
"""Length of the stretches whose loudness is compared."""
EDGE_S = 0.07
"""Two frames of Silero's, which finds its voice a little late. One speaker is silent for a quarter of a second before
an utterance and a tenth after it."""
LEADING_S = 5.0
"""Voice without a pause at the start of a segment from which it counts together with what it was cut from."""


class Unbroken:
    """Counts voice without a pause, frame by frame."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._voice = self._gap = 0

    def push(self, *, voiced: bool) -> float:
        """Take a frame; seconds of voice without a pause up to now."""
        if voiced:
            self._voice += 1 + self._gap
            self._gap = 0
        elif self._voice:
            self._gap += 1
            if self._gap * self._frame_s >= PAUSE_S:
                self._voice = self._gap = 0
        return self._voice * self._frame_s


@dataclass(frozen=True, slots=True)
class Voice:
    """What a detector says of a whole segment."""

    seconds: float
    """Of voice."""
    longest: float
    """Longest stretch without a pause, seconds."""
    leading: float
    """The stretch without a pause that the segment begins with, seconds."""


def voice_of(probabilities: Iterable[float], frame_s: float, limits: tuple[float, float]) -> Voice:
    """``limits``: probability from which a frame is voice, and below which voice is taken to have stopped."""
    threshold, release = limits
    count, longest, leading, whole = 0, 0.0, 0.0, True
    unbroken = Unbroken(frame_s)
    for probability in probabilities:
        count += probability >= threshold
        length = unbroken.push(voiced=probability >= release)
        longest = max(longest, length)
        whole = whole and (length > 0 or leading == 0)
        leading = length if whole else leading
    return Voice(count * frame_s, longest, leading)


def spread_db(samples: Int16) -> float:
    """Decibels between the loudest and the quietest tenth of a segment."""
    step = round(STEP_S * SAMPLE_RATE)
    whole = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float32)
    if not len(whole):
        return 0.0
    loudness = 20 * np.log10(np.sqrt(np.mean(np.square(whole), axis=1)) + 1)
    low, high = np.percentile(loudness, [10, 90])
    return float(high - low)


def evidence_of(segment: SpeechSegment, second: Voice | None) -> VoiceEvidence | None:
    """All of it; ``second`` is what a better detector than the segment's own says. None where nobody was asked."""
    if segment.unbroken is None:
        return None
    if second is None:
        return VoiceEvidence(None, segment.unbroken, spread_db(segment.samples))
    continues = second.leading >= LEADING_S and segment.unbroken > segment.duration
    longest = segment.unbroken if continues else second.longest
    surrounded = second.longest >= segment.duration - EDGE_S
    return VoiceEvidence(second.seconds, longest, spread_db(segment.samples), surrounded)
