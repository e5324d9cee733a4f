"""Writing so that a crash or a power cut takes back nothing that counts. Raises OSError."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def append_line(file: Path, text: str, *, flags: int = 0, synced: bool = True) -> None:
    """Add one line, and sync it. It begins on a line of its own, also after one that a crash has torn."""
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flags, 0o600)
    try:
        whole = f"{text}\n" if flags else f"\n{text}\n"
        data = whole.encode(errors="backslashreplace")  # half a surrogate pair: JSON reads it back as it was
        while data:
            data = data[os.write(out, data) :]
        if synced:
            os.fsync(out)
    finally:
        os.close(out)


def sync_folder(folder: Path) -> None:
    """Have a new file's name survive a power cut, where folders can be synced."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
