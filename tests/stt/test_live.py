"""Words of speech that goes on, told by a recognizer that names the stretch of sound that it was given."""

from __future__ import annotations

import numpy as np
import pytest

from stt import SAMPLE_RATE, LiveTranscript, ScriptedDetector, SpeechSegment, Transcript, TranscriptSegment

FRAME = 512


class Numbered:
    """Keeps what it was given; its sound is numbered frame by frame, so that one lost or heard twice shows."""

    def __init__(self) -> None:
        self.given: list[SpeechSegment] = []

    async def __call__(self, segment: SpeechSegment) -> Transcript:
        self.given.append(segment)
        text = f"piece {len(self.given)}"
        parts = (TranscriptSegment(text, 0.0, segment.duration),)
        return Transcript(text, "en", 1.0, parts, True, segment.duration, 0.0, "none", "scripted")


def ramp(frames: int, first: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Voice: each frame has its own value, all about as loud."""
    return np.repeat(np.arange(first, first + frames) + 10_000, FRAME).astype(np.int16)


@pytest.mark.parametrize("quiet", [800, 868])
async def test_speech_without_a_pause_is_cut_where_it_is_quietest_and_no_sample_is_lost_or_heard_twice(
    quiet: int,
) -> None:
    recognizer = Numbered()
    live = LiveTranscript(recognizer, ScriptedDetector(FRAME))
    samples = ramp(900)  # 28.8 s
    samples[quiet * FRAME : (quiet + 1) * FRAME] = 1  # a breath, too short for a pause
    for at in range(0, len(samples), 10 * FRAME):
        live.feed(samples[at : at + 10 * FRAME])
        await live.step(guess=False)
    (first,) = recognizer.given
    end = len(first.samples) / FRAME
    assert quiet - 1 < end <= quiet + 1
    assert first.ended_at == pytest.approx(len(first.samples) / SAMPLE_RATE)
    live.feed(np.zeros(SAMPLE_RATE, np.int16))
    assert await live.finish() == "piece 1 piece 2"
    second = recognizer.given[1]
    assert second.started_at == pytest.approx(first.ended_at)
    assert np.array_equal(np.concatenate([first.samples, second.samples])[: len(samples)], samples)
