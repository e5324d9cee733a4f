"""One daemon for each user: a file that the running one keeps locked.

The kernel lets go of the lock when its holder ends, however it ends, so a lock is never stale, and neither is what it
protects: whoever holds it may remove a socket that is left over. A daemon's child keeps it too, if it was forked and
not started afresh.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKED_BYTE = 4096
"""Windows forbids others to read what is locked: a byte far behind the number of the process."""

LOOKS, LOOK_S = 4, 0.02


class AlreadyRunning(Exception):
    """Another process holds the lock."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"process {pid}" if pid else "another process")
        self.pid = pid


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Hold the lock while the block runs. Raises AlreadyRunning, or OSError where files cannot be locked."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _lock_soon(descriptor):
            raise AlreadyRunning(_pid(descriptor))
        _write(descriptor, str(os.getpid()))
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def is_held(file: Path) -> bool:
    """Whether a daemon runs: perhaps one that does not listen yet."""
    if not file.exists():
        return False
    descriptor = os.open(file, os.O_RDWR)
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock_soon(descriptor: int) -> bool:
    """Whoever asks ``is_held`` holds the lock for an instant: that is no daemon."""
    for _ in range(LOOKS):
        if _lock(descriptor):
            return True
        time.sleep(LOOK_S)
    return False


def _pid(descriptor: int) -> int | None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = os.read(descriptor, 20)
    return int(text) if text.isdigit() else None


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode())


if sys.platform == "win32":

    def _lock(descriptor: int) -> bool:
        import msvcrt

        os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
