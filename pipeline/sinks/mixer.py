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


class Gain:
    """A factor that walks to what is wanted."""

    def __init__(self, value: float, step: float) -> None:
        """``step``: of one sample."""
        self._now = self._wanted = value
        self._step = step

    @property
    def wanted(self) -> float:
        return self._wanted

    @wanted.setter
    def wanted(self, value: float) -> None:
        self._wanted = value

    @property
    def settled(self) -> bool:
        """Whether it is what is wanted."""
        return self._now == self._wanted

    def walk(self, count: int) -> npt.NDArray[np.float64] | float:
        """The factor of each of the next samples, or of all of them."""
        if self.settled or not count:
            return self._now
        way = self._wanted - self._now
        walked = np.minimum(np.arange(1, count + 1) * self._step, abs(way))
        gains: npt.NDArray[np.float64] = self._now + np.sign(way) * walked
        self._now = self._wanted if walked[-1] >= abs(way) else float(gains[-1])
        return gains


class Mixer:
    """For blocks at ``rate`` Hz."""

    def __init__(self, rate: int, volume: float = 1.0) -> None:
        """``volume``: 0 to 1, of speech and sounds alike."""
        self._step = 1.0 / max(1, round(RAMP_S * rate))
        self._volume = Gain(volume, self._step)
        self._duck = Gain(1.0, self._step)
        self._sounds: list[Int16] = []

    def __repr__(self) -> str:
        return f"<Mixer volume {self.volume:.2f}, {len(self._sounds)} sounds>"

    @property
    def volume(self) -> float:
        """Share of full loudness, 0 to 1."""
        return self._volume.wanted

    @volume.setter
    def volume(self, level: float) -> None:
        self._volume.wanted = level

    @property
    def idle(self) -> bool:
        """Whether silence would stay silence and nothing would change."""
        return not self._sounds and self._duck.settled and self._volume.settled

    def duck(self, gain: float) -> None:
        """Let speech be softer from now on (0 to 1); 1 is as it was."""
        self._duck.wanted = gain

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
        if self.idle and self._duck.wanted == self.volume == 1.0:
            return speech
        mixed: npt.NDArray[np.float64] = speech * np.asarray(self._duck.walk(len(speech)))
        for sound in self._sounds:
            part = sound[: len(mixed)]
            mixed[: len(part)] += part
        self._sounds = [rest for sound in self._sounds if len(rest := sound[len(mixed) :])]
        return np.clip(mixed * self._volume.walk(len(speech)), -32768, 32767).astype(np.int16)
