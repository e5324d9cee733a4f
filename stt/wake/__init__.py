"""Wake words, one engine per file: its name is the value of ``wake.engine``; it exports ``create(word)``.

A detector is shown every frame while nobody is listened to, so it must cost far less than a frame lasts.
``pymicro-wakeword`` does (40 microseconds for 20 ms) and brings its models with it; openWakeWord's networks find some
words better and take up to a third of a core, so they are left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from config import WakeSettings
    from stt.types import Int16


class WakeDetector(Protocol):
    """Frame in, whether the word has just been said out. Keeps state; one per conversation."""

    def heard(self, samples: Int16) -> bool:
        """Take the next samples, mono int16 at 16 kHz, of any number."""

    def reset(self) -> None:
        """Forget all of them."""


def create_wake(settings: WakeSettings) -> WakeDetector | None:
    """A new detector, or None when no word is set. Raises STTBackendMissing or STTUnavailable."""
    if settings.word is None:
        return None
    return cast("WakeDetector", import_module(f"stt.wake.{settings.engine}").create(settings.word))
