"""Ctrl-C while Prism is still being loaded, or has nothing left to do but end: out at once, without a word.

Python would print a traceback of whatever it happens to import. Imported before everything else, so it imports next to
nothing. What happens before Python reaches our first line is Python's.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # typing's own would have to be imported first, which takes longer than all else here
if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
"""``Exit.INTERRUPTED``, which is not loaded yet."""


def guard() -> None:
    """From now on Ctrl-C ends the process. Whoever ignores it (a background job of a shell) still does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def hand_over() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again, for somebody who catches it."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> int:
    """The program ``prism``."""
    guard()
    from ui.cli.main import main as program

    return program()


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
