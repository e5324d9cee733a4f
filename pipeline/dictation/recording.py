"""The sound of one dictation: on the disk from the first sample, or in memory where the disk cannot take it.

The file is a WAV whose header is completed at the end: until then it claims the greatest length, and whoever reads it
believes the file's size instead. Whatever the event loop does, a thread writes what has come every ``WRITE_S``, so that
the death of the process loses no more than that, and another one syncs it every ``SYNC_S`` against a power cut: a disk
that takes long to sync must not keep the next samples from being written. When the disk fails, what it did not take
stays in memory, and the dictation goes on.
"""

from __future__ import annotations

import os
import struct
import threading
from typing import TYPE_CHECKING

import numpy as np

from pipeline.dictation.disk import sync_folder
from pipeline.dictation.seal import MAGIC, NONCE_BYTES
from stt import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.dictation.seal import Seal
    from stt import Int16

WRITE_S, SYNC_S = 0.06, 0.12
"""Seconds between two writes, and from one sync to the next."""
HEADER_BYTES = 44
BLOCK_S = 5.0
"""Seconds of a recording that are read at once."""
_UNKNOWN = 0xFFFF_FFFF - HEADER_BYTES
"""Bytes that the header claims while the recording goes on."""
_WIDTH = 2


class Recording:
    """Appended to by the event loop, written by its own thread. Without a ``path`` it lives in memory only."""

    def __init__(
        self, path: Path | None, failed: Callable[[OSError], None] | None = None, seal: Seal | None = None
    ) -> None:
        """``failed`` is called once, in another thread, when the disk takes no more; ``seal``: nobody else hears it."""
        self.path = path
        self._failed = failed
        self._seal = seal
        self._nonce = os.urandom(NONCE_BYTES)
        self._lock = threading.Lock()
        self._held: list[bytes] = []  # not on the disk
        self._on_disk = 0  # bytes of samples
        self._samples = 0
        self._ended = threading.Event()
        self._written = threading.Event()
        self._thread = threading.Thread(target=self._write, name="prism-journal", daemon=True)
        if path is None:
            self._written.set()
        else:
            self._thread.start()

    def __repr__(self) -> str:
        return f"<Recording {self.seconds:.1f} s, {self._on_disk} bytes on the disk>"

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self._samples / SAMPLE_RATE

    def append(self, samples: Int16) -> None:
        """Take the next samples, mono int16 at 16 kHz; never waits."""
        data = samples.astype("<i2").tobytes()
        with self._lock:
            self._held.append(data)
            self._samples += len(samples)

    def end(self) -> None:
        """No more will come; never waits. Twice is fine."""
        self._ended.set()

    def close(self) -> None:
        """No more will come; waits until all is on the disk, where there is one. Twice is fine."""
        self.end()
        self._written.wait()

    def blocks(self) -> Iterator[Int16]:
        """All samples, in blocks; while it is recorded, those so far."""
        with self._lock:  # of one moment: the writer may be about to move some from memory to the disk
            on_disk, rest = self._on_disk, b"".join(self._held)
        if self.path is not None:
            yield from read_blocks(self.path, on_disk, self._seal)
        step = round(BLOCK_S * SAMPLE_RATE)
        samples = np.frombuffer(rest, "<i2").astype(np.int16)
        yield from (samples[start : start + step] for start in range(0, len(samples), step))

    def _write(self) -> None:
        """In the thread."""
        try:
            if self.path is not None:
                self._write_to(self.path)
        except OSError as error:
            self._fail(error)
        finally:
            self._written.set()

    def _write_to(self, path: Path) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        over = threading.Event()
        syncing = threading.Thread(target=self._sync, args=(file, path.parent, over), daemon=True)
        syncing.start()
        try:
            _all(file, header(_UNKNOWN) if self._seal is None else sealed_header(self._nonce))
            while not over.is_set():
                if self._ended.wait(WRITE_S):
                    over.set()
                self._flush(file)
            if self._seal is None:
                os.lseek(file, 0, os.SEEK_SET)
                _all(file, header(self._on_disk))
            os.fsync(file)
        finally:
            over.set()
            syncing.join()
            os.close(file)

    def _flush(self, file: int) -> None:
        """Write what is held; what the disk did not take is held on."""
        with self._lock:
            count, data = len(self._held), b"".join(self._held)
        written = data if self._seal is None else self._seal.sound(self._nonce, self._on_disk, data)
        done = 0
        try:
            while done < len(written):
                done += os.write(file, written[done:])
        finally:
            whole = done - done % _WIDTH
            with self._lock:
                self._on_disk += whole
                self._held[:count] = [data[whole:]] if whole < len(data) else []

    def _sync(self, file: int, folder: Path, over: threading.Event) -> None:
        """In its thread: what was written, to the disk itself, until ``over``."""
        try:
            sync_folder(folder)
            while not over.wait(SYNC_S):
                os.fsync(file)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            failed(error)


def header(data_bytes: int) -> bytes:
    """The beginning of a WAV file with so many bytes of mono 16-bit samples at 16 kHz."""
    rate, width = SAMPLE_RATE, _WIDTH
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * width, width, 8 * width)
    return (
        struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + data_bytes, b"WAVE") + form + _data_head(data_bytes)
    )


def sealed_header(nonce: bytes) -> bytes:
    """The beginning of a sealed recording, as long as that of a plain one."""
    return (MAGIC + nonce).ljust(HEADER_BYTES, b"\0")


def read_blocks(path: Path, data_bytes: int | None = None, seal: Seal | None = None) -> Iterator[Int16]:
    """The samples of a recording, finished or not, in blocks; ``data_bytes`` of them, or what the file holds.

    Raises OSError; PermissionError when it is sealed and there is no ``seal``. A sample that was torn is left out.
    """
    left = data_bytes if data_bytes is not None else max(0, path.stat().st_size - HEADER_BYTES)
    step = round(BLOCK_S * SAMPLE_RATE) * _WIDTH
    with path.open("rb") as file:
        start, at = file.read(HEADER_BYTES), 0
        sealed = start.startswith(MAGIC)
        if sealed and seal is None:
            raise PermissionError(f"{path.name} is sealed")
        nonce = start[len(MAGIC) :][:NONCE_BYTES]
        while left >= _WIDTH and (data := file.read(min(step, left))):
            left -= len(data)
            if sealed and seal is not None:
                data = seal.sound(nonce, at, data)
            at += len(data)
            yield np.frombuffer(data[: len(data) - len(data) % _WIDTH], "<i2").astype(np.int16)


def seconds_of(path: Path) -> float:
    """Length of a recording, finished or not; 0 when there is none."""
    try:
        return max(0, path.stat().st_size - HEADER_BYTES) / _WIDTH / SAMPLE_RATE
    except OSError:
        return 0.0


def _data_head(data_bytes: int) -> bytes:
    return struct.pack("<4sI", b"data", data_bytes)


def _all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
