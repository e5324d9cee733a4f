"""One line at the bottom of the terminal that says what dictation is doing; it is redrawn, never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline import DictationStarted, DictationStateChanged, TranscriptPartial

if TYPE_CHECKING:
    from pipeline import PipelineEvent

WORDS = {
    "idle": "Ready.",
    "listening": "[bold red]●[/] Listening",
    "processing": "Understanding ...",
    "inserting": "Inserting ...",
    "error": "[yellow]Ready; the last dictation failed.[/]",
}
REDRAWS = 4
"""In a second; each costs the machine something, all day."""
TAIL = 60
"""Characters shown of what is being said: the latest ones."""


def line_for(event: PipelineEvent, before: str) -> str:
    """What the line says after an event, in rich's markup; ``before`` where the event changes nothing."""
    match event:
        case DictationStateChanged(state=state):
            return WORDS.get(state, before)
        case DictationStarted(target=str(target)):
            return f"{WORDS['listening']} → {_plain(target)}"
        case TranscriptPartial(text=text):
            return f"{WORDS['listening']}  [dim]{_plain(text[-TAIL:])}[/]"
        case _:
            return before


def _plain(text: str) -> str:
    """Words of others, in which nothing is markup."""
    from rich.markup import escape

    return escape(" ".join(text.split()))


class StateLine:
    """An observer. Nothing shows before ``start``: a model may still be fetched, with a bar of its own."""

    def __init__(self) -> None:
        self._line = WORDS["idle"]
        self._status: Any = None

    def start(self) -> None:
        """Show the line from now on."""
        from rich.console import Console

        self._status = Console(stderr=True).status(self._line, spinner="dots", refresh_per_second=REDRAWS)
        self._status.start()

    def notify(self, event: PipelineEvent) -> None:
        """Redraw the line when something changed."""
        line = line_for(event, self._line)
        if line != self._line:
            self._line = line
            if self._status is not None:
                self._status.update(line)

    def close(self) -> None:
        """Leave the terminal as it was; twice is fine."""
        if self._status is not None:
            self._status.stop()
