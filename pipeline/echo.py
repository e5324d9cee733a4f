"""The echo canceller: the assistant's own voice is taken out of what the microphone hears.

``EchoCanceller`` stands between the microphone and the voice detector. It runs only while the loudspeaker sounds and
for a tail after it; otherwise frames pass untouched and undelayed. Its two sides are frames of 10 ms at 16 kHz: the
near end is cut from the detector's frames, the far end is read from the ``Reference`` at the time of the near end.
Where the detector's frames are no multiple of 10 ms, re-blocking costs the least delay that can be (8 ms for Silero's
512 samples), and only while it runs; the hand-over between the two is a cross-fade of one frame.

The filter itself is a ``Cleaner``. ``WebRtcCleaner`` is WebRTC's audio processing from the package ``livekit``, loaded
when it is made; it finds the delay of the room by itself.
"""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from common.audio_host import AudioBackendMissing
from pipeline.duplex import INSTALL
from pipeline.leak import Leak
from pipeline.reference import Reference, Timebase
from stt import SAMPLE_RATE

if TYPE_CHECKING:
    from stt import AudioFrame, Int16

BLOCK = 160
"""Samples of 10 ms at 16 kHz: what WebRTC works on."""
LEAD_S = 0.01
"""Seconds by which the far end is read ahead: the filter cannot cancel what it is told too late. Devices tell of their
sound some 30 ms before it is heard; the resampler keeps 20 of them."""
TAIL_S = 0.4
"""Seconds for which a room still sounds, and for which times may be reported wrong."""
AUDIBLE = 30
"""Amplitude (-60 dBFS) from which a block of the far end is something to learn from."""
LEARNING_S = 2.0
"""Seconds of sound after which the filter is trusted: trials with a loop-back needed up to two."""
OFF_S = 0.05
"""Seconds by which the far end may be off what the clocks report before it is taken up anew. Reports wander by 20 ms,
and every change costs the filter a second in which it lets echo through."""
SHORT_FRAMES = 8
"""Frames in a row that lack a part of their far end before it is read later: one late block is not worth a change."""
LEAKING, LOST = 2, 4
"""Frames in a row that resemble what was played at one delay, from which they are muted, and from which the filter is
not trusted until it has found the room again. Where the delay was made to jump, echoes did so for 10 to 40 frames;
of 72 people who cut in, none for two. One frame alone resembles anything at times."""
LOST_LIKE = 0.28
"""Likeness of the last of them that a lost room has. Echoes whose delay had jumped rose to 0.3 to 0.9."""
RECOVERY_S, REPAIR_S = 1.2, 0.5
"""Seconds of sound after which the filter is trusted again when it had lost the room, and when a block of the
loudspeaker came too late and both sides were put together again by reported times alone."""
ONE_S, CALM_S, MOST_DOUBT_S = 0.35, 2.0, 4.0
"""Seconds of sound within which all reasons for doubt are one and the same, and within which another one doubles the
doubt, and the most that it comes to. A leak and a stall are noticed in several frames in a row. On a machine with nine
times more work than cores, a device gave 90 reasons in a minute."""
LOCATED, CLEAR, HEARD_S = 3, 0.5, 0.2
"""Frames in a row that the raw echo follows at one delay, their likeness, and the seconds of sound since a move, from
which that delay is believed. After less sound the pitch of a voice is its own echo; in a room with more reverberation
than direct sound no delay is clear, and what was taken for one was wrong."""
SEEK_S = 0.3
"""Seconds of sound after which an echo that was clear and is not found is sought no more: somebody speaks over it."""
SETTLE_S = 0.5
"""Seconds of sound after which the filter is trusted again when both sides are as they were, to the sample. At 0 dB
0.2 was too soon."""
CAPTURE_JUMP_S = 0.1
"""A microphone whose block comes so much off its time has lost or gained samples. Seconds."""


class Cleaner(Protocol):
    """An adaptive filter on blocks of ``BLOCK`` samples."""

    def clean(self, near: Int16, far: Int16) -> Int16:
        """``near`` without what it holds of ``far``."""


def canceller_installed() -> bool:
    """Whether the canceller's library is there; does not load it."""
    return importlib.util.find_spec("livekit") is not None


