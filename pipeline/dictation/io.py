"""What a run of dictation is given: where sound comes from, where words go, and what surrounds the cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.dictation.profiles import Profile
from pipeline.dictation.surroundings import Nowhere, Surroundings
from pipeline.sinks.textual import create_text_sink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from pipeline.sinks.text import TextSink
    from stt import AudioSource

    Beside = Callable[[], Coroutine[None, None, None]]
    Cleaner = Callable[[str, str, str], Awaitable[str | None]]
    """Text, its language and the instruction to clean text, or None when the words must stay as they are."""


def sink_of(profile: Profile) -> TextSink:
    """The sink that a profile names. Raises SinkError."""
    return create_text_sink(profile.sink, profile.chord)


@dataclass(frozen=True, slots=True)
class DictationIO:
    """Makers, because each dictation has a source and a sink of its own; it closes both."""

    source: Callable[[], AudioSource]
    sink: Callable[[Profile], TextSink] = sink_of
    """May raise SinkError."""
    surroundings: Surroundings = field(default_factory=Nowhere)
    cleaner: Cleaner | None = None
    chosen_sink: str | None = None
    """Asked for on the command line: it counts for more than a profile's."""
    beside: tuple[Beside, ...] = ()
    """What must run as long as dictation does, such as a microphone that stays open; cancelled at its end."""
