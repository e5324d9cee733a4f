"""Text sinks by name: paste, type, clipboard, talon, stdout, ``file:PATH``. Those of a desktop are made by its desk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from pipeline.sinks.text import SinkError, SinkOptions

if TYPE_CHECKING:
    from pipeline.desktop.shared import SharedDesk
    from pipeline.sinks.text import TextSink

DESKTOP_SINKS = ("paste", "type", "clipboard")
TEXT_SINKS = (*DESKTOP_SINKS, "talon", "stdout", "file")


def create_text_sink(sink: str, chord: str | None = None, desk: SharedDesk | None = None) -> TextSink:
    """A new sink for one dictation; ``sink`` as in ``dictation.sink``. ``desk`` is what those of a desktop need.

    Raises SinkError when there is no such sink, or none here.
    """
    name, _, argument = sink.partition(":")
    if name not in TEXT_SINKS:
        raise SinkError(f"There is no sink {sink}; choose one of {', '.join(TEXT_SINKS[:-1])} or file:PATH.")
    if name not in DESKTOP_SINKS:
        return cast("TextSink", import_module(f"pipeline.sinks.{name}").create(SinkOptions(argument, chord)))
    if desk is None:
        raise SinkError(f"The sink {name} needs a desktop; use --sink stdout or file:PATH.")
    return desk.sink(name, chord)
