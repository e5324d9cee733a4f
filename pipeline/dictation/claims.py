"""Who is at work on a dictation: a lock on its ledger that dies with its process, however that ends.

So a run that recovers never takes what another one is still recording, and two that recover never take the same.
Where files cannot be locked, everything is free.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BEYOND = 1 << 30
"""Byte that is locked where a lock also keeps others from reading: far behind the end of any ledger."""


class Claims:
    """The dictations that this process is at work on."""

    def __init__(self) -> None:
        self._files: dict[Path, int] = {}

    def take(self, path: Path) -> bool:
        """Claim the dictation with this ledger; False when another process has. Twice is fine."""
        if path in self._files:
            return True
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:
            return True
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            os.close(file)
            return False
        except OSError:  # this disk knows no locks
            os.close(file)
            return True
        self._files[path] = file
        return True

    def busy(self, path: Path) -> bool:
        """Whether anybody has claimed it, this process or another."""
        if path in self._files or not self.take(path):
            return True
        self.release(path)
        return False

    def release(self, path: Path) -> None:
        """Let others have it; it need not be claimed."""
        file = self._files.pop(path, None)
        if file is not None:
            os.close(file)

    def close(self) -> None:
        """Release all."""
        for path in list(self._files):
            self.release(path)


def _lock(file: int) -> None:
    """Raises an OSError when it is locked; closing the file unlocks it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, BEYOND, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
