"""The room between a conversation's loudspeaker and its microphone: what of a frame is the user's.

It joins the decision who can hear whom (``duplex``) with the canceller that follows from it, and is all that the
orchestrator knows of echo: frames go in, what the user said comes out, and ``deaf`` says when not to trust it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.duplex import Equipment, decide
from pipeline.echo import EchoCanceller, WebRtcCleaner, canceller_installed
from pipeline.reference import Reference
from pipeline.sinks.base import Tapped

if TYPE_CHECKING:
    from config import Settings
    from pipeline.sinks.base import AudioSink
    from stt import AudioFrame, AudioSource, Int16


class Room:
    """One per conversation, for frames of ``size`` samples at 16 kHz."""

    def __init__(self, settings: Settings, source: AudioSource, sink: AudioSink, size: int) -> None:
        """Loads the canceller if there is to be one. Raises AudioBackendMissing if it is insisted on and missing."""
        tapped = isinstance(sink, Tapped)
        self.duplex = decide(settings, Equipment(source.live, sink.live, tapped, canceller_installed()))
        """Whether the user may cut in by voice, and what to tell them about it."""
        self.canceller: EchoCanceller | None = None
        if self.duplex.cancel and isinstance(sink, Tapped):
            reference = Reference()
            sink.listen(reference.tap)
            self.canceller = EchoCanceller(WebRtcCleaner(), reference, size)

    def __repr__(self) -> str:
        return f"<Room {'shared' if self.duplex.shared_room else 'not shared'}, {self.canceller!r}>"

    @property
    def deaf(self) -> bool:
        """Whether to hear nothing while the assistant sounds: always, or until the canceller knows the room."""
        return self.duplex.deaf or (self.canceller is not None and not self.canceller.ready)

    def heard(self, frame: AudioFrame) -> Int16:
        """The frame's samples without the loudspeaker's."""
        return frame.samples if self.canceller is None else self.canceller.clean(frame)
