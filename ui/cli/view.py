"""ConversationView: the conversation as it happens, for the person in front of the terminal.

It turns events into who said what, and a ``Paper`` gives them their looks. The rules: words of the user are tentative
until the turn is committed; words of the assistant are only written down as said once they were really heard, and what
was cut is shown as cut. The conversation goes to stdout; remarks about the program go to stderr.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import (
    AudioStarted,
    BackendSwitched,
    DeviceLost,
    DeviceRestored,
    PipelineEvent,
    QualityChanged,
    ReplySentence,
    SessionEnded,
    SessionStarted,
    SpeechEndedEvent,
    SpeechStartedEvent,
    TimerRang,
    TranscriptFinal,
    TranscriptPartial,
    TranscriptRejected,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    WakeDetected,
)
from ui.cli.paper import Paper, PlainLines, Said, Terminal
from ui.cli.remarks import remark

if TYPE_CHECKING:
    from rich.console import Console

LISTENING = "…"
_CUTS = {"speech": "you cut in", "key": "stopped", "session": "the conversation ended"}


class ConversationView:
    """An observer. Colors and tentative words on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        """``console`` is stdout unless given."""
        self._paper = _paper(console)
        self._typing = sys.stdin is not None and sys.stdin.isatty() and isinstance(self._paper, Terminal)
        self._spoken_until: dict[int | None, float | None] = {}  # by utterance; None while it lasts
        self._sentences: list[str] = []
        self._sounded_at: float | None = None
        self._replying = False
        self._rung: list[str] = []

    def notify(self, event: PipelineEvent) -> None:
        """Show it."""
        match event:
            case QualityChanged(what="captions"):
                pass  # how quick a guess at words is says nothing to a person
            case SessionStarted() | BackendSwitched() | QualityChanged() | DeviceLost() | DeviceRestored():
                self._paper.remark(remark(event))
            case SessionEnded():
                self._paper.close()
            case ReplySentence() | AudioStarted():
                self._reply_grows(event)
            case TurnCompleted() | TurnInterrupted() | TurnFailed():
                self._reply_ends(_said(event, " ".join(self._sentences), self._first_sound(event)))
            case TurnCommitted():
                self._replying = True
            case TimerRang():
                self._rung.append(f"{event.label or 'the timer'} ({event.seconds:g} s) is over")
                self._ring()
            case _:
                self._user(event)

    def _user(self, event: PipelineEvent) -> None:
        match event:
            case SpeechStartedEvent():
                self._spoken_until[event.turn] = None
                self._paper.tentative(LISTENING)
            case WakeDetected():
                self._paper.tentative(LISTENING)
            case SpeechEndedEvent():
                self._spoken_until[event.turn] = event.voiced_until
            case TranscriptPartial():
                self._paper.tentative(event.text)
            case TranscriptFinal():
                # A line typed into this terminal stands there already.
                if not self._typing or event.turn in self._spoken_until:
                    self._paper.you(event.text)
            case TranscriptRejected():
                self._paper.unclear(event.reason)

    def _reply_grows(self, event: ReplySentence | AudioStarted) -> None:
        if isinstance(event, ReplySentence):
            self._sentences.append(event.text)
        else:
            self._sounded_at = event.t
        if self._sentences:
            self._paper.replying(self._sentences, audible=self._sounded_at is not None)

    def _reply_ends(self, said: Said) -> None:
        self._paper.replied(said)
        self._sentences, self._sounded_at, self._replying = [], None, False
        self._ring()

    def _ring(self) -> None:
        """A timer never interrupts: neither a reply nor its line."""
        if not self._replying:
            for text in self._rung:
                self._paper.rang(text)
            self._rung.clear()

    def _first_sound(self, event: PipelineEvent) -> float | None:
        """Seconds from the last voiced sample of the user to the first audible one of the reply."""
        if isinstance(event, TurnCompleted) and event.latency:
            measured = event.latency.get("first_audio")
            return None if measured is None else measured / 1000
        until = self._spoken_until.get(event.turn)
        return None if until is None or self._sounded_at is None else self._sounded_at - until


def _paper(console: Console | None) -> Paper:
    if console is None:
        from rich.console import Console as RichConsole

        # Colors that were forced by the environment must not reach a pipe.
        console = RichConsole(force_terminal=sys.stdout.isatty(), highlight=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return Terminal(console)
    return PlainLines(console.file)


def _said(
    event: TurnCompleted | TurnInterrupted | TurnFailed, sentences: str, first_sound: float | None
) -> Said:
    match event:
        case TurnCompleted():
            return Said(event.text, first_sound_s=first_sound)
        case TurnInterrupted():
            heard, intended = event.heard_text, event.intended_text
            unheard = intended[len(heard) :].lstrip() if intended.startswith(heard) else intended
            return Said(heard, unheard, _CUTS.get(event.reason, event.reason), first_sound_s=first_sound)
        case TurnFailed():
            return Said(event.heard_text or sentences, error=f"{event.stage} failed: {event.error}")
