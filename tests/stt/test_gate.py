"""The gate as a table: what is taken for nothing said, and what must pass."""

from __future__ import annotations

import pytest

from stt import Transcript, TranscriptSegment, judge


def transcript(*parts: TranscriptSegment) -> Transcript:
    return Transcript(" ".join(p.text for p in parts), "fr", 0.5, parts, True, 2.0, 0.1, "tiny", "test")


def part(text: str, logprob: float = -0.3, silence: float = 0.05, ratio: float = 1.0) -> TranscriptSegment:
    return TranscriptSegment(text, 0.0, 1.0, logprob, silence, ratio)


@pytest.mark.parametrize(
    "parts",
    [
        [part("Oui.", -0.9, 0.55)],
        [part("Non")],
        [part("Stop!", -1.5, 0.5)],
        [part("42")],
        [part("Ça alors…")],
        [part("你好")],
        [part("Thank you.", -0.2, 0.9)],
        [part("Hum", -1.4, 0.3)],
        [part("Non, non, non, non, non.", ratio=2.3)],
        [part("Voilà."), part("la la la la la la", ratio=9.0)],
        [part("Allume la lampe."), part("Merci.", -1.5, 0.9)],
        [part("Cherche des sous-titres de film.")],
    ],
    ids=lambda parts: parts[-1].text,
)
def test_what_was_said_passes(parts: list[TranscriptSegment]) -> None:
    assert judge(transcript(*parts)) is None


@pytest.mark.parametrize(
    ("parts", "reason", "evidence"),
    [
        ([], "empty", "no text in 2.0 s"),
        ([part("  ")], "empty", "2.0 s"),
        ([part("...")], "no letters", "'...'"),
        ([part("♪ ♪")], "no letters", "♪"),
        ([part("Merci.", -1.2, 0.8)], "no speech", "no_speech_prob 0.80, avg_logprob -1.20"),
        ([part("Oh", -1.1, 0.7), part("Ah", -1.3, 0.9)], "no speech", "no_speech_prob 0.70"),
        ([part("la la la la la", ratio=6.5)], "repetition", "compression_ratio 6.5"),
        ([part("Sous-titres réalisés par la communauté d'Amara.org")], "subtitle credits", "Sous-titres"),
        ([part("Sous-titrage ST' 501")], "subtitle credits", "ST' 501"),
        ([part("Subtitles by the Amara.org community")], "subtitle credits", "Subtitles by the"),
    ],
)
def test_what_was_not_said_is_stopped(parts: list[TranscriptSegment], reason: str, evidence: str) -> None:
    found = judge(transcript(*parts))
    assert found is not None
    assert found.reason == reason
    assert evidence in found.evidence
    assert str(found) == f"{found.reason} ({found.evidence})"
