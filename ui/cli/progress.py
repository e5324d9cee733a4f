"""How far a fetch is, for whoever watches: a bar on a terminal, a few lines in a log, JSON lines for a program."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ui.cli.options import emit, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Progress

MEGABYTE = 1_000_000


@contextmanager
def fetching(*, json_lines: bool = False) -> Iterator[Progress]:
    """What to call with ``(file, done_bytes, total_bytes)`` while a model arrives; before that nothing shows."""
    if json_lines:
        yield _Tenths(
            lambda file, done, total: emit({"event": "progress", "file": file, "done": done, "total": total})
        )
    elif sys.stderr.isatty():
        bars = _Bars()
        try:
            yield bars
        finally:
            bars.close()
    else:
        yield _Tenths(
            lambda file, done, total: note(f"{file}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB")
        )


class _Tenths:
    """Passes on every tenth of a file, so that a log of a large fetch stays short."""

    def __init__(self, report: Progress) -> None:
        self._report = report
        self._told: dict[str, int] = {}

    def __call__(self, file: str, done: int, total: int) -> None:
        tenth = done * 10 // total if total else 10
        if tenth > self._told.get(file, -1):
            self._told[file] = tenth
            self._report(file, done, total)


class _Bars:
    """One bar per file; the terminal is touched when the first one begins."""

    def __init__(self) -> None:
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, file: str, done: int, total: int) -> None:
        if self._bars is None:
            self._bars = _started()
        if file not in self._tasks:
            self._tasks[file] = self._bars.add_task(file, total=total)
        self._bars.update(self._tasks[file], completed=done, total=total)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bars is not None:
            self._bars.stop()


def _started() -> Any:  # noqa: ANN401  # rich is imported on use
    from rich import progress
    from rich.console import Console

    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bars.start()
    return bars
