"""Which local server was talked to last, in one small file of the state folder: the next ``auto`` prefers it.

Only servers of this machine are remembered, and never a key. A file that cannot be read or written is no matter.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from common.addresses import is_loopback, shown_url

if TYPE_CHECKING:
    from pathlib import Path


def _file() -> Path:
    from config import state_dir

    return state_dir() / "llm.json"


def last_used(file: Path | None = None) -> str | None:
    """The base URL of that server; None when none is known."""
    try:
        known = json.loads((file or _file()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url = known.get("base_url") if isinstance(known, dict) else None
    return url if isinstance(url, str) and url.startswith("http") and is_loopback(url) else None


def remember_used(base_url: str, file: Path | None = None) -> None:
    """Say that this server answered; one of another machine, or with a password, is not written down."""
    file = file or _file()
    if not is_loopback(base_url) or shown_url(base_url) != base_url or last_used(file) == base_url:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"base_url": base_url}) + "\n", encoding="utf-8")
