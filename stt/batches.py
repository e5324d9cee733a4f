"""Several pieces of a file decoded at once with faster-whisper's batched pipeline. Blocking.

A batch is encoded and decoded as one: on a card that is many times faster, on a processor a little. It knows neither
temperatures nor a detection for each piece, so the language must be known, and what comes out empty or improbable is
decoded again by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np

from stt.decoding import believable, decode, options_of, parts_of, translating, width_for
from stt.types import SAMPLE_RATE, TranscriptSegment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stt.base import STTError
    from stt.decoding import Heard, How
    from stt.types import Int16


def decode_batch(
    model: Any,  # noqa: ANN401  # faster-whisper has no types
    pieces: Sequence[Int16],
    how: How,
    translated: Callable[[Exception], STTError],
) -> list[Heard]:
    """Each piece's segments, timed from its own start, and the language. Raises what ``decode`` raises."""
    with translating(translated):
        found = _run(model, pieces, how)
    return [
        heard if believable(heard) else decode(model, samples, how, translated)
        for samples, heard in zip(pieces, found, strict=True)
    ]


def _run(model: Any, pieces: Sequence[Int16], how: How) -> list[Heard]:  # noqa: ANN401
    from faster_whisper import BatchedInferencePipeline

    ends = np.cumsum([len(piece) for piece in pieces])
    starts = [0, *ends[:-1].tolist()]
    longest = max(len(piece) for piece in pieces) / SAMPLE_RATE
    with model.window(width_for(longest, how.settings)):
        # Half a sample more: the library turns seconds into samples by cutting.
        clips = [
            {"start": (start + 0.5) / SAMPLE_RATE, "end": (end + 0.5) / SAMPLE_RATE}
            for start, end in zip(starts, ends.tolist(), strict=True)
        ]
        segments, info = BatchedInferencePipeline(model).transcribe(
            np.concatenate(pieces).astype(np.float32) / 32768,
            clip_timestamps=clips,
            batch_size=len(pieces),
            without_timestamps=False,
            **options_of(how),
        )
        found: list[list[TranscriptSegment]] = [[] for _ in pieces]
        for part in segments:
            number = max(0, bisect_right(starts, round(part.start * SAMPLE_RATE) + 16) - 1)
            found[number] += parts_of([part], -starts[number] / SAMPLE_RATE)
    return [(tuple(parts), str(info.language)) for parts in found]
