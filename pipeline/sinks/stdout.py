"""Dictated words on standard output: one dictation, one line of text; several lines stay several."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from pipeline.sinks.text import SinkOptions

WHERE = "standard output"


class StdoutSink:
    """A TextSink."""

    name = "stdout"

    async def begin(self) -> str | None:
        """Where the words will go."""
        return WHERE

    async def commit(self, text: str) -> Receipt:
        """Write them; confirmed when the other end has taken them. Raises SinkError when it is gone."""
        try:
            await asyncio.to_thread(_write, text)
        except (OSError, ValueError) as error:
            raise SinkError(f"The words cannot be written to standard output ({error}).") from error
        return Receipt("confirmed", WHERE)

    async def aclose(self) -> None:
        """Nothing is held."""


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def create(options: SinkOptions) -> StdoutSink:  # noqa: ARG001  # every sink is made the same way
    """A new sink."""
    return StdoutSink()
