"""Prism's end of the folder by which it and Talon leave files for each other; Talon's end is in ``ui/assets/talon``.

    request.json    Prism asks; Talon takes it by renaming it to taken.json, so that nothing is done twice
    response.json   Talon answers, with the request's id
    state.json      what Prism is doing, renewed each second while it records, so that a dead Prism is noticed

The folder is the user's alone. Talon has no socket that would stay the same between its versions; files do.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from config import state_dir

LIMIT_S = 2.0
"""Seconds for Talon to answer: it looks twenty times a second, and an insertion into a slow window takes a while."""
LOOK_S = 0.02
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""There is one request.json for all dictations of a run: a request would replace one that Talon has not taken."""


def talon_exchange() -> Path:
    """The folder, whether it is there or not."""
    return state_dir() / "talon"


class TalonSilent(Exception):
    """Talon has not taken the request, and never will: it is as if nobody had asked."""


class TalonUnsure(Exception):
    """Talon has taken the request and not answered: what was asked may have been done."""


class TalonLink:
    """Asks Talon, one request at a time, and shows it what Prism is doing."""

    def __init__(self, folder: Path | None = None, limit_s: float = LIMIT_S) -> None:
        self._folder = folder or talon_exchange()
        self._limit_s = limit_s

    async def ask(self, do: str, **fields: str | None) -> dict[str, Any]:
        """Talon's answer. Raises TalonSilent, TalonUnsure, or OSError when files cannot be written."""
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            return await self._asked(do, fields)

    async def _asked(self, do: str, fields: dict[str, str | None]) -> dict[str, Any]:
        request = self._folder / "request.json"
        asked = uuid.uuid4().hex
        self._forget("taken.json", "response.json")
        self._write("request.json", {"id": asked, "do": do, **fields})
        try:
            async with asyncio.timeout(self._limit_s):
                answer = await self._answer(asked)
            self._forget("taken.json", "response.json")  # they hold what was said
            return answer
        except TimeoutError as error:
            try:
                request.unlink()
            except FileNotFoundError:
                raise TalonUnsure("Talon took the text and did not say what became of it") from error
            raise TalonSilent(
                "Talon does not answer; start it, and run prism ctl talon-install once."
            ) from error
        except asyncio.CancelledError:
            request.unlink(missing_ok=True)
            raise

    def show(self, state: str) -> None:
        """Let Talon know what dictation is doing."""
        self._write("state.json", {"state": state, "pid": os.getpid()})

    def _forget(self, *names: str) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    async def _answer(self, asked: str) -> dict[str, Any]:
        while True:
            with suppress(OSError, ValueError):
                found = json.loads((self._folder / "response.json").read_text(encoding="utf-8"))
                if isinstance(found, dict) and found.get("id") == asked:
                    return found
            await asyncio.sleep(LOOK_S)

    def _write(self, name: str, record: dict[str, Any]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        draft = self._folder / f"{name}.new"
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(self._folder / name)
