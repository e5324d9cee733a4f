"""From probabilities to utterances: the one synchronous object that sees every frame and all speech.

Theory of operation. Pure: no clock, no I/O; time is the count of frames pushed, and every limit of the configuration
is rounded up to whole frames once. All counting is from **t0**, the end of the last frame whose probability reached
the threshold (the hysteresis of the detector is undone, so t0 is where the voice really stopped).

    IDLE --voice for blip_ms--> SPEAKING --silence for pause_ms--> PAUSED --silence for the wait--> IDLE
                                   ^                                  |
                                   +------- voice for blip_ms --------+     (a new revision of the utterance)

In IDLE and PAUSED the first voiced frame opens an *onset*. While it is open nothing ends; voice shorter than
``blip_ms`` dismisses it and moves neither t0 nor the revision. The wait after a pause is ``max_wait_ms`` until the
transcript has been judged (``judge``); a judgement that comes too late ends the utterance at once. An ended
utterance never opens again. Speech longer than ``max_utterance_s`` is cut at the frame of its last seconds that sounds
least like speech; what comes after the cut belongs to the next utterance, and no frame is lost or heard twice.

Whoever edits this file: keep it free of awaits, and let no limit be counted from anything but t0.
"""

from __future__ import annotations

import enum
import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.clock import whole_frames
from stt.types import (
    SAMPLE_RATE,
    Int16,
    SpeechEnded,
    SpeechFact,
    SpeechPaused,
    SpeechResumed,
    SpeechSegment,
    SpeechStarted,
    SpeechSustained,
)
from stt.voice_evidence import Unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Settings, TurnSettings

ONSET_GAP_MS = 32
"""Silence inside an onset that does not dismiss it: a plosive closes the mouth for about this long. Milliseconds."""

CUT_SEARCH_MS = 5000
"""How far back speech that is too long is searched for the best place to cut, at most a third of it. Milliseconds."""


class _State(enum.Enum):
    IDLE = "idle"
    SPEAKING = "speaking"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class _Limits:
    """The configuration in whole frames."""

    blip: int
    pause: int
    max_wait: int
    preroll: int
    longest: int
    sustained: int
    gap: int

    @classmethod
    def of(cls, turn: TurnSettings, undecided_ms: float, frame_s: float) -> _Limits:
        return cls(
            blip=max(1, whole_frames(turn.blip_ms, frame_s)),
            pause=max(1, whole_frames(turn.pause_ms, frame_s)),
            max_wait=whole_frames(turn.max_wait_ms, frame_s),
            preroll=whole_frames(turn.preroll_ms, frame_s) + 1,  # and the frame at hand
            longest=max(1, whole_frames(turn.max_utterance_s * 1000, frame_s)),
            sustained=max(1, whole_frames(undecided_ms, frame_s)),
            gap=whole_frames(ONSET_GAP_MS, frame_s),
        )


