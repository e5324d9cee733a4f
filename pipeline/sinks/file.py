"""Dictated words at the end of a text file: one dictation, one line, on the disk before it counts as confirmed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from pipeline.sinks.text import SinkOptions


class FileSink:
    """A TextSink."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def begin(self) -> str | None:
        """See that the file can be written to, and give its path. Raises SinkError."""
        await self._do("")
        return str(self._path)

    async def commit(self, text: str) -> Receipt:
        """Append a line and sync it. Raises SinkError."""
        await self._do(f"{text}\n")
        return Receipt("confirmed", str(self._path))

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _do(self, text: str) -> None:
        try:
            await asyncio.to_thread(_append, self._path, text)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SinkError(f"The words cannot be written to {self._path} ({reason}).") from error


def _append(path: Path, text: str) -> None:
    """All of it or nothing: what a full disk cuts off is taken back."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    before = os.fstat(file).st_size
    try:
        data = text.encode()
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise
    finally:
        os.close(file)


def create(options: SinkOptions) -> FileSink:
    """A sink for the path that stands after ``file:``. Raises SinkError without one."""
    if not options.argument:
        raise SinkError("Name the file that dictation writes to: file:PATH.")
    return FileSink(Path(options.argument).expanduser())