class WebRtcCleaner:
    """WebRTC's echo canceller (AEC3), noise suppressor and high-pass filter."""

    def __init__(self) -> None:
        """Takes about 0.2 s the first time. Raises AudioBackendMissing."""
        try:
            from livekit import rtc
        except (ImportError, OSError) as error:
            raise AudioBackendMissing(
                f"the echo canceller is not installed; get it with: {INSTALL}"
            ) from error
        self._frame = rtc.AudioFrame
        self._processing = rtc.AudioProcessingModule(
            echo_cancellation=True, noise_suppression=True, high_pass_filter=True
        )

    def clean(self, near: Int16, far: Int16) -> Int16:
        """Works in place on copies: 0.1 to 0.4 ms."""
        self._processing.process_reverse_stream(self._frame(far.tobytes(), SAMPLE_RATE, 1, BLOCK))
        frame = self._frame(near.tobytes(), SAMPLE_RATE, 1, BLOCK)
        self._processing.process_stream(frame)
        return np.frombuffer(frame.data, np.int16)


class EchoCanceller:
    """One per conversation, for frames of ``size`` samples at 16 kHz."""

    def __init__(self, cleaner: Cleaner, reference: Reference, size: int) -> None:
        self._cleaner = cleaner
        self._reference = reference
        self._size = size
        self._hold = BLOCK - math.gcd(size, BLOCK) if size % BLOCK else 0
        self._captured = Timebase(SAMPLE_RATE)
        self._last = np.zeros(size, np.int16)
        self._near = np.zeros(0, np.int16)  # not yet a whole block
        self._cleaned = np.zeros(0, np.int16)  # not yet a whole frame
        self._stream = 0
        self._leak = Leak()
        self._echo = Leak()  # all of it, before the filter
        self._behind: int | None = None  # samples by which it follows the far end, where that is clear
        self._astray = False  # the far end of a frame is not known: nothing to learn from
        self._sought = 0  # samples of sound since then
        self._lag = 0  # from the microphone's count to the reference's
        self._settled = False  # the lag is kept
        self._learned = 0  # samples
        self._shorts = 0  # frames in a row that lacked a part of their far end
        self._moves = 0  # of the reference's blocks
        self._doubt_s = 0.0  # of the last reason to distrust
        self._calm = 0  # samples of sound since then
        self.running = False
        """Whether the last frame was cleaned."""
        self.slips = 0
        """Times that the far end had to be taken up anew."""

    def __repr__(self) -> str:
        return f"<EchoCanceller {'running' if self.running else 'resting'}, {self.learned_s:.1f} s learned>"

    @property
    def delay_s(self) -> float:
        """Seconds by which re-blocking delays what is heard while it runs."""
        return self._hold / SAMPLE_RATE

    @property
    def learned_s(self) -> float:
        """Seconds of sound that the filter has learned from."""
        return max(0, self._learned) / SAMPLE_RATE

    @property
    def ready(self) -> bool:
        """Whether the filter has learned enough to be trusted."""
        return self.learned_s >= LEARNING_S and self._reference.sure

    def clean(self, frame: AudioFrame) -> Int16:
        """The frame's samples without the loudspeaker's."""
        start = self._placed(frame)
        self._reference.follow()
        self._align(start)
        # What cannot be placed is nothing to learn from: the filter rests, the ears are deaf, and it stays as it was.
        sounds = self._reference.sounds_within(start - TAIL_S, start + frame.duration + LEAD_S)
        if sounds:
            self._locate(frame.samples)
        wanted = sounds and not self._astray
        samples = frame.samples
        if wanted or self.running:
            samples = self._handed_over(samples, wanted=wanted)
        self._last = frame.samples
        return samples

    def _placed(self, frame: AudioFrame) -> float:
        """When the first sample of the frame was taken, seconds."""
        at = frame.captured_at - frame.duration
        if abs(self._captured.off(at)) > CAPTURE_JUMP_S:
            self._captured, self._stream = Timebase(SAMPLE_RATE), 0
        self._captured.add(len(frame.samples), at)
        return self._captured.time(self._captured.count - len(frame.samples))

    def _handed_over(self, samples: Int16, *, wanted: bool) -> Int16:
        """Cleaned samples; in the first and the last frame a mixture of them and the untouched ones."""
        if not self.running:
            self._near, self._cleaned = self._last[len(self._last) - self._hold :], np.zeros(0, np.int16)
            self._leak.clear()
        cleaned = self._through(samples)
        if wanted and self.running:
            return cleaned
        rising = np.linspace(0.0, 1.0, len(samples), endpoint=False)
        share = rising if wanted else 1.0 - rising
        self.running = wanted
        return (share * cleaned + (1.0 - share) * samples).astype(np.int16)

    def _through(self, samples: Int16) -> Int16:
        """One frame's worth through the filter."""
        first = self._captured.count - len(samples) - len(self._near)
        near = np.concatenate((self._near, samples))
        whole = len(near) // BLOCK * BLOCK
        far = self._reference.read(first + self._lag, whole)
        blocks = zip(near[:whole].reshape(-1, BLOCK), far.reshape(-1, BLOCK), strict=True)
        fresh = np.concatenate([self._cleaner.clean(here, there) for here, there in blocks] or [near[:0]])
        cleaned = np.concatenate((self._cleaned, fresh))
        sound = int(np.count_nonzero(np.abs(far.reshape(-1, BLOCK)).max(axis=1) >= AUDIBLE)) * BLOCK
        self._learned += sound
        self._calm += sound
        self._settled |= sound > 0
        self._near, self._cleaned = near[whole:], cleaned[self._size :]
        leaks = self._leaks(fresh, far)
        return np.zeros_like(cleaned[: self._size]) if leaks else cleaned[: self._size]

    def _leaks(self, cleaned: Int16, far: Int16) -> bool:
        """Whether the filter lets an echo through; where that is certain, it has lost the room."""
        alike = self._leak.likeness(cleaned, far)
        if alike.frames >= LOST and alike.value >= LOST_LIKE:
            self._distrust(RECOVERY_S)
        return alike.frames >= LEAKING

    def _align(self, time: float) -> None:
        """Settle the distance between the counts of both sides; the frame's first sample was taken at ``time`` (s).

        It follows the clocks until the filter has something to learn, and is kept from then on, while it rests too: it
        shall find the room as it left it.
        """
        reference = self._reference
        first = self._captured.count - self._size
        due = reference.sample(time + LEAD_S) - first
        if self._stream != reference.streams or abs(due - self._lag) > OFF_S * SAMPLE_RATE:
            self._stream, self._lag, self._settled = reference.streams, due, False
            self._astray, self._behind = False, None
            self._echo.clear()
            self._distrust(LEARNING_S)
        elif not self._settled:
            self._lag = due
        if self._moves != reference.moves or not reference.sure:
            self._moves = reference.moves
            self._astray, self._sought = True, 0
            self._echo.clear()
            self._distrust(REPAIR_S if self._behind is None else SETTLE_S)
        short = first + self._size + self._lag - reference.end
        self._shorts = self._shorts + 1 if self.running and short > 0 else 0
        if self._shorts >= SHORT_FRAMES:
            self._lag -= short
            self._behind = None
            self._echo.clear()
            self._distrust(REPAIR_S)

    def _locate(self, near: Int16) -> None:
        """Hear by how much the echo follows the far end; where that may have changed, read it so that it is as before.

        Reported times jitter by some milliseconds, and a far end that is moved by them is so much off what the filter
        has learned: it then lets echo through for a second. The echo itself says it to the sample.
        """
        first = self._captured.count - self._size + self._lag
        if not self._reference.sure or (self._astray and first < self._reference.moved):
            return
        far = self._reference.read(first, self._size)
        self._sought += self._size if np.abs(far).max() >= AUDIBLE else 0
        alike = self._echo.likeness(near, far)
        if alike.frames >= LOCATED and alike.value >= CLEAR and self._sought >= HEARD_S * SAMPLE_RATE:
            self._located(alike.delay)
        elif self._astray and (self._behind is None or self._sought >= SEEK_S * SAMPLE_RATE):
            self._astray = False
            self._behind = None

    def _located(self, behind: int) -> None:
        if self._astray and self._behind is not None:
            self._lag += self._behind - behind
            self._echo.clear()
        else:
            self._behind = behind
        self._astray = False

    def _distrust(self, seconds: float) -> None:
        """Trust the filter again after so many seconds of sound; after more, where that was said not long before."""
        self.slips += self.ready
        calm_s = self._calm / SAMPLE_RATE
        before = 0.0 if calm_s >= CALM_S else self._doubt_s if calm_s < ONE_S else 2 * self._doubt_s
        self._doubt_s = max(seconds, min(MOST_DOUBT_S, before))
        self._learned = min(self._learned, round((LEARNING_S - self._doubt_s) * SAMPLE_RATE))
        self._shorts = self._calm = 0
