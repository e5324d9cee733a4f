"""The ears of a conversation: everything that happens within one frame, synchronously.

``feed`` is the frame callback: detect, segment, hold or release the speaker, hand the pause to the recognizer and the
fact to the conversation, and let timers ring. It never waits, so nothing slower than a frame can stand in its way. A
room in which the microphone hears the speaker, without a canceller, is half-duplex: while Prism sounds, frames count
as silence, or it would interrupt itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.events import (
    Emit,
    SpeechEndedEvent,
    SpeechPausedEvent,
    SpeechResumedEvent,
    SpeechStartedEvent,
)
from stt import SpeechEnded, SpeechFact, SpeechPaused, SpeechResumed, SpeechStarted, SpeechSustained

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from pipeline.captions import Captions
    from pipeline.decodes import DecodeQueue
    from pipeline.playback import Playback
    from pipeline.wake import Wake
    from stt import Int16, Segmenter, VoiceDetector

ROOM_TAIL_S = 0.3
"""Seconds for which a room still carries the speaker's last sound to the microphone: device latency and echo."""
ECHO_S = 0.1
"""Seconds of it in which the last sound itself still arrives: not even the pre-roll may hold that."""


class Hearing:
    """One per conversation."""

    def __init__(
        self,
        detector: VoiceDetector,
        segmenter: Segmenter,
        playback: Playback,
        decodes: DecodeQueue,
        report: Callable[[SpeechFact], None],
        tell: tuple[Clock, Emit],
    ) -> None:
        """``report`` hands a fact to the conversation; it must not wait. ``tell``: the clock and who is told."""
        self._detector = detector
        self._segmenter = segmenter
        self._playback = playback
        self._decodes = decodes
        self._report = report
        self._clock, self._emit = tell
        self._silence = np.zeros(detector.frame_samples, np.int16)
        self.half_duplex = False
        """Whether to hear nothing while the assistant sounds."""
        self.captions: Captions | None = None
        self.wake: Wake | None = None
        self.shared_room = False
        """Whether the microphone may hear the loudspeaker."""

    @property
    def frame_samples(self) -> int:
        """Samples at 16 kHz that ``feed`` takes."""
        return self._detector.frame_samples

    @property
    def open(self) -> bool:
        """Whether an utterance or an undecided onset is open."""
        return self._segmenter.open

    def feed(self, samples: Int16) -> None:
        """Hear one frame."""
        silent_for = self._playback.silent_for() if self.half_duplex else ROOM_TAIL_S
        if silent_for < ECHO_S:
            samples = self._silence
        probability = self._detector.probability(samples)
        if silent_for < ROOM_TAIL_S:
            # No voice yet; but whoever answers at once has begun, and the pre-roll must hold the first word.
            probability = 0.0
        if self.wake is not None and not self.wake.listens(samples, self._segmenter.position):
            probability = 0.0
        facts = self._segmenter.push(samples, probability)
        for fact in facts:
            self._hold(fact)
        self._playback.onset(pending=self._segmenter.onset_pending)
        self._pass_on(facts)
        if self.captions is not None:
            self.captions.heard(self._segmenter)

    def judge(self, utterance: int, revision: int, wait_ms: float) -> None:
        """The transcript of that revision says how long to wait."""
        facts = self._segmenter.judge(utterance, revision, wait_ms)
        for fact in facts:
            self._hold(fact)
        self._pass_on(facts)

    def _hold(self, fact: SpeechFact) -> None:
        """Before any queue: whoever speaks is not spoken over."""
        match fact:
            case SpeechStarted():
                self._playback.hold(fact.utterance, 0)
            case SpeechResumed():
                self._playback.hold(fact.utterance, fact.revision)
                self._decodes.discard(fact.utterance)
            case SpeechPaused():
                self._decodes.offer(fact)
            case SpeechEnded():
                self._playback.release(fact.utterance)
            case SpeechSustained():
                pass

    def _pass_on(self, facts: list[SpeechFact]) -> None:
        # Told on the clock, not at the frame: a late judgement must not seem earlier than the transcript it judged.
        now = self._clock.now()
        for fact in facts:
            match fact:
                case SpeechStarted():
                    self._emit(SpeechStartedEvent(t=now, turn=fact.utterance, started_at=fact.started_at))
                case SpeechPaused(segment=segment):
                    self._emit(
                        SpeechPausedEvent(
                            t=now,
                            turn=segment.utterance,
                            revision=segment.revision,
                            voiced_until=segment.ended_at,
                        )
                    )
                case SpeechResumed():
                    self._emit(SpeechResumedEvent(t=now, turn=fact.utterance, revision=fact.revision))
                case SpeechEnded():
                    self._emit(
                        SpeechEndedEvent(
                            t=now, turn=fact.utterance, revision=fact.revision, voiced_until=fact.ended_at
                        )
                    )
            self._report(fact)
