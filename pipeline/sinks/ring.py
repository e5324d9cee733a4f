"""What a loudspeaker plays next, and what of it has been heard: no device, no clock, no waiting.

``PlaybackRing`` stands between a conversation, which writes, pauses and aborts at any moment, and an audio callback,
which takes block after block and must always get one. Time is an argument: each block is taken with the time at which
its first sample will be heard, so that *heard* means out of the loudspeaker and not merely handed to the device.

* A **session** is what is played for one turn: it begins with the first write and ends with ``abort``. Its samples are
  counted from 0 and each is played once. Silence between them (paused, nothing written yet) counts for nothing.
* **Pause** belongs to the loudspeaker, not to the session: a hold that was set before the first write, or that outlives
  an abort, still holds.
* **Rewind**: a device that is lost takes with it what it had taken and not yet played. That goes back to the front of
  the queue and is played by the next device, so that nothing is missing and nothing counts twice.
* **Fades**: sound that is cut or taken up again in its middle is faded over ``fade`` samples, else it clicks. A pause
  fades the samples that it plays last, a resume those that come next: none is lost, none is played twice. After an
  abort a faded rest is still played, and belongs to nobody.

The callback's thread and the event loop share it: each method holds the lock for some microseconds.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.sinks.mixer import Mixer

if TYPE_CHECKING:
    from tts import Int16

FADE_S = 0.005
"""Seconds; short enough not to be heard as a fade, long enough not to be heard as a click."""
KEPT_S = 2.0
"""Seconds of taken samples that can be given back: more than any device holds."""


@dataclass(frozen=True, slots=True)
class Played:
    """Samples of the session that were taken in one block."""

    first: int
    """Number of the first one in the session."""
    count: int
    heard_at: float
    """When the first one is heard, seconds."""


class PlaybackRing:
    """Mono int16 samples at ``rate`` Hz."""

    def __init__(self, rate: int, volume: float = 1.0) -> None:
        """``volume``: 0 to 1."""
        self._lock = threading.Lock()
        self._mixer = Mixer(rate, volume)
        self._rate = rate
        self._fade = max(1, round(FADE_S * rate))
        self._volume = self._fade  # 0 silent ... self._fade full: where a fade stands
        self._paused = False
        self._sounding = False  # the last sample taken was one of a session
        self._rest: Int16 = np.zeros(0, np.int16)  # of an aborted session, faded already
        self._clear()
        self.session = 0
        """Sessions that have ended."""
        self.gaps = 0
        """Times that a session ran dry before its next write came."""

    def _clear(self) -> None:
        self._active = False
        self._ran_dry = False
        self._chunks: deque[Int16] = deque()
        self._queued = 0
        self._taken = 0
        self._history: list[Played] = []
        self._recent: deque[Int16] = deque()  # the last samples taken
        self._kept = 0  # how many those are

    def __repr__(self) -> str:
        state = "paused" if self._paused else "playing"
        return f"<PlaybackRing {state}, {self._taken} samples taken, {self._queued} queued>"

    @property
    def paused(self) -> bool:
        """Whether a pause is in force."""
        return self._paused

    @property
    def queued(self) -> int:
        """Samples written and not yet taken."""
        return self._queued

    @property
    def expected(self) -> bool:
        """True when the next block should hold sound."""
        return self._queued > 0 and not self._paused

    @property
    def idle(self) -> bool:
        """True when ``take`` would give silence and change nothing: no session, and no rest of the last one."""
        return not (self._active or self._sounding or len(self._rest)) and self._mixer.idle

    @property
    def volume(self) -> float:
        """Share of full loudness, 0 to 1."""
        return self._mixer.volume

    @volume.setter
    def volume(self, level: float) -> None:
        with self._lock:
            self._mixer.volume = level

    def write(self, samples: Int16) -> None:
        """Queue samples; the first write begins a session."""
        with self._lock:
            self._active = True
            if len(samples):
                self.gaps += self._ran_dry
                self._ran_dry = False
                self._chunks.append(samples)
                self._queued += len(samples)

    def pause(self) -> None:
        """Be silent from the next sample on, but for the fade of what is sounding. Twice is fine."""
        with self._lock:
            self._paused = True
            self._mixer.hush()
            if not self._sounding:
                self._volume = 0

    def resume(self) -> None:
        """Go on with the very next sample. Twice is fine."""
        with self._lock:
            self._paused = False

    def duck(self, gain: float) -> None:
        """Let speech be softer from now on (0 to 1); 1 is as it was."""
        with self._lock:
            self._mixer.duck(gain)

    def overlay(self, sound: Int16) -> None:
        """Lay a short sound over whatever is played from now on; a pause ends it, and no count knows of it."""
        with self._lock:
            self._mixer.add(sound)

    def take(self, count: int, heard_at: float) -> Int16:
        """The next ``count`` samples for the device, the first of which is heard at ``heard_at`` (s)."""
        with self._lock:
            block = np.zeros(count, np.int16)
            rest, self._rest = self._rest[:count], self._rest[count:]
            block[: len(rest)] = rest
            start = len(rest)
            wanted = min(count - start, self._volume) if self._paused else count - start
            sound = self._pop(wanted)
            end = start + len(sound)
            block[start:end] = self._faded(sound)
            if len(sound):
                self._history.append(Played(self._taken, len(sound), heard_at + start / self._rate))
                self._taken += len(sound)
                self._keep(sound)
            self._sounding = end == count and len(sound) > 0
            if self._paused and not self._sounding:
                self._volume = 0
            elif not self._paused and self._active and end < count:
                self._ran_dry = self._taken > 0
            return self._mixer.mix(block)

    def abort(self, now: float) -> int:
        """End the session and drop what is queued; the samples of it that have been heard by ``now`` (s)."""
        with self._lock:
            heard = self._heard(now)
            self._mixer.duck(1.0)
            if self._sounding:
                self._paused, paused = True, self._paused
                self._rest = self._faded(self._pop(self._volume))
                self._paused = paused
            self._sounding = False
            self._volume = 0 if self._paused else self._fade
            self._clear()
            self.session += 1
            return heard

    def rewind(self, at: float) -> int:
        """Take back what was taken but not heard by ``at`` (s): it comes next. How many samples those are."""
        with self._lock:
            heard = self._heard(at)
            back = min(self._taken - heard, self._kept)
            if back:
                kept = np.concatenate(self._recent)
                self._chunks.appendleft(kept[len(kept) - back :])
                self._queued += back
                self._taken -= back
                self._forget(self._taken)
                self._recent, self._kept = deque([kept[: len(kept) - back]]), len(kept) - back
                self._volume = 0
            self._rest = np.zeros(0, np.int16)
            self._sounding = False
            return back

    def heard(self, now: float) -> int:
        """Samples of the session that have been heard by ``now`` (s)."""
        with self._lock:
            return self._heard(now)

    def heard_at(self, sample: int) -> float | None:
        """When that sample of the session is or was heard, seconds; None before it has been taken."""
        with self._lock:
            place = bisect_right(self._history, sample, key=lambda played: played.first) - 1
            if place < 0 or sample >= self._taken:
                return None
            played = self._history[place]
            return played.heard_at + (sample - played.first) / self._rate

    @property
    def finished_at(self) -> float | None:
        """When the last sample written has been heard, seconds; None while some are queued. Minus infinity: nothing."""
        with self._lock:
            if self._queued:
                return None
            if not self._history:
                return float("-inf")
            last = self._history[-1]
            return last.heard_at + last.count / self._rate

    def _heard(self, now: float) -> int:
        for played in reversed(self._history):
            if now >= played.heard_at:
                return played.first + min(played.count, int((now - played.heard_at) * self._rate + 1e-6))
        return 0

    def _keep(self, sound: Int16) -> None:
        self._recent.append(sound)
        self._kept += len(sound)
        while self._kept - len(self._recent[0]) >= KEPT_S * self._rate:
            self._kept -= len(self._recent.popleft())

    def _forget(self, sample: int) -> None:
        """Let the history end before that sample."""
        while self._history and self._history[-1].first >= sample:
            self._history.pop()
        if self._history:
            last = self._history[-1]
            self._history[-1] = Played(last.first, min(last.count, sample - last.first), last.heard_at)

    def _pop(self, wanted: int) -> Int16:
        """At most ``wanted`` samples from the front of the queue."""
        parts: list[Int16] = []
        while wanted > 0 and self._chunks:
            chunk = self._chunks.popleft()
            if len(chunk) > wanted:
                self._chunks.appendleft(chunk[wanted:])
                chunk = chunk[:wanted]
            parts.append(chunk)
            wanted -= len(chunk)
            self._queued -= len(chunk)
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def _faded(self, sound: Int16) -> Int16:
        """``sound`` at the volume that the state of pause asks for; moves the volume on."""
        step = -1 if self._paused else 1
        if self._paused or self._volume < self._fade:
            steps = np.clip(self._volume + step * np.arange(1, len(sound) + 1), 0, self._fade)
            if len(steps):
                self._volume = int(steps[-1])
            return (sound * (steps / self._fade)).astype(np.int16)
        return sound
