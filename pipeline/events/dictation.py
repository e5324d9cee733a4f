"""The events of dictation. ``id`` names a dictation as the journal and ``prism history`` do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from pipeline.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationStateChanged(Event):
    """What the whole of dictation is doing; a recording counts for more than what is still being understood."""

    name: ClassVar[str] = "dictation.state"
    state: str
    """``idle``, ``listening``, ``processing``, ``inserting`` or ``error``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationStarted(Event):
    """The first real sample has come: from now on you are heard."""

    name: ClassVar[str] = "dictation.started"
    id: str
    trigger: str
    """What started it: ``hold``, ``toggle``, ``ctl``, ``input`` ..."""
    target: str | None = None
    """Where the words will go, in words, where that is known."""
    application: str | None = None
    """Of the window, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationStopped(Event):
    name: ClassVar[str] = "dictation.stopped"
    id: str
    seconds: float
    """Length of the recording."""
    reason: str
    """``released``, ``input ended``, ``too long``, or why it was interrupted: ``lock``, ``suspend``, ``device`` ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationText(Event):
    """The words, as they are to be written."""

    name: ClassVar[str] = "dictation.text"
    id: str
    text: str
    language: str
    raw: str | None = None
    """As they were recognized, where a clean-up changed them."""
    doubt: str | None = None
    """Why some of what was said may be missing; None where all seems to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationDelivered(Event):
    name: ClassVar[str] = "dictation.delivered"
    id: str
    text: str
    delivery: str
    """``confirmed`` or ``sent``, as of a ``Receipt``."""
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationKept(Event):
    """The words are not where they were meant to go, and can be fetched."""

    name: ClassVar[str] = "dictation.kept"
    id: str
    text: str
    where: str
    """``the clipboard``, ``the journal`` ..."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationFailed(Event):
    """There are no words."""

    name: ClassVar[str] = "dictation.failed"
    id: str | None = None
    """None when it could not even begin."""
    stage: str
    """``start``, ``capture``, ``target`` or ``stt``."""
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationCancelled(Event):
    name: ClassVar[str] = "dictation.cancelled"
    id: str
    reason: str
    """``cancelled``, ``nothing was said`` or ``the microphone gave no sound``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictationRecovered(Event):
    """An earlier run could not deliver this; paste-last and ``prism history paste`` insert it."""

    name: ClassVar[str] = "dictation.recovered"
    id: str
    text: str
    language: str
    seconds: float
    """Length of its recording."""
    uncertain: bool
    """Whether that run died while it delivered, so that the words may have arrived."""


DictationEvent: TypeAlias = (
    DictationStateChanged
    | DictationStarted
    | DictationStopped
    | DictationText
    | DictationDelivered
    | DictationKept
    | DictationFailed
    | DictationCancelled
    | DictationRecovered
)
