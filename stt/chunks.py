"""A long recording cut at its pauses, for recognizers that hear seconds, not hours. Pure apart from the
detector.

    silence --voice--> open --silence of PAUSE_S, when the piece is long enough--> a piece, padded on both
    sides

A piece ends at a pause; when there is none for ``longest_s``, at the frame of the last seconds that sounds
least like speech. ``enough_s`` says from what length on a short pause ends a piece: 0 cuts at each, which
suits small models; larger pieces are quicker, since Whisper encodes 30 s however short the piece is. The
input is a stream of blocks, the memory is one piece. Live audio has its own rules: ``segmenter``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stt.types import SAMPLE_RATE, Int16, check_mono

if TYPE_CHECKING:
    from stt.base import VoiceDetector

PAUSE_S = 0.5
"""Silence that ends a piece which is long enough."""
BREAK_S = 2.0
"""Silence that ends any piece."""
PAD_S = 0.3
"""Audio kept before and after the voice: what detectors clip, and the quiet start that Whisper expects."""
LONGEST_S = 25.0
"""Whisper hears 30 s at once; the pads and a margin are taken off."""
SEARCH_S = 5.0
"""How far back a piece without a pause is searched for the best place to cut."""
SHORTEST_S = 0.09
"""Voice shorter than this in a whole piece is a click."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a recording that holds speech."""

    samples: Int16
    """Mono, 16 kHz, padded."""
    start: float
    """Seconds: where the first sample lies in the recording."""

    def __post_init__(self) -> None:
        check_mono(self.samples)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Cutting:
    """How to cut."""

    threshold: float
    """Probability from which a frame is voiced."""
    enough_s: float = 0.0
    """Seconds from which on a pause of PAUSE_S ends a piece."""
    longest_s: float = LONGEST_S
    """Seconds; no piece is longer, but for its pads."""


def split_at_pauses(blocks: Iterable[Int16], detector: VoiceDetector, cutting: Cutting) -> Iterator[Piece]:
    """The speech of a recording of any length, in order.

    ``blocks`` may have any lengths; nothing is lost between.
    """
    cutter = _Cutter(detector.frame_samples, cutting)
    for frame in _frames(blocks, detector.frame_samples):
        piece = cutter.push(frame, detector.probability(frame))
        if piece is not None:
            yield piece
    last = cutter.finish()
    if last is not None:
        yield last


def _frames(blocks: Iterable[Int16], size: int) -> Iterator[Int16]:
    """Frames of exactly ``size`` samples; the last one is padded with silence."""
    rest = np.zeros(0, np.int16)
    for block in blocks:
        joined = np.concatenate([rest, block])
        whole = len(joined) - len(joined) % size
        yield from joined[:whole].reshape(-1, size)
        rest = joined[whole:]
    if len(rest):
        yield np.pad(rest, (0, size - len(rest)))


class _Cutter:
    """The frames since the last cut, and where the voice was in them."""

    def __init__(self, frame: int, cutting: Cutting) -> None:
        self._frame_s = frame / SAMPLE_RATE
        self._frame = frame
        self._cutting = cutting
        self._pad = self._count(PAD_S)
        self._frames: list[Int16] = []
        self._probabilities: list[float] = []
        self._first = 0  # index in the recording of the first frame held
        self._voice: tuple[int, int] | None = None  # first and last voiced frame, as indices of those held
        self._voiced = 0

    def push(self, samples: Int16, probability: float) -> Piece | None:
        """Take a frame; a piece when it completes one."""
        self._frames.append(samples)
        self._probabilities.append(probability)
        at = len(self._frames) - 1
        if probability >= self._cutting.threshold:
            self._voice = (self._voice[0] if self._voice else at, at)
            self._voiced += 1
        if self._voice is None:
            self._drop(len(self._frames) - self._pad)
            return None
        return self._cut_if_due(at, *self._voice)

    def finish(self) -> Piece | None:
        """The recording is over."""
        return self._cut(len(self._frames)) if self._voice else None

    def _cut_if_due(self, at: int, first: int, last: int) -> Piece | None:
        silence = (at - last) * self._frame_s
        length = (last + 1 - first) * self._frame_s
        if silence >= (PAUSE_S if length >= self._cutting.enough_s else BREAK_S):
            return self._cut(len(self._frames))
        if (at + 1 - first) * self._frame_s >= self._cutting.longest_s:
            return self._cut(self._weakest(first))
        return None

    def _weakest(self, first: int) -> int:
        """Index after the least voiced frame of the last seconds."""
        begin = max(first + 1, len(self._frames) - self._count(SEARCH_S))
        return begin + int(np.argmin(self._probabilities[begin:])) + 1

    def _cut(self, end: int) -> Piece | None:
        """The piece up to the frame index ``end``; what comes after it stays."""
        if self._voice is None:
            return None
        first, last = self._voice[0], min(self._voice[1], end - 1)
        begin, stop = max(0, first - self._pad), min(end, last + 1 + self._pad)
        samples = np.concatenate(self._frames[begin:stop])
        piece = Piece(samples, (self._first + begin) * self._frame_s)
        heard = self._voiced * self._frame_s >= SHORTEST_S
        self._restart(stop if end == len(self._frames) else end)
        return piece if heard else None

    def _restart(self, begin: int) -> None:
        """Forget what was cut; find the voice in what is left."""
        self._drop(begin)
        voiced = [i for i, p in enumerate(self._probabilities) if p >= self._cutting.threshold]
        self._voice = (voiced[0], voiced[-1]) if voiced else None
        self._voiced = len(voiced)

    def _drop(self, count: int) -> None:
        if count > 0:
            del self._frames[:count], self._probabilities[:count]
            self._first += count

    def _count(self, seconds: float) -> int:
        return max(1, round(seconds / self._frame_s))
