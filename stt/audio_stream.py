"""A recording from a pipe: WAV, or raw 16-bit mono PCM, read as it comes and never seeked.

libsndfile must seek, so the few lines of WAV that a pipe needs are here: the header is walked up to the
samples, and the length that it claims is not believed, because a program that records into a pipe cannot know
it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from stt.audio_file import reblock, resampled
from stt.base import AudioUnreadable
from stt.types import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy.typing as npt

    from stt.types import Int16

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
"""Format tags of WAV."""
WIDTHS = {(PCM, 16): "<i2", (PCM, 32): "<i4", (FLOAT, 32): "<f4"}
"""Kinds of samples that are read from a pipe."""
READ_S = 0.02
"""Seconds that are read at once: what a live pipe delivers must not wait for more."""


@dataclass(frozen=True, slots=True)
class _Format:
    """How the samples of a stream are laid out."""

    rate: int
    """Hertz."""
    channels: int
    dtype: str
    """numpy's name of one sample."""

    @property
    def frame_bytes(self) -> int:
        return self.channels * np.dtype(self.dtype).itemsize


def read_stream(
    stream: BinaryIO, rate: int | None = None, seconds: float = READ_S, *, name: str = "The input"
) -> Iterator[Int16]:
    """Blocks of ``seconds`` at 16 kHz mono, the last one shorter. ``rate`` (Hz) says that the stream is raw
    PCM; ``name`` is what errors call it.

    A stream that begins with RIFF is WAV, whatever ``rate`` is. Raises AudioUnreadable.
    """
    start = _exactly(stream, 12)
    if not start:
        raise AudioUnreadable("The input is empty: nothing was written to it.")
    if start[:4] == b"RIFF" and start[8:] == b"WAVE":
        layout, start = _wav_header(stream), b""
    elif rate is None:
        raise AudioUnreadable("The input is not WAV; for raw 16-bit mono PCM say so with --rate 16000.")
    else:
        layout = _Format(rate, 1, "<i2")
    pieces = resampled(_pieces(stream, start, layout), layout.rate, name)
    yield from reblock(pieces, round(seconds * SAMPLE_RATE), name)


def _pieces(stream: BinaryIO, start: bytes, layout: _Format) -> Iterator[npt.NDArray[np.float32]]:
    """Float frames as they come; a broken last frame is dropped."""
    size = max(1, int(READ_S * layout.rate)) * layout.frame_bytes
    while data := start + _exactly(stream, size - len(start)):
        start = b""
        whole = len(data) - len(data) % layout.frame_bytes
        samples = np.frombuffer(data[:whole], layout.dtype)
        scale = 1.0 if layout.dtype == "<f4" else float(np.iinfo(samples.dtype).max + 1)
        yield (samples.astype(np.float64) / scale).astype(np.float32).reshape(-1, layout.channels)


def _wav_header(stream: BinaryIO) -> _Format:
    """Read up to the first sample."""
    layout: _Format | None = None
    while len(head := _exactly(stream, 8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data" and layout is not None:
            return layout
        if name == b"data" or size > 1 << 20:
            break
        body = _exactly(stream, size + size % 2)
        if name == b"fmt ":
            layout = _wav_format(body)
    raise AudioUnreadable("The input begins like WAV but is broken off before its samples.")


def _wav_format(body: bytes) -> _Format:
    """The ``fmt `` chunk."""
    if len(body) < 16:
        raise AudioUnreadable("The input begins like WAV but its format is broken.")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    dtype = WIDTHS.get((tag, bits))
    if dtype is None or not channels or not rate:
        raise AudioUnreadable(
            f"The input is WAV of kind {tag} with {bits} bits; pipe 16-bit or 32-bit samples, or give a file."
        )
    return _Format(rate, channels, dtype)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """``size`` bytes, fewer only at the end of the stream; a pipe may give them piecemeal."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
