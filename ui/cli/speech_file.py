"""Speech as it comes from an engine, evened out to one rate, and written as a sound file.

The file appears in one step when it is complete: an interrupted command leaves no half of one.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.exits import UsageError

if TYPE_CHECKING:
    from tts import Int16, SpeechChunk

FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", None),
}
"""Ending -> format and subtype as libsndfile names them."""
BLOCK = 16_384
"""Samples encoded at once: libsndfile's Vorbis encoder keeps all of a block on the C stack."""


class Evener:
    """Chunks of any rate in, samples at one ``rate`` (Hz) out: an engine may change in the middle of a text."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._from = rate
        self._stream: Any = None

    def feed(self, chunk: SpeechChunk) -> Int16:
        """The samples of ``chunk``, and what was still held back of chunks at another rate."""
        import numpy as np

        parts = [self.rest()] if chunk.sample_rate != self._from else []
        if chunk.sample_rate != self._from:
            self._open(chunk.sample_rate)
        parts.append(chunk.samples if self._stream is None else self._stream.resample_chunk(chunk.samples))
        return np.concatenate(parts)

    def rest(self) -> Int16:
        """What the resampler still holds back; it ends."""
        import numpy as np

        stream, self._stream = self._stream, None
        self._from = self.rate
        empty = np.zeros(0, np.int16)
        return empty if stream is None else stream.resample_chunk(empty, last=True)

    def _open(self, rate: int) -> None:
        import soxr

        self._from = rate
        self._stream = None if rate == self.rate else soxr.ResampleStream(rate, self.rate, 1, dtype="int16")


class SpeechFile:
    """Collects speech and writes it once. The ending of ``path`` tells the format. Raises UsageError for another."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in FORMATS:
            raise UsageError(f"{path}: the ending must tell the format, one of {', '.join(FORMATS)}.")
        if path.is_dir():
            raise UsageError(f"{path}: this is a folder, not a file to write to.")
        if not path.absolute().parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.absolute().parent} to write to.")
        self._path = path
        self._encoded = io.BytesIO()
        self._file: Any = None
        self._evener: Evener | None = None
        self.samples = 0

    @property
    def duration(self) -> float:
        """Seconds of speech so far."""
        return self.samples / self._evener.rate if self._evener else 0.0

    def add(self, chunk: SpeechChunk) -> None:
        """Encode one chunk; the first one sets the rate of the file."""
        if self._evener is None:
            import soundfile

            kind, subtype = FORMATS[self._path.suffix.lower()]
            self._evener = Evener(chunk.sample_rate)
            self._file = soundfile.SoundFile(
                self._encoded, "w", chunk.sample_rate, channels=1, format=kind, subtype=subtype
            )
        self._encode(self._evener.feed(chunk))

    def save(self) -> None:
        """Write the file. Raises OSError. Without any chunk there is none."""
        if self._evener is None:
            return
        self._encode(self._evener.rest())
        self._file.close()
        target = self._path.resolve()
        if target.exists() and not target.is_file():  # a pipe or a device cannot be replaced
            target.write_bytes(self._encoded.getvalue())
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(self._encoded.getvalue())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _encode(self, samples: Int16) -> None:
        self.samples += len(samples)
        for start in range(0, len(samples), BLOCK):
            self._file.write(samples[start : start + BLOCK])
