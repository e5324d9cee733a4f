"""Speech on disk between runs: one file per piece, bounded in bytes, and never believed without its checksum.

A file is a line of JSON (rate, digest of the sound) and the samples, little-endian int16; its name is the digest of
its key. It is written beside its place and moved there, so that a crash leaves no half of one. A damaged file is
removed and counts as absent. A disk that cannot be written is given up with one word in the log: speech goes on.
Everything happens in one thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from tts.cache import Speech

if TYPE_CHECKING:
    from pathlib import Path

    from tts.cache import SpeechKey

log = logging.getLogger(__name__)

SUFFIX, PART = ".speech", ".part"
ABANDONED_S = 3600.0
"""Seconds after which a part is what a crash has left."""

WAITING = 32
"""Pieces that may wait to be written; more than that are not kept, so that a slow disk holds no memory."""


class SpeechDisk:
    """A folder of pieces. Only its own thread touches the files."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="speech cache")
        self._sizes: dict[str, int] | None = (
            None  # name -> bytes, least recently heard first; None until looked
        )
        self._waiting = 0
        self._given_up = False
        self._closed = False

    @property
    def size(self) -> int:
        """Bytes on disk, as far as known."""
        return sum((self._sizes or {}).copy().values())

    async def get(self, key: SpeechKey) -> Speech | None:
        """The speech of that key, if it is there and sound."""
        if self._closed:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, key.digest)

    def put(self, key: SpeechKey, speech: Speech) -> None:
        """Write it when the disk has time."""
        if self._closed or self._given_up or self._waiting >= WAITING or speech.size > self._limit:
            return
        self._waiting += 1
        self._pool.submit(self._write, key.digest, speech)

    def close(self) -> None:
        """Finish what waits; twice is fine."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _known(self) -> dict[str, int]:
        """What the folder holds, looked up once."""
        if self._sizes is None:
            found = []
            with contextlib.suppress(OSError):
                for file in self._folder.glob(f"*{SUFFIX}"):
                    status = file.stat()
                    found.append((status.st_mtime_ns, file.stem, status.st_size))
                for file in self._folder.glob(f"*{PART}"):
                    if file.stat().st_mtime < time.time() - ABANDONED_S:
                        file.unlink()
            self._sizes = {name: size for _, name, size in sorted(found)}
        return self._sizes

    def _read(self, name: str) -> Speech | None:
        known = self._known()
        if name not in known:
            return None
        file = self._path(name)
        try:
            data = file.read_bytes()
        except OSError:
            known.pop(name)
            return None
        speech = decoded(data)
        if speech is None:
            log.warning("a damaged piece was removed from the speech cache")
            self._remove(name)
            return None
        known[name] = known.pop(name)
        with contextlib.suppress(OSError):
            os.utime(file)
        return speech

    def _write(self, name: str, speech: Speech) -> None:
        try:
            if self._given_up or name in self._known():
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._beside(name).write_bytes(encoded(speech))
            self._beside(name).replace(self._path(name))
            self._known()[name] = self._path(name).stat().st_size
            self._shrink()
        except OSError as error:
            self._given_up = True
            log.warning("the speech cache on disk is given up: %s", error)
            with contextlib.suppress(OSError):
                self._beside(name).unlink(missing_ok=True)
        finally:
            self._waiting -= 1

    def _shrink(self) -> None:
        known = self._known()
        total = sum(known.values())
        for name in list(known):
            if total <= self._limit:
                return
            total -= known[name]
            self._remove(name)

    def _remove(self, name: str) -> None:
        self._known().pop(name, None)
        with contextlib.suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _beside(self, name: str) -> Path:
        """This process's own: another one may write the same piece at the same time."""
        return self._folder / f"{name}.{os.getpid()}{PART}"


def encoded(speech: Speech) -> bytes:
    """The content of a file."""
    sound = speech.samples.astype("<i2").tobytes()
    head = {"rate": speech.sample_rate, "digest": hashlib.blake2b(sound, digest_size=16).hexdigest()}
    return json.dumps(head).encode() + b"\n" + sound


def decoded(data: bytes) -> Speech | None:
    """The speech in a file's content; None when it is damaged."""
    head, _, sound = data.partition(b"\n")
    try:
        described = json.loads(head)
        rate, digest = int(described["rate"]), described["digest"]
    except (ValueError, KeyError, TypeError):
        return None
    if rate <= 0 or hashlib.blake2b(sound, digest_size=16).hexdigest() != digest or len(sound) % 2:
        return None
    return Speech(np.frombuffer(sound, "<i2").astype(np.int16), rate)
