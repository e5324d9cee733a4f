"""The seam where words leave Prism: signatures only.

A ``TextSink`` is somewhere words can be put: a window, the clipboard, a file, standard output. What it did with them it
says truthfully in a ``Receipt``: a paste that nobody has read is not confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Delivery: TypeAlias = Literal["confirmed", "sent", "kept"]
"""confirmed: the target has read or stored the words; sent: handed over, without proof; kept: not in the target, but
where the user can fetch them (the clipboard)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of words."""

    delivery: Delivery
    where: str
    """In words for a person: a window's name, a file's path, "the clipboard"."""
    reason: str | None = None
    """Why the words were kept rather than delivered; one sentence."""


class TextSink(Protocol):
    """Where dictated words go. One dictation at a time: ``begin``, then ``commit`` once, or the next ``begin``."""

    name: str
    """As in the config: paste, type, clipboard, stdout or file."""

    async def begin(self) -> str | None:
        """A dictation begins: remember where its words shall go (the focused window). Its name, where there is one.

        Raises SinkError when words could not be put anywhere, so that nobody speaks for nothing.
        """

    async def commit(self, text: str) -> Receipt:
        """Put the words where ``begin`` pointed. Raises SinkError when they are nowhere: the caller keeps them."""

    async def aclose(self) -> None:
        """Finish what is under way, give everything back; twice is fine."""


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """What a sink is made from. ``pipeline/sinks/NAME.py`` exports ``create(options) -> TextSink``.

    A sink serves one dictation: it is made when that begins and closed when its words are delivered, so that each one
    has its own window, however quickly the next one follows. What is costly to open is shared inside the sink's file.
    Between ``commit`` and the end of ``aclose`` no other sink commits.
    """

    argument: str = ""
    """What follows the colon: the path of file:PATH."""
    chord: str | None = None
    """Of the profile: ctrl+v, shift+insert ...; None lets the sink find out."""


class SinkError(Exception):
    """Words could not be put anywhere; one sentence says why and what to do."""
