"""A WAV file that grows while it is written and can be played at any moment, also after a crash.

The header is brought up to date with each block, so that a killed process leaves a whole file.
"""

from __future__ import annotations

import wave
from contextlib import suppress
from typing import TYPE_CHECKING

from common.audio_host import AudioError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

FLUSH_S = 0.5
"""Seconds of audio that are collected before the disk is touched."""


class OutputUnwritable(AudioError):
    """The file cannot be made or the disk is full."""


class WavWriter:
    """16-bit PCM; interleave the samples of more than one channel before."""

    def __init__(self, path: Path, sample_rate: int, channels: int = 1) -> None:
        """Raises OutputUnwritable at once when the file cannot be made."""
        self._path = path
        self._block = int(FLUSH_S * sample_rate) * channels
        self._pending: list[npt.NDArray[np.int16]] = []
        self._count = 0
        try:
            path.open(
                "wb"
            ).close()  # first: a Wave_write that fails to open prints a traceback when it is collected
            self._file: wave.Wave_write | None = wave.open(str(path), "wb")  # noqa: SIM115  # closed by close()
            self._file.setnchannels(channels)
            self._file.setsampwidth(2)
            self._file.setframerate(sample_rate)
            self._file.writeframes(b"")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, samples: npt.NDArray[np.int16]) -> None:
        """Append samples. Raises OutputUnwritable when the disk is full."""
        self._pending.append(samples)
        self._count += len(samples)
        if self._count >= self._block:
            self._flush()

    def close(self) -> None:
        """Write what is left and close; twice is fine."""
        if self._file is None:
            return
        try:
            self._flush()
        finally:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()

    def _flush(self) -> None:
        pending, self._pending, self._count = self._pending, [], 0
        if self._file is None:
            return
        try:
            for samples in pending:
                self._file.writeframesraw(samples.astype("<i2").tobytes())
            self._file.writeframes(b"")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> OutputUnwritable:
        return OutputUnwritable(f"Cannot write {self._path}: {error.strerror or error}.")
