"""The process around a command: signals, streams, and leaving for good.

Only what a real process needs and a call of ``main([...])`` from a test or another program must not do.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli import early
from ui.cli.exits import verdict
from ui.cli.options import tell

if TYPE_CHECKING:
    from types import FrameType


def prepare() -> None:
    """SIGTERM and a closed terminal behave like Ctrl-C; text that cannot be shown or read never raises."""
    _open_missing()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    _keep_stderr()
    wrong = ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace"))
    for stream, errors in wrong:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors=errors)


def leave(code: int, grace_s: float) -> int:
    """Flush, and give back ``code``; if a native call holds a thread beyond ``grace_s``, end the process here."""
    code = _flushed(code)
    try:
        busy = _still_busy(grace_s)
    except KeyboardInterrupt:
        busy = True
    if busy:
        os._exit(code)
    early.guard()
    return code


def _still_busy(grace_s: float) -> bool:
    """True when a thread that the interpreter would wait for does not end within ``grace_s``."""
    deadline = time.monotonic() + grace_s
    mine = threading.main_thread()
    for thread in [thread for thread in threading.enumerate() if thread is not mine and not thread.daemon]:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            return True
    return False


def _open_missing() -> None:
    """A stream that was closed by whoever started us leads nowhere: else ``print`` for stderr goes to stdout."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # for as long as we live


def _keep_stderr() -> None:
    """Write to a descriptor of our own: while PortAudio starts, 2 leads nowhere, for ever if the sound server hangs."""
    if sys.platform != "win32" and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) in {signal.SIG_IGN, None}:
        raise KeyboardInterrupt  # a background job of a shell ignores Ctrl-C but must still end
    signal.raise_signal(signal.SIGINT)


def _flushed(code: int) -> int:
    """Write out both streams. A reader that has left is no error; a disk that is full is."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            _point_at_nothing(stream)
        except (OSError, ValueError) as error:
            _point_at_nothing(stream)
            if isinstance(error, OSError) and code == 0:
                failed, sentence = verdict(error)
                tell(f"stdout: {sentence}")
                code = int(failed)
    return code


def _point_at_nothing(stream: object) -> None:
    """The interpreter flushes once more at its end; let that go nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
