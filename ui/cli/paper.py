"""What a conversation is written on: a terminal, where tentative words come and go, or plain lines for everything else.

A paper knows how things look and nothing of events. Both kinds offer the same methods; ``ConversationView`` decides
what is written when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ui.cli.options import note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from rich.console import Console, RenderableType

YOU, PRISM, TIMER = "You", "Prism", "Timer"
_STYLES = {YOU: "bold cyan", PRISM: "bold magenta", TIMER: "bold yellow"}

REST = 90
"""Characters shown of what was not heard: enough to see what was cut, too few to be read in its place."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reply when its turn is over."""

    heard: str
    """What was really heard of it."""
    unheard: str = ""
    """What would have come."""
    cut: str = ""
    """Why it was cut, if it was."""
    error: str = ""
    """Why the turn failed, if it did."""
    first_sound_s: float | None = None
    """Seconds from the last word of the user to the first sound of the reply."""

    def __post_init__(self) -> None:
        if self.unheard and not (self.cut or self.error):
            raise ValueError("a reply that was neither cut nor failed was heard to its end")


class Paper(Protocol):
    """Where a conversation is written."""

    def tentative(self, text: str) -> None:
        """What the user seems to be saying; it may change or vanish."""

    def you(self, text: str) -> None:
        """What the user said."""

    def unclear(self, reason: str) -> None:
        """Something was heard and not believed."""

    def replying(self, sentences: Sequence[str], *, audible: bool) -> None:
        """What has been handed to the voice so far, and whether it sounds yet."""

    def replied(self, said: Said) -> None:
        """A reply is over."""

    def rang(self, text: str) -> None:
        """A timer ran down."""

    def remark(self, text: str) -> None:
        """About the program, not the conversation."""

    def close(self) -> None:
        """Nothing more will come; what is still tentative goes. Twice is fine."""


class Terminal:
    """Colors, and a tentative part at the bottom that is replaced by what becomes certain."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._begun = False
        self._reply: Text | None = None
        self._you: Text | None = None

    def tentative(self, text: str) -> None:
        """Dim, at the bottom."""
        self._you = Text(text, "dim italic")
        self._draw()

    def you(self, text: str) -> None:
        """Below an empty line: an exchange begins."""
        self._you = None
        self._write(YOU, Text(text), apart=True)

    def unclear(self, reason: str) -> None:
        """Dim: nothing follows from it."""
        self._you = None
        self._write(YOU, Text(f"(not understood: {reason})", "dim"), apart=True)

    def replying(self, sentences: Sequence[str], *, audible: bool) -> None:
        """Dim until it is over: only then is it known what was heard."""
        self._reply = Text(" ".join(sentences), "dim")
        if audible:
            self._reply.append(" ♪", "magenta")
        self._draw()

    def replied(self, said: Said) -> None:
        """What was heard as it is, the rest struck out, the remarks dim below."""
        self._reply = None
        self._write(PRISM, _final(said))

    def rang(self, text: str) -> None:
        """Between the lines of the two."""
        self._write(TIMER, Text(text, "yellow"), apart=True)

    def remark(self, text: str) -> None:
        """On stderr, which may be this terminal too."""
        self._clear()
        note(text)
        self._draw()

    def close(self) -> None:
        """Leave the cursor where the next program expects it."""
        self._reply = self._you = None
        self._clear()

    def _write(self, who: str, text: Text, *, apart: bool = False) -> None:
        self._clear()
        if apart and self._begun:
            self._console.print()
        self._begun = True
        self._console.print(_line(who, text))
        self._draw()

    def _draw(self) -> None:
        """Show what is tentative, if anything is."""
        lines: list[RenderableType] = [_line(PRISM, self._reply)] if self._reply else []
        if self._you:
            lines += ([""] if self._begun or lines else []) + [_line(YOU, self._you)]
        if not lines:
            return
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(Group(*lines), refresh=True)

    def _clear(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


class PlainLines:
    """``You: ...`` and ``Prism: ...``, a line each, written when it is certain: nothing here can be taken back."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def tentative(self, text: str) -> None:
        """Nothing."""

    def you(self, text: str) -> None:
        """One line."""
        self._line(YOU, text)

    def unclear(self, reason: str) -> None:
        """One line."""
        self._line(YOU, f"[not understood: {reason}]")

    def replying(self, sentences: Sequence[str], *, audible: bool) -> None:
        """Nothing."""

    def replied(self, said: Said) -> None:
        """What was heard, and in brackets what happened to the rest."""
        parts = (said.heard, said.cut and f"[{said.cut}]", said.error and f"[{said.error}]")
        self._line(PRISM, " ".join(part for part in parts if part) or "[nothing]")

    def rang(self, text: str) -> None:
        """One line."""
        self._line(TIMER, text)

    def remark(self, text: str) -> None:
        """On stderr."""
        note(text)

    def close(self) -> None:
        """Nothing is held."""

    def _line(self, who: str, text: str) -> None:
        self._file.write(f"{who}: {' '.join(text.split())}\n")
        self._file.flush()


def _final(said: Said) -> Text:
    text = Text(said.heard)
    if said.unheard:
        text.append(" " if said.heard else "").append(_shortened(said.unheard), "dim strike")
    sound = [f"{said.first_sound_s:.2f} s to first sound"] if said.first_sound_s is not None else []
    below = ((said.error, "red"), (" · ".join([*sound, *([said.cut] if said.cut else [])]), "dim"))
    for remark, style in below:
        if remark:
            text.append("\n" if text.plain else "").append(remark, style)
    return text if text.plain else Text("(nothing)", "dim")


def _line(who: str, text: Text) -> Table:
    """The name, then the text hanging beside it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=len(PRISM), no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(who, _STYLES[who]), text)
    return grid


def _shortened(text: str) -> str:
    if len(text) <= REST:
        return text
    return text[:REST].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