class Segmenter:
    """Feed it every frame of one conversation, in order."""

    def __init__(self, settings: Settings, frame_samples: int, numbers: Iterator[int]) -> None:
        """``frame_samples`` at 16 kHz; ``numbers`` names the utterances."""
        vad, turn = settings.vad, settings.turn
        self._threshold, self._release = vad.threshold, min(vad.release, vad.threshold)
        self._size = frame_samples
        self._frame_s = frame_samples / SAMPLE_RATE
        self._limits = _Limits.of(turn, settings.barge_in.max_undecided_ms, self._frame_s)
        self._numbers = numbers
        self._state = _State.IDLE
        self._now = 0
        self._voiced_until = 0
        self._voiced = False
        self._onset: int | None = None
        self._onset_voice = self._onset_gap = self._onset_t0 = 0
        self._utterance = self._revision = 0
        self._started = self._speaking_since = self._paused_at = 0
        self._wait: int | None = None
        self._frames: deque[tuple[Int16, float]] = deque(maxlen=self._limits.preroll)
        self._unbroken = Unbroken(self._frame_s)
        self._run = self._longest_run = (
            0.0  # seconds of voice without a pause: now, and most in this utterance
        )

    @property
    def open(self) -> bool:
        """Whether an utterance or an undecided onset is open."""
        return self._state is not _State.IDLE or self._onset is not None

    @property
    def onset_pending(self) -> bool:
        """Whether there is voice of which it is not yet known that it is speech."""
        return self._onset is not None

    @property
    def position(self) -> float:
        """Seconds of input seen."""
        return self._now * self._frame_s

    @property
    def speaking(self) -> tuple[int, int] | None:
        """Utterance and revision when the last frame was voice of a confirmed utterance, else None."""
        if self._state is _State.SPEAKING and self._voiced_until == self._now:
            return self._utterance, self._revision
        return None

    def so_far(self, since: float) -> SpeechSegment:
        """What is heard of the utterance that is being spoken, from position ``since`` (s) on, with the pre-roll."""
        begin = self._now - len(self._frames)
        skip = max(0, round(since / self._frame_s) - begin)
        frames = list(itertools.islice(self._frames, min(skip, len(self._frames) - 1), None))
        return SpeechSegment(
            self._utterance,
            self._revision,
            np.concatenate([samples for samples, _ in frames]),
            self.position - len(frames) * self._frame_s,
            self.position,
            sum(self._strong(probability) for _, probability in frames) * self._frame_s,
            partial=True,
        )

    def push(self, samples: Int16, probability: float) -> list[SpeechFact]:
        """Take the next frame; the facts that it makes true, in order."""
        self._frames.append((samples, probability))
        self._now += 1
        self._voiced = probability >= (self._release if self._voiced else self._threshold)
        self._run = self._unbroken.push(voiced=probability >= self._release)
        self._longest_run = max(self._longest_run, self._run)
        strong = self._strong(probability)
        if self._state is _State.SPEAKING:
            if strong:
                self._voiced_until = self._now
            return self._speaking()
        return self._onset_step(strong) or self._end_if_due()

    def judge(self, utterance: int, revision: int, wait_ms: float) -> list[SpeechFact]:
        """Set how long to wait after the pause of that revision; stale judgements are ignored."""
        if (utterance, revision) != (self._utterance, self._revision) or self._state is not _State.PAUSED:
            return []
        self._wait = min(self._limits.max_wait, whole_frames(wait_ms, self._frame_s))
        return self._end_if_due()

    def _speaking(self) -> list[SpeechFact]:
        if len(self._frames) >= self._limits.longest:
            return self._cut()
        if not self._voiced and self._now - self._voiced_until >= self._limits.pause:
            return [self._pause()]
        if self._now - self._speaking_since == self._limits.sustained:
            return [SpeechSustained(self._utterance, self._revision, self.position)]
        return []

    def _onset_step(self, strong: bool) -> list[SpeechFact]:
        """Open, confirm or dismiss an onset."""
        if self._onset is None:
            if not self._voiced:
                return []
            self._onset, self._onset_t0 = self._now - 1, self._now
            self._onset_voice = self._onset_gap = 0
            self._grow()
        if strong:
            self._onset_t0 = self._now
        if self._voiced:
            self._onset_voice += 1
            self._onset_gap = 0
        else:
            self._onset_gap += 1
        if self._onset_voice >= self._limits.blip:
            return [self._confirm(self._onset)]
        if self._onset_gap > self._limits.gap:
            self._dismiss()
        return []

    def _grow(self) -> None:
        """Keep every frame from here on."""
        if self._frames.maxlen is not None:
            self._frames = deque([*self._frames])

    def _dismiss(self) -> None:
        self._onset = None
        if self._state is _State.IDLE:
            self._forget()

    def _forget(self) -> None:
        """Keep only the pre-roll."""
        self._frames = deque(self._frames, maxlen=self._limits.preroll)

    def _confirm(self, onset: int) -> SpeechFact:
        paused_for = (onset - self._voiced_until) * self._frame_s
        self._onset, self._voiced_until, self._wait = None, self._onset_t0, None
        resumed, self._state = self._state is _State.PAUSED, _State.SPEAKING
        self._speaking_since = onset
        if resumed:
            self._revision += 1
            return SpeechResumed(self._utterance, self._revision, paused_for, self.position)
        self._utterance, self._revision, self._started = next(self._numbers), 0, onset
        self._longest_run = self._run
        return SpeechStarted(self._utterance, onset * self._frame_s, self.position)

    def _cut(self) -> list[SpeechFact]:
        """End what has become too long at its best pause; what was said after it begins the next utterance."""
        frames = list(self._frames)
        search = min(len(frames) // 3, whole_frames(CUT_SEARCH_MS, self._frame_s))
        late = range(len(frames) - search, len(frames))
        # The last of equals: without any dip the cut is where the limit is.
        at = min(late, key=lambda index: (frames[index][1], -index)) + 1 if search else len(frames)
        kept, tail = frames[:at], frames[at:]
        silent = next((n for n, (_, p) in enumerate(reversed(kept)) if self._strong(p)), 0)
        self._frames, self._voiced_until = deque(kept), self._now - len(tail) - silent
        facts = [self._pause(), self._end()]
        voiced = [index for index, (_, probability) in enumerate(tail) if self._strong(probability)]
        if not voiced:
            self._frames.extend(tail)
            return facts
        self._frames = deque(tail)
        begin = self._now - len(tail)
        self._onset, self._onset_t0 = begin + voiced[0], begin + voiced[-1] + 1
        self._onset_voice, self._onset_gap = len(voiced), len(tail) - 1 - voiced[-1]
        return [*facts, self._confirm(self._onset)] if len(voiced) >= self._limits.blip else facts

    def _strong(self, probability: float) -> bool:
        return probability >= self._threshold

    def _pause(self) -> SpeechFact:
        self._state, self._paused_at = _State.PAUSED, self._now
        segment = SpeechSegment(
            self._utterance,
            self._revision,
            np.concatenate([samples for samples, _ in self._frames]),
            self._started * self._frame_s,
            self._voiced_until * self._frame_s,
            sum(self._strong(probability) for _, probability in self._frames) * self._frame_s,
            self._longest_run,
        )
        return SpeechPaused(segment, self.position)

    def _end_if_due(self) -> list[SpeechFact]:
        if self._state is not _State.PAUSED or self._onset is not None:
            return []
        wait = self._limits.max_wait if self._wait is None else self._wait
        return [self._end()] if self._now - self._voiced_until >= wait else []

    def _end(self) -> SpeechFact:
        self._state, self._wait = _State.IDLE, None
        # What was spoken is spoken: the next utterance must not hear it again in its pre-roll. But that may begin at
        # once, and sound before the detector sees it: the frames since the pause, which nobody has heard, are kept.
        unheard = self._now - self._paused_at
        self._frames = deque(list(self._frames)[-unheard:] if unheard else (), maxlen=self._limits.preroll)
        return SpeechEnded(self._utterance, self._revision, self._voiced_until * self._frame_s, self.position)
