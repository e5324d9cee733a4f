"""What the loudspeaker plays, by the time at which it is heard, at 16 kHz: the far end of an echo canceller.

The audio callback hands over each block that it took (``tap``: it only appends, a real-time thread must never wait);
everything else happens on the event loop, when a microphone frame asks for its stretch of time. Reported times jitter
by some milliseconds and must not tear the sound, so blocks that follow each other are one stream whose origin is an
average; only a real gap is filled with silence, and only a jump begins anew.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from stt import SAMPLE_RATE

if TYPE_CHECKING:
    from stt import Int16

BLOCKS = 1024
"""Blocks that the callback may be ahead of the reader: about 10 s. Older ones are dropped."""
KEPT_S = 3.0
"""Seconds that stay readable."""
JUMP_S = 0.05
"""Seconds by which a block's time may differ from its place in the stream: the reports of sound servers jitter."""
LONGEST_GAP_S = 1.0
"""Silence up to this long is filled in; after a longer one the stream begins anew."""
MEMORY = 50
"""Blocks over which the stream's origin is averaged."""


class Timebase:
    """Where on the machine's clock each sample of a stream lies, from block times that jitter. Pure."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._origin = 0.0
        self._seen = 0
        self.count = 0
        """Samples so far."""

    def off(self, at: float) -> float:
        """Seconds by which a block that begins at ``at`` would be late (positive) or early; 0 for the first."""
        return at - self.time(self.count) if self._seen else 0.0

    def add(self, samples: int, at: float) -> None:
        """Append a block of so many samples that begins at ``at`` (s)."""
        if not self._seen:
            self._origin = at
        else:
            self._origin += self.off(at) / min(self._seen + 1, MEMORY)
        self._seen += 1
        self.count += samples

    def fill(self, samples: int) -> None:
        """Append samples of which no time is known."""
        self.count += samples

    def time(self, sample: int) -> float:
        """When that sample is, seconds."""
        return self._origin + sample / self._rate

    def sample(self, time: float) -> int:
        """The number of the sample at ``time`` (s)."""
        return round((time - self._origin) * self._rate)


class Reference:
    """One per loudspeaker. ``tap`` belongs to the audio thread, the rest to the event loop."""

    def __init__(self) -> None:
        self._taken: deque[tuple[Int16, int, float]] = deque(maxlen=BLOCKS)
        self._rate = 0
        self._base: Timebase | None = None
        self._resampler: Any = None
        self._samples = np.zeros(0, np.int16)
        self._first = 0  # number of the first sample kept, at 16 kHz
        self.sounds_from = float("inf")
        """When the first sound of this stream is heard, seconds."""
        self.sounds_until = float("-inf")
        """When the last sound so far ends, seconds."""
        self.streams = 0
        """Times that the stream began."""

    def __repr__(self) -> str:
        return f"<Reference stream {self.streams}, {len(self._samples)} samples from {self._first}>"

    def tap(self, block: Int16, rate: int, heard_at: float) -> None:
        """Note a block that the device took: its samples at ``rate`` Hz, the first heard at ``heard_at`` (s).

        The block must not be written to any more. May be called from any thread; never waits.
        """
        self._taken.append((block, rate, heard_at))

    def follow(self) -> None:
        """Take in what the device has taken since."""
        while self._taken:
            self._append(*self._taken.popleft())

    @property
    def end(self) -> int:
        """The number after the last sample that can be read."""
        return self._first + len(self._samples)

    def sounds_within(self, start: float, end: float) -> bool:
        """Whether there is any sound between two moments, seconds."""
        return self.sounds_from < end and self.sounds_until > start

    def sample(self, time: float) -> int:
        """The number of the sample that is heard at ``time`` (s); 0 without a stream."""
        return round((time - self._base.time(0)) * SAMPLE_RATE) if self._base else 0

    def read(self, first: int, count: int) -> Int16:
        """``count`` samples at 16 kHz from number ``first`` on; silence where nothing is known."""
        found = np.zeros(count, np.int16)
        start, end = max(first, self._first), min(first + count, self.end)
        if end > start:
            found[start - first : end - first] = self._samples[start - self._first : end - self._first]
        return found

    def _append(self, block: Int16, rate: int, at: float) -> None:
        sounds = bool(block.any())
        if not sounds and (self._base is None or at > self.sounds_until + LONGEST_GAP_S):
            self._base = None
            return
        base = self._base
        late = base.off(at) if base else 0.0
        if base is None or rate != self._rate or not -JUMP_S <= late <= LONGEST_GAP_S:
            base = self._begin(rate)
        elif late > JUMP_S:
            gap = round(late * rate)
            base.fill(gap)
            self._keep(np.zeros(gap, np.int16))
        start = base.time(base.count) if base.count else at
        base.add(len(block), at)
        if sounds:
            self.sounds_from = min(self.sounds_from, start)
            self.sounds_until = start + len(block) / rate
        self._keep(block)

    def _begin(self, rate: int) -> Timebase:
        self._rate = rate
        self._base = Timebase(rate)
        self._resampler = None
        if rate != SAMPLE_RATE:
            import soxr

            # LQ: its output is 20 ms behind its input, that of HQ 40; both reject aliases to the last bit.
            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="LQ")
        self._samples, self._first = np.zeros(0, np.int16), 0
        self.sounds_from = float("inf")
        self.streams += 1
        return self._base

    def _keep(self, block: Int16) -> None:
        new = block if self._resampler is None else self._resampler.resample_chunk(block)
        self._samples = np.concatenate((self._samples, new))
        spare = len(self._samples) - round(KEPT_S * SAMPLE_RATE)
        if spare > 0:
            self._samples = self._samples[spare:]
            self._first += spare
