"""The gate in front of the speaker: one predicate decides what may sound.

``audible = committed and no hold``. The onset of speech is a hold from the frame callback itself, before any queue; a
confirmed onset holds under the key of its (utterance, revision) until that revision is superseded, dismissed or its
utterance ends. The gate only pauses and resumes the sink, to the sample; it never drops anything. The turn that owns
the session opens it, commits it and ends it.

Whoever wants it (``barge_in.duck_db``) has a reply that already sounds go on softly under a voice, until words decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.events import Emit, PlaybackPaused, PlaybackResumed
from pipeline.sinks.base import Adjustable, Mixing, Stalling

if TYPE_CHECKING:
    from common.clock import Clock
    from pipeline.sinks.base import AudioSink
    from tts import SpeechChunk


class Playback:
    """One per conversation; one session at a time."""

    def __init__(self, sink: AudioSink, clock: Clock, emit: Emit, *, duck_db: float | None = None) -> None:
        """``duck_db``: how much softer a reply goes on under a voice; None pauses it."""
        self.sink = sink
        self._mixing = sink if isinstance(sink, Mixing) else None
        self._ducked = None if duck_db is None or self._mixing is None else 10 ** (-duck_db / 20)
        self._clock = clock
        self._emit = emit
        self._turn: int | None = None
        self._committed = False
        self._onset = False
        self._holds: set[tuple[int, int]] = set()
        self._sounding = False
        self._sounded_at = float("-inf")
        self.sink.pause()

    @property
    def audible(self) -> bool:
        """The predicate."""
        return self._committed and not self._onset and not self._holds

    @property
    def sounding(self) -> bool:
        """Whether a session has begun to sound and has not ended."""
        return self._sounding

    def silent_for(self) -> float:
        """Seconds since a session last sounded: since its end, or since a voice holds it silent; 0 while one sounds."""
        stalled = isinstance(self.sink, Stalling) and self.sink.stalled
        sounds = self._sounding and not stalled and not self.sink.paused
        return 0.0 if sounds else self._clock.now() - self._sounded_at

    def volume(self, level: float | None = None) -> float | None:
        """How loud the sink is (0 to 1), after setting it to ``level`` if that is given; None: it cannot be set."""
        if not isinstance(self.sink, Adjustable):
            return None
        if level is not None:
            self.sink.volume = level
        return self.sink.volume

    def open(self, turn: int) -> None:
        """Begin a session; nothing sounds before ``commit``."""
        self._turn, self._committed, self._sounding = turn, False, False
        self._apply()

    def commit(self) -> None:
        """From now on the session may sound."""
        self._committed = True
        self._apply()

    def started(self) -> None:
        """The first audible sample has left the device."""
        self._sounding = True

    def lay_over(self, sound: SpeechChunk) -> None:
        """Play a short sound over the reply that sounds; nothing where none does, or somebody speaks."""
        if self._sounding and self.audible and self._mixing is not None:
            import soxr

            samples = soxr.resample(sound.samples, sound.sample_rate, self.sink.sample_rate)
            self._mixing.overlay(samples.astype(np.int16))

    def end(self) -> int:
        """End the session; the samples of it that left the device. Twice is fine: 0."""
        if self._turn is None:
            return 0
        played = self.sink.abort()
        if self._sounding and not self.sink.paused:
            self._sounded_at = self._clock.now()
        self._turn, self._committed, self._sounding = None, False, False
        self.sink.pause()
        return played

    def onset(self, *, pending: bool) -> None:
        """Say whether there is voice that is not yet decided."""
        if pending != self._onset:
            self._onset = pending
            self._apply()

    def hold(self, utterance: int, revision: int) -> None:
        """The user speaks: confirmed speech of that revision."""
        self._holds = {(u, r) for u, r in self._holds if u != utterance} | {(utterance, revision)}
        self._apply()

    def dismiss(self, utterance: int, revision: int) -> None:
        """That revision was nothing; a later one of the same utterance still holds."""
        self._holds.discard((utterance, revision))
        self._apply()

    def release(self, utterance: int) -> None:
        """That utterance is over."""
        self._holds = {(u, r) for u, r in self._holds if u != utterance}
        self._apply()

    def _apply(self) -> None:
        was = self.sink.paused
        under = self._ducked is not None and self._sounding and self._committed
        if self._mixing is not None and self._ducked is not None:
            self._mixing.duck(1.0 if self.audible or not under else self._ducked)
        if self.audible or under:
            self.sink.resume()
        else:
            self.sink.pause()
        if self._sounding and self.sink.paused != was:
            self._sounded_at = self._clock.now()
            event = PlaybackPaused if self.sink.paused else PlaybackResumed
            self._emit(event(t=self._clock.now(), turn=self._turn))
