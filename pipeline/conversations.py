"""Saved conversations: one file of JSON lines each, in the state folder, readable by its owner alone.

Each line is one write of a conversation's history, as it happened, so that a crash loses nothing but the sentence in
the air. Nothing leaves the machine, and files that have become too old are removed. What a conversation is about, and
how it goes on, is not decided here.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm import Entry
from pipeline.ids import by_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LAST = "last"
"""Stands for the newest conversation."""
_ID = re.compile(r"\d{8}-\d{6}(?:-\d+)?")
_log = logging.getLogger("prism.conversations")


class ConversationError(Exception):
    """A saved conversation is not there or cannot be read; one sentence."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved conversation."""

    id: str
    """Date and time of its beginning: 20261120-141500."""
    began: str
    """The same, for people: 2026-11-20 14:15."""
    entries: tuple[Entry, ...]

    @property
    def about(self) -> str:
        """The first words of the user."""
        return next((entry.text for entry in self.entries if entry.role == "user" and entry.text.strip()), "")


class ConversationStore:
    """The folder of saved conversations."""

    def __init__(self, folder: Path | None = None) -> None:
        from config import state_dir

        self.folder = folder or state_dir() / "conversations"

    def ids(self) -> list[str]:
        """Of all that are here, the oldest first."""
        found = (file.stem for file in self.folder.glob("*.jsonl") if _ID.fullmatch(file.stem))
        return sorted(found, key=by_time)

    def load(self, wanted: str = LAST) -> Saved:
        """A conversation by its id, or the last one. Raises ConversationError."""
        ids = self.ids()
        if wanted == LAST and not ids:
            raise ConversationError("No conversation is saved yet (history.save decides whether they are).")
        name = ids[-1] if wanted == LAST else wanted
        file = self._found(name)
        try:
            return Saved(name, _began(name), tuple(_entries(file)))
        except OSError as error:
            raise ConversationError(f"The conversation {name} cannot be read: {error}.") from error

    def remove(self, name: str) -> None:
        """Delete one, also one that cannot be read. Raises ConversationError when it is not there."""
        self._found(name).unlink()

    def expire(self, keep_days: int) -> int:
        """Delete what has not been added to for so many days; how many there were."""
        oldest = dt.datetime.now().timestamp() - keep_days * 86_400  # noqa: DTZ005  # timestamps have no zone
        old = [file for file in map(self._file, self.ids()) if file.stat().st_mtime < oldest]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    def recorder(self, name: str | None = None) -> Recorder:
        """Writes a new conversation, or goes on with one."""
        return Recorder(self, name)

    def new_id(self) -> str:
        """An id that no conversation here has."""
        base = dt.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        taken = set(self.ids())
        return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in taken)

    def _found(self, name: str) -> Path:
        if name not in self.ids():
            raise ConversationError(f"There is no conversation {name}: prism history lists those there are.")
        return self._file(name)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"


class Recorder:
    """Appends to one conversation; its file is made with its first words. A full disk ends the record, not the talk."""

    def __init__(self, store: ConversationStore, name: str | None) -> None:
        self._store = store
        self._file = store.folder / f"{name}.jsonl" if name else None
        self._broken = False

    def __call__(self, entry: Entry) -> None:
        """Write one entry."""
        if self._broken or not (entry.text or entry.intended):
            return
        try:
            self._append(entry)
        except OSError as error:
            self._broken = True
            _log.warning("this conversation is not saved any further: %s", error)

    def _append(self, entry: Entry) -> None:
        if self._file is None:
            self._store.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._store.folder / f"{self._store.new_id()}.jsonl"
        at = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        line = json.dumps({"at": at, **_shape(entry)}, ensure_ascii=False)
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab+") as out:
            if out.seek(0, os.SEEK_END):
                out.seek(-1, os.SEEK_END)
                line = (
                    line if out.read(1) == b"\n" else f"\n{line}"
                )  # a crash or a full disk cut the last one
            out.write(line.encode("utf-8", "replace") + b"\n")


def _shape(entry: Entry) -> dict[str, Any]:
    shape: dict[str, Any] = {"role": entry.role, "text": entry.text}
    if entry.language:
        shape["language"] = entry.language
    if entry.role == "assistant" and entry.intended != entry.text:
        shape["intended"] = entry.intended
    return shape


def _entries(file: Path) -> Iterator[Entry]:
    """The entries of a file; a line that was cut by a crash is left out."""
    content = file.read_bytes().decode("utf-8", "replace")  # a line may have been cut within a letter
    for line in content.split("\n"):  # splitlines would break a line at U+2028
        try:
            shape = json.loads(line)
        except ValueError:
            continue
        if not isinstance(shape, dict) or not isinstance(shape.get("text"), str):
            continue
        text, language = shape["text"], shape.get("language")
        if shape.get("role") == "user":
            yield Entry("user", text, language=language if isinstance(language, str) else None)
        elif shape.get("role") == "assistant":
            yield Entry("assistant", text, str(shape.get("intended", text)))


def _began(name: str) -> str:
    return f"{name[:4]}-{name[4:6]}-{name[6:8]} {name[9:11]}:{name[11:13]}"
