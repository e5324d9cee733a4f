"""Text sinks by name: ``paste``, ``type``, ``clipboard``, ``stdout``, ``file:PATH``. One file here for each."""

from __future__ import annotations

from importlib import import_module, util
from typing import TYPE_CHECKING, cast

from pipeline.sinks.text import SinkError, SinkOptions

if TYPE_CHECKING:
    from pipeline.sinks.text import TextSink

TEXT_SINKS = ("paste", "type", "clipboard", "stdout", "file")


def create_text_sink(sink: str, chord: str | None = None) -> TextSink:
    """A new sink for one dictation; ``sink`` as in ``dictation.sink``. Raises SinkError when there is no such sink."""
    name, _, argument = sink.partition(":")
    if name not in TEXT_SINKS:
        raise SinkError(f"There is no sink {sink}; choose one of {', '.join(TEXT_SINKS[:-1])} or file:PATH.")
    if util.find_spec(f"pipeline.sinks.{name}") is None:
        raise SinkError(f"The sink {name} is not part of this build; use --sink stdout or file:PATH.")
    return cast("TextSink", import_module(f"pipeline.sinks.{name}").create(SinkOptions(argument, chord)))
