"""How a daemon is ended by Ctrl-C or SIGTERM: the first asks it to finish, the second, or impatience, ends it at once.

Only where the event loop can be told of signals; elsewhere (Windows) Ctrl-C ends it at once, and what was being said is
found in the journal at the next start.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FINISH_S = 20.0
"""Seconds that finishing may take: the words of the last minutes are being understood."""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Ending:
    """Whether, and how, the end was asked for."""

    def __init__(self, finish: Callable[[], bool], task: asyncio.Task[object]) -> None:
        """``finish`` begins an orderly end, and is False when there is nothing to finish."""
        self._finish = finish
        self._task = task
        self.asked = False

    def ask(self) -> None:
        """Once for an orderly end, twice for any."""
        if self.asked or not self._finish():
            self._task.cancel()
        else:
            asyncio.get_running_loop().call_later(FINISH_S, self._task.cancel)
        self.asked = True


@contextmanager
def ended_by_signals(finish: Callable[[], bool]) -> Iterator[Ending]:
    """While the block runs, signals ask the task that runs it to end."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only a task can be asked to end")
    ending = Ending(finish, task)
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    caught = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    if sys.platform == "win32":
        caught = []
    loop = asyncio.get_running_loop()
    for number in caught:
        loop.add_signal_handler(number, ending.ask)
    try:
        yield ending
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
