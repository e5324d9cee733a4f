"""The journal of dictations: for each one its ledger (JSON lines) and its sound (WAV), readable by its owner alone.

Two files for each dictation rather than one for all: removing is unlinking, a copy of the folder at any moment is a
journal, and nothing has ever to be rewritten. Every write is done off the event loop and with a time limit. A disk that
fails costs the journal, not the dictation: what it did not take stays in memory, ``failed`` is told, and after a while
the disk is tried again.
Whether and when something is transcribed or delivered is not decided here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from common.worker import Worker
from pipeline.dictation.claims import Claims
from pipeline.dictation.disk import append_line, sync_folder
from pipeline.dictation.ledger import RESTING, Dictated, LedgerState, folded, line
from pipeline.dictation.recording import Recording, read_blocks, seconds_of
from pipeline.ids import by_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from config import JournalSettings
    from pipeline.dictation.seal import Seal
    from stt import Int16

P = ParamSpec("P")
T = TypeVar("T")

LAST = "last"
"""Stands for the newest dictation."""
LIMIT_S = 2.0
"""Seconds that one write may take before the disk counts as gone."""
IN_MEMORY = 20
"""Dictations of this run whose ledger is kept in memory."""
SOUNDS_IN_MEMORY = 3
"""Of them, those whose sound is, where no disk has it: an hour is 115 MB."""
UNSYNCED = frozenset(("captured", "transcribed", "cleaned"))
"""States that a power cut may take back."""
AGAIN_S = 300.0
"""Seconds after which a disk that took no more is tried again: it may have room by then."""
TIDY_S = 3600.0
"""Seconds between two looks for what has become too old."""
DAY_S = 86_400
_ID = re.compile(r"d\d{8}-\d{6}(?:-\d+)?")
_log = logging.getLogger("prism.journal")


class JournalError(Exception):
    """A dictation of the journal is not there or cannot be read; one sentence."""


class Journal:
    """The folder of dictations. Close it."""

    def __init__(
        self,
        settings: JournalSettings,
        folder: Path | None = None,
        failed: Callable[[str], None] | None = None,
        seal: Seal | None = None,
    ) -> None:
        """``failed`` is told, in a sentence, when the disk takes no more: from then on memory must do.

        With a ``seal`` what is written from now on is encrypted, and what was is read.
        """
        from config import state_dir

        self.folder = folder or state_dir() / "dictations"
        self.settings = settings
        self.failed = failed
        self._seal = seal
        self._worker = Worker("prism-ledger")
        self._lines: dict[str, list[str]] = {}
        self._sounds: dict[str, Recording] = {}
        self._claims = Claims()
        self._filed: set[str] = set()
        """Those that this run has written files of."""
        self._broken = self._hung = False
        self._again_at = self._tidy_at = 0.0

    @property
    def on_disk(self) -> bool:
        """Whether anything is written."""
        return self.settings.keep != "off" and not self._broken

    # A dictation of this run.

    async def begin(self, trigger: str) -> str:
        """A new dictation: its id. Its files are made, where there is a disk."""
        first = line("started", _now(), {"trigger": trigger})
        self._broken = self._broken and (self._hung or time.monotonic() < self._again_at)
        name = await self._do(self._made, first) if self.on_disk else None
        name = name or self._free_id()
        self._lines[name] = [first]
        while len(self._lines) > IN_MEMORY:
            oldest = next(iter(self._lines))
            self._lines.pop(oldest)
            self._sounds.pop(oldest, None)
            self._filed.discard(oldest)
        return name

    def record(self, name: str) -> Recording:
        """Where the sound of a dictation that has begun goes to."""
        loop = asyncio.get_running_loop()

        def lost(error: OSError) -> None:
            loop.call_soon_threadsafe(self._break, error)

        recording = Recording(self.sound_file(name) if self.on_disk else None, lost, self._seal)
        self._sounds[name] = recording
        in_memory = [key for key, sound in self._sounds.items() if sound.path is None]
        for key in in_memory[:-SOUNDS_IN_MEMORY]:
            del self._sounds[key]
        return recording

    async def close_recording(self, recording: Recording) -> None:
        """Bring the rest of a recording to the disk."""
        if recording.path is not None:
            await self._do(recording.close)

    async def note(self, name: str, state: LedgerState, **facts: Any) -> None:  # noqa: ANN401  # the fields of Dictated
        """Write down what became of a dictation. When this returns it is written, or the disk has failed.

        What leads to the words is not synced before it returns: a power cut that takes it leaves the sound, and who
        waits for words does not wait for a disk. What may have been delivered is.
        """
        text = line(state, _now(), facts)
        self._lines.setdefault(name, self._ledger(name)).append(text)
        # Also after the disk was full: what was delivered must not look as if it were not.
        if self.settings.keep != "off" and not self._hung and self.folder.is_dir():
            await self._do(self._noted, name, text, state)
        if state in RESTING:
            self._claims.release(self.ledger_file(name))

    # All dictations.

    def ids(self) -> list[str]:
        """Of all that are here, the oldest first. What another program has removed is forgotten in memory, too."""
        filed = set(self._filed) if self.on_disk else set()  # before the look: one may be written meanwhile
        on_disk = {file.stem for file in self.folder.glob("d*.jsonl") if _ID.fullmatch(file.stem)}
        for gone in filed - on_disk:
            self._lines.pop(gone, None)
            self._filed.discard(gone)
        return sorted({*on_disk, *self._lines}, key=by_time)

    def load(self, wanted: str = LAST) -> Dictated:
        """A dictation by its id, or the last one that can be read. Raises JournalError."""
        if wanted == LAST:
            if (newest := next(self.newest(), None)) is None:
                raise JournalError("No dictation is kept yet (journal.keep decides what is).")
            return newest
        self._check(wanted)
        if (found := folded(wanted, self._ledger(wanted))) is None:
            raise JournalError(f"The dictation {wanted} is torn, or sealed with another key.")
        return found

    def sound(self, name: str) -> Iterator[Int16]:
        """The samples of a dictation, in blocks. Raises JournalError when there are none."""
        try:
            if name in self._sounds:
                yield from self._sounds[name].blocks()
            else:
                yield from read_blocks(self.sound_file(name), seal=self._seal)
        except OSError as error:
            raise JournalError(f"The sound of the dictation {name} is not kept.") from error

    def seconds(self, name: str) -> float:
        """Length of its sound as far as there is any."""
        recording = self._sounds.get(name)
        return recording.seconds if recording is not None else seconds_of(self.sound_file(name))

    def remove(self, name: str) -> None:
        """Forget one, also one that cannot be read. Raises JournalError when it is not there, or in work."""
        self._check(name)
        if self._claims.busy(self.ledger_file(name)):
            raise JournalError(f"The dictation {name} is in work right now; wait until it is over.")
        self._forget_files(name)
        self._lines.pop(name, None)

    async def drop(self, name: str) -> None:
        """Forget one that has come to nothing."""
        recording = self._sounds.pop(name, None)
        self._lines.pop(name, None)
        if recording is not None:
            await self.close_recording(recording)  # its thread may still have the file open
        if self.on_disk:
            await self._do(self._forget_files, name)

    def newest(self) -> Iterator[Dictated]:
        """Every dictation that can be read, the newest first, each read when it is asked for."""
        for name in reversed(self.ids()):
            if (dictated := folded(name, self._ledger(name))) is not None:
                yield dictated

    def claim(self, name: str) -> bool:
        """Have this dictation to oneself until it is noted to rest; False when another process works on it."""
        return self._claims.take(self.ledger_file(name))

    def release(self, name: str) -> None:
        """Let others have it."""
        self._claims.release(self.ledger_file(name))

    def known(self, name: str) -> bool:
        """Whether it belongs to this run."""
        return name in self._lines

    async def tidy(self) -> None:
        """Remove what has become too old, and the oldest sound beyond the allowed size; not too often."""
        if self.on_disk and time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY_S
            await self._do(self._tidy)

    async def aclose(self) -> None:
        """Let the threads and all claims go, when they have written all; twice is fine."""
        for recording in list(self._sounds.values()):
            recording.end()
            await self.close_recording(recording)
        self._worker.close()
        self._claims.close()

    def ledger_file(self, name: str) -> Path:
        """Where its states are written."""
        return self.folder / f"{name}.jsonl"

    def sound_file(self, name: str) -> Path:
        """Where its sound is written."""
        plain, sealed = self.folder / f"{name}.wav", self.folder / f"{name}.sealed"
        return sealed if sealed.exists() or (self._seal is not None and not plain.exists()) else plain

    # In the worker's thread.

    def _made(self, first: str) -> str:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            name = self._free_id()
            try:
                self._append(name, first, flags=os.O_EXCL)
            except FileExistsError:
                continue
            self._claims.take(self.ledger_file(name))
            sync_folder(self.folder)
            return name

    def _noted(self, name: str, text: str, state: LedgerState) -> None:
        """A full disk must not make delivered words look undelivered: then the sound gives its room, then all."""
        try:
            self._append(name, text, synced=state not in UNSYNCED)
        except OSError:
            if state not in {"delivering", "delivered", "confirmed"}:
                raise
            self._forget_sound(name)
            try:
                self._append(name, text)
            except OSError:
                self._forget_files(name)
                self._filed.discard(name)  # memory knows it on
                raise
        if self.settings.keep == "text" and state in {"delivered", "confirmed", "cancelled", "empty"}:
            self._forget_sound(name)

    def _append(self, name: str, text: str, *, flags: int = 0, synced: bool = True) -> None:
        closed = text if self._seal is None else self._seal.closed(text)
        append_line(self.ledger_file(name), closed, flags=flags, synced=synced)
        self._filed.add(name)

    def _tidy(self) -> None:
        oldest = dt.datetime.now().timestamp() - self.settings.keep_days * DAY_S  # noqa: DTZ005  # timestamps have no zone
        room = self.settings.max_mb * 1_000_000
        for name in reversed(self.ids()):
            ledger, sound = self.ledger_file(name), self.sound_file(name)
            with suppress(FileNotFoundError):  # another program has just removed it
                if self._claims.busy(ledger):
                    continue
                changed = ledger.stat().st_mtime
                room -= sound.stat().st_size if sound.exists() else 0
                if changed < oldest:
                    self._forget_files(name)
                elif room < 0:
                    self._forget_sound(name)

    def _forget_files(self, name: str) -> None:
        self._claims.release(self.ledger_file(name))
        self._forget_sound(name)
        self.ledger_file(name).unlink(missing_ok=True)

    def _forget_sound(self, name: str) -> None:
        recording = self._sounds.get(name)
        if recording is not None:
            recording.close()  # some systems delete no file that is open
        self.sound_file(name).unlink(missing_ok=True)

    # Shared.

    def _check(self, name: str) -> None:
        if name not in self.ids():
            raise JournalError(f"There is no dictation {name}: prism history lists those there are.")

    async def _do(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Run a write in the thread; None, and the journal is broken, when the disk fails or hangs."""
        try:
            async with asyncio.timeout(LIMIT_S):
                return await self._worker.run(job, *args, **kwargs)
        except OSError as error:  # TimeoutError is one
            self._break(error)
            return None

    def _break(self, error: OSError) -> None:
        self._hung = self._hung or isinstance(error, TimeoutError)
        self._again_at = time.monotonic() + AGAIN_S
        if self._broken:
            return
        self._broken = True
        what = (
            "does not answer" if isinstance(error, TimeoutError) else (error.strerror or str(error)).lower()
        )
        _log.warning("the journal is in memory from now on: %s", error)
        if self.failed is not None:
            self.failed(
                f"The journal in {self.folder} cannot be written ({what}): dictations are in memory only."
            )

    def _ledger(self, name: str) -> list[str]:
        if name in self._lines:
            return self._lines[name]
        try:
            data = self.ledger_file(name).read_bytes()
        except OSError:
            return []
        lines = data.decode("utf-8", "replace").split("\n")
        return lines if self._seal is None else [self._seal.opened(text) for text in lines]

    def _free_id(self) -> str:
        base = dt.datetime.now().astimezone().strftime("d%Y%m%d-%H%M%S")
        names = (base, *(f"{base}-{number}" for number in range(2, 10_000)))
        return next(name for name in names if name not in self._lines and not self.ledger_file(name).exists())


def _now() -> str:
    return dt.datetime.now().astimezone().isoformat(timespec="milliseconds")
