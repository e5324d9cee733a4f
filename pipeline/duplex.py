"""Whether the user may cut in by voice: a pure decision on who can hear whom.

A microphone that hears the loudspeaker would take the assistant for the user. So a live microphone and a live speaker
in one room need a canceller between them, or they take turns: half-duplex, deaf while the assistant sounds. Files,
streams and headphones share no room. A canceller has to learn a room first; until it has, half-duplex too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.audio_host import AudioBackendMissing

if TYPE_CHECKING:
    from config import Settings

INSTALL = "pip install 'prism-voice[echo]'"
DEAF = (
    "Prism does not listen while it speaks, because no echo canceller is installed: to cut in by voice, "
    f"{INSTALL}, or use headphones (--set audio.headphones=true)."
)
"""For the person who has to wait until the assistant has finished."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a conversation is made of."""

    live_source: bool
    """The sound comes from a microphone."""
    live_sink: bool
    """The assistant is played in a room."""
    tapped: bool
    """What is played can be listened to."""
    installed: bool
    """The canceller's library is there."""


@dataclass(frozen=True, slots=True)
class Duplex:
    """What follows from it."""

    shared_room: bool
    """Whether the microphone may hear the loudspeaker."""
    deaf: bool
    """Whether to hear nothing while the assistant sounds."""
    cancel: bool = False
    """Whether the canceller runs: then the ears are deaf only until it has learned the room."""
    advice: str | None = None
    """One line for the person; None when there is nothing to say."""


def decide(settings: Settings, equipment: Equipment) -> Duplex:
    """Full duplex wherever the assistant cannot hear itself, else half. Raises AudioBackendMissing for ``echo: on``."""
    audio = settings.audio
    shared = equipment.live_source and equipment.live_sink and not audio.headphones
    if not shared or not settings.barge_in.enabled:
        return Duplex(shared, deaf=not settings.barge_in.enabled)
    if audio.echo == "off":
        return Duplex(shared, deaf=True)
    if not equipment.installed:
        if audio.echo == "on":
            raise AudioBackendMissing(
                f"audio.echo is on, but the echo canceller is not installed; get it with: {INSTALL}"
            )
        return Duplex(shared, deaf=True, advice=DEAF)
    return Duplex(shared, deaf=not equipment.tapped, cancel=equipment.tapped)
