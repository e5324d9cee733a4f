"""What a person sees of dictation in the terminal: a line for each fact that matters, on stderr; words go elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import (
    DictationCancelled,
    DictationDelivered,
    DictationFailed,
    DictationKept,
    DictationRecovered,
    DictationStarted,
    DictationText,
    QualityChanged,
)
from ui.cli.options import note, tell

if TYPE_CHECKING:
    from pipeline import PipelineEvent

JOURNAL = "the journal"
"""Where words are that their sink did not take."""


NOTHING = {
    "cancelled": "Thrown away.",
    "the microphone gave no sound": "The microphone gave no sound at all: is it muted, or another one the default?",
}
"""What is said of a dictation without words, by the reason."""


class DictationView:
    """An observer."""

    def __init__(self, *, speaking: bool) -> None:
        """``speaking``: somebody is there, who wants to know when to speak."""
        self._speaking = speaking

    def notify(self, event: PipelineEvent) -> None:
        """Say it."""
        match event:
            case DictationStarted() if self._speaking:
                note("You are heard.")
            case DictationText(doubt=str(doubt)):
                note(f"Some words may be missing: {doubt}.")
            case DictationDelivered() if self._speaking:
                note(f"Written to {event.where}.")
            case DictationKept():
                note(f"Your words are in {event.where}: {event.reason}")
            case DictationFailed():
                tell(event.error)
            case DictationCancelled():
                note(NOTHING.get(event.reason, "Nothing was said."))
            case DictationRecovered():
                # Where nobody sits, stderr ends in a log of the system, which is no place for what was said.
                words = event.text if sys.stderr.isatty() else f"prism history show {event.id}"
                note(f"Recovered from {event.id}: {words}")
            case QualityChanged(what="journal"):
                tell(event.reason)


class Outcome:
    """An observer that remembers whether a dictation failed, for the exit code."""

    def __init__(self) -> None:
        self.failure: str | None = None

    def notify(self, event: PipelineEvent) -> None:
        """Take note of the first failure; words that only the journal has count as one."""
        match event:
            case DictationFailed():
                self.failure = self.failure or event.error
            case DictationKept(where=where) if where == JOURNAL:
                self.failure = self.failure or event.reason
