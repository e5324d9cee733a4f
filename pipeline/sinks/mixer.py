"""The last thing that happens to sound before a sink plays it: volume, ducking, and short sounds laid over it. Pure.

Speech is made softer (``duck``) and as loud as the user wants (``volume``) by a gain that never jumps; short sounds
(a chime) are added to whatever plays, silence included, and belong to no session: nobody counts them, and a pause is
their end. Without any of it, blocks pass untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from tts import Int16

RAMP_S = 0.02
"""Seconds from silence to full gain: soft enough not to click, quick enough to be out of the way of a voice."""
HUSH_S = 0.005
"""Seconds in which a short sound ends when somebody begins to speak."""
MOST = 4
"""Short sounds at once; one more replaces the oldest."""


class _Ramp:
    """A gain on its way to another one, ``step`` per sample."""

    def __init__(self, gain: float, step: float) -> None:
        self.gain = self.wanted = gain
        self._step = step

    @property
    def at_rest(self) -> bool:
        return self.gain == self.wanted

    def take(self, count: int) -> npt.NDArray[np.float64]:
        """The gain of each of the next samples."""
        way = self.wanted - self.gain
        walked = np.minimum(np.arange(1, count + 1) * self._step, abs(way))
        gains: npt.NDArray[np.float64] = self.gain + np.sign(way) * walked
        if count:
            self.gain = self.wanted if walked[-1] >= abs(way) else float(gains[-1])
        return gains


class Mixer:
    """For blocks at ``rate`` Hz."""

    def __init__(self, rate: int, volume: float = 1.0) -> None:
        """``volume``: 0 to 1, of speech and sounds alike."""
        self._step = 1.0 / max(1, round(RAMP_S * rate))
        self._volume, self._ducked = _Ramp(volume, self._step), _Ramp(1.0, self._step)
        self._sounds: list[Int16] = []

    def __repr__(self) -> str:
        return f"<Mixer at {self.volume:.2f}, ducked to {self._ducked.gain:.2f}, {len(self._sounds)} sounds>"

    @property
    def volume(self) -> float:
        """How loud all is, 0 to 1; another value is reached as softly as any gain."""
        return self._volume.wanted

    @volume.setter
    def volume(self, level: float) -> None:
        self._volume.wanted = level

    @property
    def idle(self) -> bool:
        """Whether silence would stay silence and nothing would change."""
        return not self._sounds and self._ducked.at_rest and self._volume.at_rest

    def duck(self, gain: float) -> None:
        """Let speech be softer from now on (0 to 1); 1 is as it was."""
        self._ducked.wanted = gain

    def add(self, sound: Int16) -> None:
        """Lay a short sound over what is played from now on."""
        if len(sound):
            self._sounds = [*self._sounds, sound][-MOST:]

    def hush(self) -> None:
        """End all short sounds, without a click."""
        fade = np.linspace(1.0, 0.0, max(1, round(HUSH_S / RAMP_S / self._step)))
        self._sounds = [(sound[: len(fade)] * fade[: len(sound)]).astype(np.int16) for sound in self._sounds]

    def mix(self, speech: Int16) -> Int16:
        """What to play instead of a block of speech or silence."""
        if self._volume.gain == 1.0 == self._ducked.gain and self.idle:
            return speech
        mixed = speech * self._ducked.take(len(speech))
        for sound in self._sounds:
            part = sound[: len(mixed)]
            mixed[: len(part)] += part
        self._sounds = [rest for sound in self._sounds if len(rest := sound[len(mixed) :])]
        return np.clip(mixed * self._volume.take(len(mixed)), -32768, 32767).astype(np.int16)
