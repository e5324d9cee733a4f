"""What the loudspeaker plays, by the time at which it is heard, at 16 kHz: the far end of an echo canceller.

The audio callback hands over each block that it took (``tap``: it only appends, a real-time thread must never wait);
everything else happens on the event loop, when a microphone frame asks for its stretch of time. Reported times jitter
by some milliseconds and must not tear the sound, so blocks that follow each other are one stream whose origin is an
average. A device that ran dry for a moment is late from then on: when several blocks in a row agree on by how much,
they are moved to where they were heard, with silence before them. A single block decides only over a long gap, and only
a jump begins anew.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from stt import SAMPLE_RATE

if TYPE_CHECKING:
    from stt import Int16

BLOCKS = 1024
"""Blocks that the callback may be ahead of the reader: at least 10 s. Older ones are dropped."""
KEPT_S = 1.0
"""Seconds that stay readable: more than a microphone's frame can be late."""
JUMP_S = 0.25
"""Seconds by which one block's time may differ from its place in the stream."""
AGREEING = 8
"""Blocks in a row that must agree before they are moved: 0.12 s of a speaker's."""
LEAST_MOVE_S = 0.015
"""Seconds; also, blocks must differ from their place by more than among themselves. A busy sound server reported 28,
27, 28 ms for seconds, then 94, 47, 174, and -59 for seconds; one at leisure wanders by 20 ms."""
PULL_S = 0.005
"""Seconds by which a single block may pull the average: what is far off is moved, not averaged."""
UNSURE_S = 0.04
"""Seconds by which the last AGREEING blocks may be off while their place is trusted."""
LONGEST_GAP_S = 1.0
"""Silence up to this long is filled in; after a longer one the stream begins anew."""
RESTS_S = KEPT_S + 0.5
"""Seconds of silence after which samples are only counted; the resampler holds none of the sound any more."""
SILENCE = np.zeros(round(KEPT_S * SAMPLE_RATE), np.int16)
CLOSE_S = 0.1
"""Seconds between two sounds that are noted as one."""
FAINT = 10
"""Amplitude (-70 dBFS) below which a block is silence: engines and resamplers leave some digits of noise."""
MEMORY = 200
"""Blocks over which the stream's origin is averaged: some seconds."""


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

    def add(self, samples: int, at: float, most: float = float("inf")) -> None:
        """Append a block of so many samples that begins at ``at`` (s); it counts for no more than ``most`` seconds."""
        if not self._seen:
            self._origin = at
        else:
            self._origin += min(most, max(-most, self.off(at))) / min(self._seen + 1, MEMORY)
        self._seen += 1
        self.count += samples

    def skip(self, samples: int) -> None:
        """Go on after a gap of so many samples."""
        self.count += samples

    def time(self, sample: int) -> float:
        """When that sample is, seconds."""
        return self._origin + sample / self._rate


