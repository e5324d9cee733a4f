"""Where the daemon's socket and lock lie: the user's runtime folder, and a private folder where there is none.

Whoever can open the socket can make Prism type, so the folder is the user's alone (0700) and is refused when it is not.
Light: ``prism ctl`` asks here before anything else.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import zlib
from pathlib import Path

MAX_SOCKET_PATH = 100
"""Bytes. The kernel's limit is 108 on Linux and 104 on macOS, its closing zero included."""
MINE = 0o700


class PlaceUnsafe(Exception):
    """The folder of the socket belongs to, or is open to, somebody else; one sentence says what to do."""


def runtime_dir() -> Path:
    """The folder of socket and lock, whether it is there or not."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given and sys.platform != "win32" and Path(given).is_dir():
        return _short(Path(given).absolute() / "prism")
    from platformdirs import user_state_path

    return _short(user_state_path("prism", appauthor=False) / "run")


def socket_path() -> Path:
    """The Unix socket."""
    return runtime_dir() / "control.sock"


def lock_path() -> Path:
    """The file that the one running daemon keeps locked."""
    return runtime_dir() / "daemon.lock"


def pipe_name() -> str:
    """The named pipe, on Windows: one for each user."""
    user = os.environ.get("USERNAME", "")
    return rf"\\.\pipe\prism-{zlib.crc32(str(runtime_dir()).encode()):08x}-{user}"


def private(folder: Path) -> Path:
    """``folder``, made if need be, and open to this user only. Raises PlaceUnsafe or OSError."""
    folder.mkdir(mode=MINE, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return folder  # below the user's profile, whose rights it inherits
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PlaceUnsafe(
            f"{folder} is not a folder of yours; remove it, or point XDG_RUNTIME_DIR elsewhere."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(MINE)
    return folder


def _short(folder: Path) -> Path:
    """The folder itself, or one with a short name that stands for it: a socket's path must fit the kernel's limit."""
    if sys.platform == "win32" or len(os.fsencode(folder / "control.sock")) <= MAX_SOCKET_PATH:
        return folder
    name = f"prism-{os.getuid()}-{zlib.crc32(os.fsencode(folder)):08x}"
    return Path(tempfile.gettempdir()) / name
