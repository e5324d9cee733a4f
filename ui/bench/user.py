"""The user of a measurement: says takes at known positions and listens, like the one of the demo, to know when.

``BenchUser`` is a source and an observer at once. For each take it keeps the true begin and end of the voice, on the
audio clock, which its own frames count: the truth that figures are measured against. It also notes how late its
frames were taken, for a loop that is late with frames is late with everything.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stt import SAMPLE_RATE, AudioFrame, load_audio
from ui.cli.demo_user import ASSETS, Listener, When

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from pipeline import PipelineEvent
    from stt import Int16

PATIENCE_S = 30.0
"""Seconds beyond the gap after which the next take comes although the last one was not answered."""
ROOM_RMS = 40
"""Level of the noise between recordings, that of the shipped ones: no microphone hears digital silence."""
NOISE_S = 4.0
"""Seconds after which the noise repeats itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One thing to say."""

    name: str
    samples: Int16
    """Mono, int16, 16 kHz."""
    start_s: float
    """Where the voice begins in the samples, seconds."""
    end_s: float
    """Where it ends."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A take that was said."""

    take: Take
    start: float
    """Position of the true begin of the voice on the audio clock, seconds."""
    end: float
    """Position of its true end."""


def shipped(*, without: str = "") -> list[Take]:
    """The shipped recordings, with the truth about them; those whose name contains ``without`` are left out."""
    entries = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    return [
        Take(
            Path(entry["file"]).stem,
            load_audio(ASSETS / entry["file"]),
            entry["speech_start_s"],
            entry["speech_end_s"],
        )
        for entry in entries
        if not without or without not in entry["file"]
    ]


def scripted(*frames: int, size: int = 512) -> Take:
    """Voice and silence in turn, in whole frames of the scripted detector: voice, silence, voice ..."""
    parts = [np.full(count * size, 1 - place % 2, np.int16) for place, count in enumerate(frames)]
    samples = np.concatenate(parts)
    return Take("scripted", samples, 0.0, len(samples) / SAMPLE_RATE)


def noise(seconds: float, seed: int = 1) -> Int16:
    """The sound of a quiet room."""
    samples: Int16 = (
        np.random.default_rng(seed).normal(0, ROOM_RMS, round(seconds * SAMPLE_RATE)).astype(np.int16)
    )
    return samples


class BenchUser:
    """Says each take when what it waits for has come, and ``gap_s`` has passed since."""

    live = False

    def __init__(
        self,
        takes: Sequence[Take],
        *,
        gap_s: float,
        when: When = When.REPLY_OVER,
        quiet: bool = False,
        types: str = "",
    ) -> None:
        """``quiet``: digital silence between the takes, for the scripted detector; else the noise of a room.

        ``types``: a line that is typed at the start.
        """
        self._takes = takes
        self._gap = gap_s
        self._when = when
        self._room = np.zeros(SAMPLE_RATE, np.int16) if quiet else noise(NOISE_S)
        self.types = types
        self._listener = Listener()
        self._position = 0
        self._origin: float | None = None
        self.spoken: list[Spoken] = []
        """What was said, with its true positions."""
        self.late = 0
        """Takes that came although what they waited for had not."""
        self.frames_late = 0.0
        """The longest time from when the sound of a frame was over to when it was heard, milliseconds.

        Means nothing with --fast.
        """

    def notify(self, event: PipelineEvent) -> None:
        """Listen."""
        self._listener.notify(event)

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Silence until each take's moment, then the take; silence until the last one is answered."""
        for take in self._takes:
            when = self._when if self.spoken or self._when is When.CUT_IN else When.START
            since = self._now
            while not self._due(when, since):
                yield self._frame(self._quiet(size))
                self._heard()
            self._listener.spoke()
            self.spoken.append(Spoken(take, self._now + take.start_s, self._now + take.end_s))
            filled = np.concatenate([take.samples, self._quiet(-len(take.samples) % size)])
            for block in np.split(filled, len(filled) // size):
                yield self._frame(block)
                self._heard()
        since = self._now
        while self._listener.since(When.REPLY_OVER) > self._now < since + PATIENCE_S:
            yield self._frame(self._quiet(size))
            self._heard()

    async def lines(self) -> AsyncGenerator[str, None]:
        """What is typed."""
        yield self.types

    async def aclose(self) -> None:
        """Nothing is held."""

    @property
    def _now(self) -> float:
        return self._position / SAMPLE_RATE

    def _due(self, when: When, since: float) -> bool:
        if self._now >= self._listener.since(when) + self._gap:
            return True
        if self._now < since + self._gap + PATIENCE_S:
            return False
        self.late += 1
        return True

    def _quiet(self, count: int) -> Int16:
        places = np.arange(self._position, self._position + count) % len(self._room)
        return self._room[places]

    def _frame(self, samples: Int16) -> AudioFrame:
        if self._origin is None:
            self._origin = asyncio.get_running_loop().time()
        self._position += len(samples)
        return AudioFrame(samples, SAMPLE_RATE, time.monotonic())

    def _heard(self) -> None:
        """The next frame is asked for when the last one has been heard."""
        if self._origin is not None:
            late = asyncio.get_running_loop().time() - self._origin - self._now
            self.frames_late = max(self.frames_late, late * 1000)
