"""Subtitles, JSON and their times, from pieces of a recording."""

from __future__ import annotations

import pytest

from stt import Transcript, TranscriptSegment
from ui.cli.transcripts import Cue, cues, record, srt, timestamp, vtt

TIMES: list[tuple[float, str]] = [
    (0.0, "00:00:00,000"),
    (1.2345, "00:00:01,234"),
    (59.9996, "00:01:00,000"),
    (3600.5, "01:00:00,500"),
    (363_599.999, "100:59:59,999"),
    (-0.2, "00:00:00,000"),
]


def heard(
    text: str, seconds: float, *parts: TranscriptSegment, confidence: float = 0.8, language: str = "fr"
) -> Transcript:
    return Transcript(text, language, confidence, parts, True, seconds, 0.1, "m", "b")


@pytest.mark.parametrize(("seconds", "shown"), TIMES)
def test_times_carry_over(seconds: float, shown: str) -> None:
    assert timestamp(seconds, ",") == shown


def test_cues_count_from_the_start_of_the_recording() -> None:
    piece = heard(
        "Oui. Non.", 3.0, TranscriptSegment(" Oui.", 0.5, 1.0), TranscriptSegment(" Non.", 2.0, 2.0)
    )
    assert cues(10.0, piece) == [Cue("Oui.", 10.5, 11.0), Cue("Non.", 12.0, 12.1)]


def test_a_piece_without_times_is_one_cue_and_an_empty_one_none() -> None:
    assert cues(1.0, heard("Oui.", 2.0)) == [Cue("Oui.", 1.0, 3.0)]
    assert cues(1.0, heard(" ", 2.0, TranscriptSegment(" ", 0.0, 2.0))) == []


def test_subtitle_blocks_end_with_an_empty_line() -> None:
    cue = Cue("<i> & co", 0.0, 1.5)
    assert srt(3, cue) == "3\n00:00:00,000 --> 00:00:01,500\n<i> & co\n"
    assert vtt(cue) == "00:00:00.000 --> 00:00:01.500\n&lt;i&gt; &amp; co\n"


def test_a_record_sums_up_its_pieces() -> None:
    pieces = [
        (0.0, heard("Oui.", 3.0, confidence=0.9)),
        (5.0, heard("Yes.", 1.0, confidence=0.5, language="en")),
    ]
    shown = record("a.wav", pieces, 10.0, 0.5)
    assert shown == {
        "file": "a.wav",
        "text": "Oui. Yes.",
        "language": "fr",
        "confidence": 0.8,
        "duration_s": 10.0,
        "processing_s": 0.5,
        "rtf": 0.05,
        "segments": [{"start": 0.0, "end": 3.0, "text": "Oui."}, {"start": 5.0, "end": 6.0, "text": "Yes."}],
    }


def test_a_recording_of_nothing_has_no_language() -> None:
    shown = record("a.wav", [], 0.0, 0.5)
    assert (shown["text"], shown["language"], shown["confidence"], shown["rtf"]) == ("", None, 0.0, 0.0)
