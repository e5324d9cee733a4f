"""Sound files as commands write them: one rule for what ``--output`` may be, and the encoders behind it.

The ending tells the format. ``SpeechFile`` is for a text: engines' chunks evened out to one rate, and a file that
appears in one step when it is complete. ``Recording`` is for a conversation: it grows while it is spoken, so that a
killed program leaves what was said. A WAV recording is the pipeline's own ``WavWriter``.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.exits import UsageError

if TYPE_CHECKING:
    from pipeline import OutputUnwritable, WavWriter
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


RECORDED_S = 0.5
"""Seconds of a conversation that are collected before they are encoded."""


def checked_output(path: Path) -> Path:
    """``path`` when sound can be written there under its name; a device or a pipe takes any, as WAV.

    Raises UsageError for an ending that tells no format, for a folder, and where there is no folder for the file.
    """
    if path.is_dir():
        raise UsageError(f"{path}: this is a folder, not a file to write to.")
    if ending_of(path) not in FORMATS:
        raise UsageError(f"{path}: the ending must tell the format, one of {', '.join(FORMATS)}.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.absolute().parent} to write to.")
    return path


def ending_of(path: Path) -> str:
    """The ending that tells the format, in small letters; for a device or a pipe without one, that of WAV."""
    ending = path.suffix.lower()
    nameless = ending not in FORMATS and path.exists() and not path.is_file()
    return ".wav" if nameless else ending


def recording(path: Path, rate: int) -> WavWriter | Recording:
    """What writes a conversation at ``rate`` (Hz) into ``path``. Raises OutputUnwritable."""
    from pipeline import WavWriter

    return WavWriter(path, rate) if ending_of(path) == ".wav" else Recording(path, rate)


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
    """Collects speech and writes it once. Raises UsageError as ``checked_output`` does."""

    def __init__(self, path: Path) -> None:
        self._path = checked_output(path)
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
            self._evener = Evener(chunk.sample_rate)
            self._file = _encoder(self._encoded, ending_of(self._path), chunk.sample_rate)
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
        _encode(self._file, samples)


class Recording:
    """A FLAC, OGG or MP3 file that grows; what is written of it can be played at any moment."""

    def __init__(self, path: Path, rate: int) -> None:
        """Raises OutputUnwritable at once when the file cannot be made."""
        self._path = path
        self._rate = rate
        self._pending: list[Int16] = []
        self._count = 0
        self._encoded = io.BytesIO()
        self._begun = False
        self._told = 0
        try:
            self._out: Any = path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        self._file = _encoder(self._encoded, ending_of(path), rate)

    def write(self, samples: Int16) -> None:
        """Append samples. Raises OutputUnwritable when the disk is full."""
        self._pending.append(samples)
        self._count += len(samples)
        if self._count >= RECORDED_S * self._rate:
            self._flush()

    def close(self) -> None:
        """Write what is left, bring the beginning up to date, close; twice is fine. Raises OutputUnwritable."""
        if self._out is None:
            return
        if not self._begun and not self._count:
            self.write(_silence(self._rate))  # without a sample there would be no file of its kind
        try:
            self._flush()
            self._file.close()
            self._out.seek(0)  # lengths and tables stand at the beginning
            self._told = 0
            self._append()
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            out, self._out = self._out, None
            out.close()

    def _flush(self) -> None:
        import numpy as np

        pending, self._pending, self._count = self._pending, [], 0
        if self._out is None or not pending:
            return
        _encode(self._file, np.concatenate(pending))
        self._begun = True
        try:
            self._append()
        except OSError as error:
            raise self._unwritable(error) from error

    def _append(self) -> None:
        """To the disk what has been encoded since the last time; a full one may take a part first."""
        with self._encoded.getbuffer() as encoded:
            while self._told < len(encoded):
                self._told += self._out.write(encoded[self._told :])

    def _unwritable(self, error: OSError) -> OutputUnwritable:
        from pipeline import OutputUnwritable

        return OutputUnwritable(f"Cannot write {self._path}: {error.strerror or error}.")


def _silence(rate: int) -> Int16:
    """Twenty milliseconds."""
    import numpy as np

    return np.zeros(rate // 50, np.int16)


def _encoder(target: io.BytesIO, ending: str, rate: int) -> Any:  # noqa: ANN401  # the library has no types
    import soundfile

    kind, subtype = FORMATS[ending]
    return soundfile.SoundFile(target, "w", rate, channels=1, format=kind, subtype=subtype)


def _encode(file: Any, samples: Int16) -> None:  # noqa: ANN401  # the library has no types
    for start in range(0, len(samples), BLOCK):
        file.write(samples[start : start + BLOCK])
