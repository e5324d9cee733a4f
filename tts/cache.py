"""Speech that was made once and need not be made again: memory, and a disk behind it if that is wanted.

A key names everything that decides how a piece sounds: engine, which of its voices (the voice's own signature, so that
a replaced voice file is another voice), language, speed, and the text as the engine gets it. Bounded in bytes; what
was not heard for the longest goes first. What is given out is read-only, so no listener can spoil it.

Which speech is worth keeping, and what an engine's signature is, is decided by others.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import TtsCacheSettings
    from tts.cache_disk import SpeechDisk
    from tts.types import Int16

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class SpeechKey:
    """What decides how a piece of speech sounds."""

    engine: str
    voice: str
    """The engine's own signature of the voice."""
    language: str
    speed: float
    text: str
    """As the engine gets it."""

    @property
    def digest(self) -> str:
        """The key as 40 hexadecimal digits; unlike keys have unlike digests."""
        parts = (self.engine, self.voice, self.language, repr(self.speed), self.text)
        whole = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A whole piece, ready to play."""

    samples: Int16
    """Mono; read-only."""
    sample_rate: int
    """Hertz."""

    def __post_init__(self) -> None:
        self.samples.flags.writeable = False

    @property
    def size(self) -> int:
        """Bytes."""
        return self.samples.nbytes


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How well the cache does."""

    hits: int
    misses: int
    entries: int
    """In memory."""
    size: int
    """Bytes in memory."""
    disk_size: int
    """Bytes on disk; 0 without one."""

    @property
    def hit_rate(self) -> float:
        """Share of what was asked for that was there, 0 to 1."""
        return self.hits / max(1, self.hits + self.misses)


class SpeechCache:
    """The most recently heard pieces."""

    def __init__(self, memory_bytes: int, disk: SpeechDisk | None = None) -> None:
        self._limit = memory_bytes
        self._disk = disk
        self._kept: OrderedDict[SpeechKey, Speech] = OrderedDict()
        self._size = 0
        self._hits = 0
        self._misses = 0

    @classmethod
    def from_settings(cls, settings: TtsCacheSettings) -> SpeechCache | None:
        """The cache that ``tts.cache`` asks for; None when that is none."""
        if not settings.memory_mb and not settings.disk_mb:
            return None
        disk = None
        if settings.disk_mb:
            from config import cache_dir
            from tts.cache_disk import SpeechDisk

            disk = SpeechDisk(cache_dir() / "speech", settings.disk_mb * MEGABYTE)
        return cls(settings.memory_mb * MEGABYTE, disk)

    def __repr__(self) -> str:
        stats = self.stats
        asked = stats.hits + stats.misses
        return (
            f"<SpeechCache {stats.hits} of {asked} hits ({stats.hit_rate:.0%}), {stats.entries} pieces, "
            f"{stats.size / MEGABYTE:.1f} MB, {stats.disk_size / MEGABYTE:.1f} MB on disk>"
        )

    @property
    def stats(self) -> CacheStats:
        """Counted since the start."""
        disk_size = self._disk.size if self._disk else 0
        return CacheStats(self._hits, self._misses, len(self._kept), self._size, disk_size)

    async def get(self, key: SpeechKey) -> Speech | None:
        """The speech of that key: from memory at once, from disk after a look in a thread."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        elif self._disk is not None:
            found = await self._disk.get(key)
            if found is not None:
                self._remember(key, found)
        self._hits += found is not None
        self._misses += found is None
        return found

    def put(self, key: SpeechKey, speech: Speech) -> None:
        """Keep a piece; the disk takes it later."""
        self._remember(key, speech)
        if self._disk is not None:
            self._disk.put(key, speech)

    def close(self) -> None:
        """Write what waits to be written; twice is fine."""
        if self._disk is not None:
            self._disk.close()

    def _remember(self, key: SpeechKey, speech: Speech) -> None:
        if speech.size > self._limit:
            return
        if replaced := self._kept.pop(key, None):
            self._size -= replaced.size
        self._kept[key] = speech
        self._size += speech.size
        while self._size > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
