"""Chunks of speech as one WAV file in memory: mono, 16 bits. Pure but for the resampler's library."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts.types import Int16, SpeechChunk


def wav_bytes(chunks: Sequence[SpeechChunk]) -> bytes:
    """A WAV file at the rate of the first chunk; later ones of another voice's rate are resampled."""
    rate = chunks[0].sample_rate if chunks else 16_000
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for samples, found in _runs(chunks):
            file.writeframes(_resampled(samples, found, rate).astype("<i2").tobytes())
    return buffer.getvalue()


def _runs(chunks: Sequence[SpeechChunk]) -> list[tuple[Int16, int]]:
    """Neighboring chunks of one rate, joined: a resampler needs what stands on both sides of a seam."""
    runs: list[tuple[list[Int16], int]] = []
    for chunk in chunks:
        if not runs or runs[-1][1] != chunk.sample_rate:
            runs.append(([], chunk.sample_rate))
        runs[-1][0].append(chunk.samples)
    return [(np.concatenate(parts), rate) for parts, rate in runs]


def _resampled(samples: Int16, found: int, wanted: int) -> Int16:
    if found == wanted or not len(samples):
        return samples
    import soxr

    resampled: Int16 = soxr.resample(samples, found, wanted)
    return resampled
