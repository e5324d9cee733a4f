"""The seams where a conversation leaves Prism: signatures only.

An ``AudioSink`` is a sound card: it plays in real time (on the conversation's clock), it can stop at a sample and it
knows what has left it. A *session* is what it plays for one turn: it begins with the first write and ends with
``abort``, which is also how a turn that was played to its end closes the books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.quality import Told
    from tts import Int16

    Tap = Callable[[Int16, int, float], None]
    """Told of each block that a device takes: its samples, their rate in Hz, and when the first one is heard (s)."""


@runtime_checkable
class Tapped(Protocol):
    """A sink that tells what it plays: an echo canceller needs to know."""

    def listen(self, tap: Tap) -> None:
        """Have ``tap`` told of every block that the device takes, of silence too, in the audio thread: it only notes.

        The blocks must not be written to.
        """


@runtime_checkable
class Adjustable(Protocol):
    """A sink that can be made louder and softer."""

    volume: float
    """Share of full loudness, 0 to 1; a change is heard with the next block."""


@runtime_checkable
class Stalling(Protocol):
    """A sink whose device may go away."""

    @property
    def stalled(self) -> bool:
        """Whether there is no device now: what is queued waits for one, and nothing sounds."""


@runtime_checkable
class Mixing(Protocol):
    """A sink that can play softer, and short sounds over speech."""

    def duck(self, gain: float) -> None:
        """Play speech softer from now on (0 to 1), until it is told otherwise or the session ends."""

    def overlay(self, sound: Int16) -> None:
        """Lay a short sound at the sink's rate over whatever is played from now on; it belongs to no session."""


@runtime_checkable
class Adapting(Protocol):
    """A sink that adapts to what the machine can do."""

    def follow_quality(self, told: Told) -> None:
        """Have ``told`` called in the event loop whenever it does."""


class AudioSink(Protocol):
    """Where speech goes."""

    sample_rate: int
    """Hertz; constant for the life of the sink."""
    live: bool
    """True for a real loudspeaker: a microphone in the same room may hear it."""

    async def open(self) -> None:
        """Take the device or the file. Raises AudioError."""

    @property
    def paused(self) -> bool:
        """Whether the sink is told to be silent."""

    @property
    def played(self) -> int:
        """Samples of the session that have left the device so far."""

    async def write(self, samples: Int16) -> None:
        """Queue mono samples at ``sample_rate``; waits while more than the sink's hold is queued."""

    def pause(self) -> None:
        """Be silent from the next sample on; keep what is queued. Twice is fine."""

    def resume(self) -> None:
        """Go on with the very next sample. Twice is fine."""

    async def drain(self) -> None:
        """Return when everything written has left the device."""

    async def reached(self, sample: int) -> float:
        """Wait until that sample of the session (counted from 0) leaves the device; its time on the clock, seconds."""

    def abort(self) -> int:
        """End the session: drop what is queued; samples of it that have left the device. 0 without a session."""

    async def aclose(self) -> None:
        """Give back the device or close the file; twice is fine."""
