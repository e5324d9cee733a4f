"""Is what a canceller left over an echo after all? Its output against what was played: a pure figure.

A canceller that has lost the room (a device hiccup moved the delay, somebody moved the loudspeaker) lets echo through
for a second or two, and a detector takes it for a voice. But an echo resembles what was played, at one delay from frame
to frame. A person resembles it now and then, by chance, and each time at another delay: both together tell the two
apart in a third of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from stt import Int16

WINDOW = 5120
"""Samples of the output that are compared: 0.32 s."""
REACH = 4000
"""Samples by which an echo may follow what was played: 0.25 s."""
SIZE = 16_384
"""Of the Fourier transform: window and reach."""
AUDIBLE = 30.0
"""Root mean square (-61 dBFS) from which the output is worth a look; a working canceller leaves less."""
ALIKE = 0.2
"""Likeness from which a frame may be an echo. Frames of people beside a loudspeaker reach it once in a thousand."""
SAME = 6
"""Samples by which the delay may differ from the frame before."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the last frame has of what was played."""

    value: float
    """0-1; 0 for near silence."""
    frames: int
    """Frames in a row, this one included, that were ALIKE at the same delay."""
    delay: int = 0
    """Samples by which it follows what was played."""


NOTHING = Likeness(0.0, 0)


class Leak:
    """The last moments of both sides, at 16 kHz."""

    def __init__(self) -> None:
        self._delay = 0
        self._frames = 0
        self._far: npt.NDArray[Any] = np.zeros(WINDOW + REACH)
        self._left: npt.NDArray[Any] = np.zeros(WINDOW)

    def clear(self) -> None:
        """Forget both sides: what follows is another stretch of time."""
        self._far[:] = 0
        self._left[:] = 0
        self._frames = 0

    def likeness(self, left: Int16, far: Int16) -> Likeness:
        """How alike the output is to what was played, after these further samples of both, as many of each.

        Differences are compared instead of samples: the pitch of any two voices is alike, their sibilants are not.
        """
        if not len(left):
            return NOTHING
        self._far = np.concatenate((self._far, far))[-(WINDOW + REACH) :]
        self._left = np.concatenate((self._left, left))[-WINDOW:]
        if np.sqrt(np.mean(self._left[-len(left) :] ** 2)) < AUDIBLE:
            self._frames = 0
            return NOTHING
        mine, played = np.diff(self._left, prepend=0.0), np.diff(self._far, prepend=0.0)
        match = np.fft.irfft(np.fft.rfft(played, SIZE) * np.conj(np.fft.rfft(mine, SIZE)), SIZE)[:REACH]
        total = np.concatenate((np.zeros(1), np.cumsum(played**2)))
        power = total[WINDOW : WINDOW + REACH] - total[:REACH]
        alike = np.abs(match) / np.sqrt(np.sum(mine**2) * power + 1.0)
        delay = int(np.argmax(alike))
        value = float(alike[delay])
        same = self._frames > 0 and abs(delay - self._delay) <= SAME
        self._frames = 0 if value < ALIKE else self._frames + 1 if same else 1
        self._delay = delay
        return Likeness(value, self._frames, REACH - delay)
