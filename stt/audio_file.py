"""Any recording as mono int16 at 16 kHz, whole or in blocks of bounded memory.

libsndfile reads WAV, FLAC, OGG, MP3 and their like; FFmpeg (PyAV) what it refuses, such as M4A, WebM and
films. Channels are averaged and soxr resamples in high quality as a stream, so that blocks join without a
seam. Whatever cannot be read is an ``AudioUnreadable`` with one sentence; what is left of a truncated file is
used, and so is a WAV whose recorder died before it could write how long it is. Streams: ``audio_stream``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stt.base import AudioUnreadable, STTBackendMissing
from stt.types import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy.typing as npt

    from stt.types import Int16

READ_S = 5.0
"""Seconds of a file that are decoded at once."""
FULL_SCALE = 32768
RATES = (1000, 768_000)
"""Hertz: what sound cards and files really have."""
HEADER_BYTES = 4096
"""A WAV of more than that has samples, whatever it says."""


def load(path: Path) -> Int16:
    """The whole recording, 16 kHz mono. Raises AudioUnreadable."""
    return np.concatenate(list(blocks(path, READ_S)))


def blocks(path: Path, seconds: float) -> Iterator[Int16]:
    """The recording in blocks of ``seconds``, the last one shorter.

    Raises AudioUnreadable, also in mid-way.
    """
    _check(path)
    raw, rate = _opened(path)
    if raw is None:
        yield from _unfinished(path, seconds)
        return
    yield from reblock(resampled(raw, rate, str(path)), round(seconds * SAMPLE_RATE), str(path))


def reblock(pieces: Iterable[Int16], size: int, name: str) -> Iterator[Int16]:
    """The same samples in blocks of ``size``, the last one shorter.

    Raises AudioUnreadable when there are none.
    """
    held: list[Int16] = []
    count, some = 0, False
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        some = some or count > 0
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from np.split(joined[:whole], whole // size)
            held, count = [joined[whole:]], count - whole
    if not some:
        raise AudioUnreadable(f"{name} holds no sound: it has a header but no samples.")
    if count:
        yield np.concatenate(held)


def resampled(pieces: Iterable[npt.NDArray[np.float32]], rate: int, name: str) -> Iterator[Int16]:
    """Float samples (frames x channels, full scale 1.0) at ``rate`` Hz, as mono int16 at 16 kHz."""
    import soxr

    low, high = RATES
    if not low <= rate <= high:
        raise AudioUnreadable(
            f"{name} claims {rate} samples a second; speech has {low} to {high}, so it is damaged or not audio."
        )
    stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    for piece in pieces:
        if not np.isfinite(piece).all():
            raise AudioUnreadable(
                f"{name} is damaged: it holds values that are no numbers (NaN or infinite)."
            )
        mono = piece.mean(axis=1, dtype=np.float32)
        yield _to_int16(mono if rate == SAMPLE_RATE else stream.resample_chunk(mono))
    if rate != SAMPLE_RATE:
        yield _to_int16(stream.resample_chunk(np.zeros(0, np.float32), last=True))


def _to_int16(mono: npt.NDArray[np.float32]) -> Int16:
    # Clipped before it is scaled: a damaged file's floats may be too large to be multiplied.
    full = np.clip(mono, -1.0, 1.0) * FULL_SCALE
    return np.minimum(np.rint(full), FULL_SCALE - 1).astype(np.int16)


def _check(path: Path) -> None:
    """Tell what is wrong with a file before any library sees it."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise AudioUnreadable(f"{path} is not a file; feed a pipe or a device on standard input instead.")
        with path.open("rb") as file:
            start = file.read(1)
    except FileNotFoundError as error:
        raise AudioUnreadable(f"There is no file {path}; check the name.") from error
    except IsADirectoryError as error:
        raise AudioUnreadable(f"{path} is a folder, not a recording; name a file in it.") from error
    except PermissionError as error:
        what = "is a folder, not a recording" if path.is_dir() else "may not be read; check its permissions"
        raise AudioUnreadable(f"{path} {what}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioUnreadable(f"{path} cannot be opened ({reason}).") from error
    if not start:
        raise AudioUnreadable(f"{path} is empty (0 bytes).")


def _unfinished(path: Path, seconds: float) -> Iterator[Int16]:
    """The samples of a WAV that claims to have none."""
    from stt.audio_stream import read_stream

    with path.open("rb") as file:
        yield from read_stream(file, None, seconds, name=str(path))


def _opened(path: Path) -> tuple[Iterator[npt.NDArray[np.float32]] | None, int]:
    """Raw float pieces and their rate in Hz, by the first library that knows the format; None for a WAV that claims
    to have no samples and has some."""
    try:
        import soundfile
    except (ImportError, OSError) as error:  # the binding lacks, or the library behind it
        raise STTBackendMissing("Reading recordings needs soundfile: run `pip install soundfile`.") from error
    try:
        file = soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else path)  # a name may be no text
    except soundfile.LibsndfileError:
        return _through_ffmpeg(path), SAMPLE_RATE
    if not file.frames and file.format in {"WAV", "WAVEX"} and path.stat().st_size > HEADER_BYTES:
        file.close()
        return None, SAMPLE_RATE
    return _through_sndfile(file, path), file.samplerate


def _through_sndfile(file: Any, path: Path) -> Iterator[npt.NDArray[np.float32]]:  # noqa: ANN401  # untyped
    import soundfile

    with file:
        try:
            while len(piece := file.read(int(READ_S * file.samplerate), "float32", always_2d=True)):
                yield piece
        except soundfile.LibsndfileError as error:
            raise AudioUnreadable(f"{path} is damaged: {error.error_string}") from error


def _through_ffmpeg(path: Path) -> Iterator[npt.NDArray[np.float32]]:
    """Pieces at 16 kHz mono, resampled by FFmpeg itself, its last samples included."""
    try:
        import av
    except ImportError as error:
        raise STTBackendMissing(f"{path} needs PyAV to be read: run `pip install av`.") from error
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise AudioUnreadable(f"{path} holds no sound, only other streams.")
            resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(audio=0):
                yield from _columns(resampler.resample(frame))
            yield from _columns(resampler.resample(None))
    except (av.error.FFmpegError, UnicodeEncodeError) as error:  # it takes a name that is text
        raise AudioUnreadable(
            f"{path} is not a recording that can be read; give a WAV, FLAC, OGG, MP3 or M4A file."
        ) from error


def _columns(parts: Iterable[Any]) -> Iterator[npt.NDArray[np.float32]]:
    """FFmpeg's frames, which hold channels x frames, as frames x channels."""
    for part in parts:
        yield part.to_ndarray().T