class Reference:
    """One per loudspeaker. ``tap`` belongs to the audio thread, the rest to the event loop."""

    def __init__(self) -> None:
        self._taken: deque[tuple[Int16, int, float]] = deque(maxlen=BLOCKS)
        self._rate = 0
        self._base = Timebase(SAMPLE_RATE)
        self._resampler: Any = None
        self._samples = np.zeros(0, np.int16)
        self._first = 0  # number of the first sample kept, at 16 kHz
        self._silent_s = 0.0  # at the end of what is known
        self._sounds: deque[tuple[float, float]] = deque()  # stretches of sound, seconds
        self._late: deque[tuple[float, int]] = deque(
            maxlen=AGREEING
        )  # the last blocks: s off, samples at 16 kHz
        self.streams = 0
        """Times that the stream began."""
        self.moves = 0
        """Times that blocks were moved within it."""
        self.moved = 0
        """The number of the first sample that was moved last."""

    def __repr__(self) -> str:
        return f"<Reference stream {self.streams}, samples {self._first} to {self.end}>"

    @property
    def sure(self) -> bool:
        """Whether the last blocks were where they should be."""
        return all(abs(late) <= UNSURE_S for late, _ in self._late)

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
        """The number after the last sample that can be read, at 16 kHz."""
        return self._first + len(self._samples)

    def sounds_within(self, start: float, end: float) -> bool:
        """Whether there is any sound between two moments, seconds; asked for later and later ones."""
        while self._sounds and self._sounds[0][1] <= start:
            self._sounds.popleft()
        return bool(self._sounds) and self._sounds[0][0] < end

    def sample(self, time: float) -> int:
        """The number of the sample that is heard at ``time`` (s), at 16 kHz."""
        return round((time - self._base.time(0)) * SAMPLE_RATE)

    def read(self, first: int, count: int) -> Int16:
        """``count`` samples at 16 kHz from number ``first`` on; silence where nothing is known."""
        found = np.zeros(count, np.int16)
        start, end = max(first, self._first), min(first + count, self.end)
        if end > start:
            found[start - first : end - first] = self._samples[start - self._first : end - self._first]
        return found

    def _append(self, block: Int16, rate: int, at: float) -> None:
        late = self._base.off(at)
        if rate != self._rate or not -JUMP_S <= late <= LONGEST_GAP_S:
            self._begin(rate)
        elif late > JUMP_S:
            gap = round(late * rate)
            self._base.skip(gap)
            self._keep(np.zeros(gap, np.int16))
            self._late.clear()
        start = self._base.time(self._base.count) if self._base.count else at
        late = self._base.off(at)
        self._base.add(len(block), at, PULL_S)
        if block.max(initial=0) >= FAINT:
            self._note_sound(start, start + len(block) / rate)
            if self._silent_s >= RESTS_S:
                self._resampler = self._new_resampler()
            self._silent_s = 0.0
        else:
            self._silent_s += len(block) / rate
        before = self.end
        if self._silent_s >= RESTS_S:
            self._rest()
        else:
            self._keep(block)
        self._late.append((late, self.end - before))
        self._move_if_agreed()

    def _rest(self) -> None:
        """Only count: all that can be read is silence. A loudspeaker is silent most of the time."""
        self._samples = SILENCE
        self._first = round(self._base.count * SAMPLE_RATE / self._rate) - len(SILENCE)

    def _move_if_agreed(self) -> None:
        """Put the last blocks where their times say that they were heard, if they say so with one voice."""
        times = sorted(late for late, _ in self._late)
        off = times[len(times) // 2]
        if len(times) < AGREEING or abs(off) < max(LEAST_MOVE_S, times[-1] - times[0]):
            return
        move = round(off * SAMPLE_RATE)
        at = max(0, len(self._samples) - sum(count for _, count in self._late))
        before, moved = self._samples[:at], self._samples[at:]
        less = min(max(0, -move), len(before))
        gap = np.zeros(max(0, move), np.int16)
        self._samples = np.concatenate((before[: len(before) - less], gap, moved))
        self._first -= max(0, -move) - less
        self.moved = self.end - len(moved)
        self._base.skip(round(off * self._rate))
        self._late.clear()
        self.moves += 1

    def _note_sound(self, start: float, end: float) -> None:
        if self._sounds and start - self._sounds[-1][1] < CLOSE_S:
            start = self._sounds.pop()[0]
        self._sounds.append((start, end))

    def _begin(self, rate: int) -> None:
        self._rate = rate
        self._base = Timebase(rate)
        self._resampler = self._new_resampler()
        self._silent_s = 0.0
        self._samples, self._first = np.zeros(0, np.int16), 0
        self._late.clear()
        self.moved = 0
        self.streams += 1

    def _new_resampler(self) -> Any:  # noqa: ANN401  # the library has no types
        if self._rate == SAMPLE_RATE:
            return None
        import soxr

        # LQ: its output is 20 ms behind its input, that of HQ 40; both reject aliases to the last bit. In floats: for
        # integers soxr adds noise, another each time, and the same sound shall be the same far end.
        return soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32", quality="LQ")

    def _keep(self, block: Int16) -> None:
        new = block
        if self._resampler is not None:
            exact = self._resampler.resample_chunk(block.astype(np.float32))
            new = np.clip(np.rint(exact), -32768, 32767).astype(np.int16)
        self._samples = np.concatenate((self._samples, new))
        spare = len(self._samples) - round(KEPT_S * SAMPLE_RATE)
        if spare > 0:
            self._samples = self._samples[spare:]
            self._first += spare
