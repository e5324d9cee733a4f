"""The gate as a table: what is taken for nothing said, and what must pass."""

from __future__ import annotations

import dataclasses

import pytest

from stt import Transcript, TranscriptSegment, judge
from stt.gate import is_half
from stt.types import VoiceEvidence


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
        ([part("Sous-titrage ST’ 501")], "subtitle credits", "ST’ 501"),
        ([part("❤️ par SousTitreur.com...")], "subtitle credits", "SousTitreur.com"),
        ([part("Subtitles by the Amara.org community")], "subtitle credits", "Subtitles by the"),
    ],
)
def test_what_was_not_said_is_stopped(parts: list[TranscriptSegment], reason: str, evidence: str) -> None:
    found = judge(transcript(*parts))
    assert found is not None
    assert found.reason == reason
    assert evidence in found.evidence
    assert str(found) == f"{found.reason} ({found.evidence})"


def voiced(text: str, seconds: float, **fields: object) -> Transcript:
    whole = transcript(part(text))
    return dataclasses.replace(whole, voiced=seconds, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (voiced("Oui.", 0.1), None),
        (voiced("Stop it now please", 0.3), None),
        (voiced("one two three four five six seven eight nine", 1.5), None),
        (
            voiced("I think that this is really not something anybody could say so fast", 0.2),
            "too many words",
        ),
        (voiced("Thank you for watching!", 1.5), None),
        (voiced("Thank you for watching!", 0.0), "farewell"),
        (voiced("Merci d'avoir regardé cette vidéo !", 0.1), "farewell"),
        (voiced("no no no no no", 2.0), None),
        (voiced("no no no no no", 0.1), "repetition"),
        (voiced("je ne sais pas " * 8, 30.0), "repetition"),
        (voiced("Zoé, Ollama", 1.0, prompt="Zoé Ollama Prism"), None),
        (voiced("Zoé, Ollama", 0.0, prompt="Zoé Ollama Prism"), None),
        (
            voiced(
                "A conversation with Prism about Ollama.",
                2.0,
                prompt="A conversation with Prism about Ollama.",
            ),
            "prompt echo",
        ),
        (voiced("你好 你好 你好 你好 你好 你好 你好 你好", 9.0), "repetition"),
    ],
    ids=lambda value: value.text[:30] if isinstance(value, Transcript) else str(value),
)
def test_voice_and_words_are_weighed_together(said: Transcript, reason: str | None) -> None:
    found = judge(said)
    assert (found.reason if found else None) == reason
    assert found is None or found.score >= 1.0


def test_all_evidence_is_told() -> None:
    found = judge(voiced("Thank you for watching", 0.0))
    assert found is not None
    assert found.evidence == "'Thank you for watching'; too many words: 4 words in 0.0 s of voice"


@pytest.mark.parametrize(
    ("text", "seconds", "half"),
    [
        ("Oui.", 0.5, False),
        ("Oui.", 3.9, False),
        ("Oui.", 4.1, True),
        ("one two three four", 8.0, False),
        ("", 9.0, True),
    ],
)
def test_half_of_a_long_speech_is_noticed(text: str, seconds: float, half: bool) -> None:
    assert is_half(voiced(text, seconds)) is half


def sounds(text: str, sound: VoiceEvidence, seconds: float = 2.0) -> Transcript:
    return voiced(text, seconds, sound=sound)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (sounds("Oui.", VoiceEvidence(0.19, 0.26, 69.0), 0.33), None),
        (sounds("Stop.", VoiceEvidence(None, 0.35, 10.0), 0.3), None),
        (sounds("a sentence in noise", VoiceEvidence(None, 7.9, 9.0), 7.9), None),
        (sounds("a long story told in one breath", VoiceEvidence(None, 12.0, 28.0), 12.0), None),
        (sounds("attends beau paragraphe", VoiceEvidence(0.0, 0.0, 20.0), 24.0), "no voice"),
        (sounds("raconte-moi", VoiceEvidence(0.1, 0.1, 13.0), 14.9), "no voice"),
        (sounds("clipped but said", VoiceEvidence(0.45, 0.6, 30.0), 1.9), None),
        (sounds("réveille-moi à neuf heures", VoiceEvidence(None, 8.4, 14.0), 8.3), "crowd"),
        (sounds("réveille-moi à neuf heures", VoiceEvidence(27.0, 27.0, 27.0), 27.0), "crowd"),
        (sounds("je le navigateur", VoiceEvidence(3.6, 3.6, 7.8, surrounded=True), 2.0), "crowd"),
        (sounds("do I have a meeting", VoiceEvidence(5.2, 5.2, 20.9, open_end=True), 4.9), "crowd"),
        (sounds("said at length and softly ended", VoiceEvidence(4.9, 4.9, 20.9, open_end=True), 4.9), None),
        (sounds("said loud and clear", VoiceEvidence(3.6, 3.6, 35.0, surrounded=True), 2.0), None),
        (sounds("thank you for watching", VoiceEvidence(None, 12.0, 28.0), 12.0), "farewell"),
    ],
    ids=lambda value: value.text[:30] if isinstance(value, Transcript) else str(value),
)
def test_the_sound_has_its_say(said: Transcript, reason: str | None) -> None:
    found = judge(said)
    assert (found.reason if found else None) == reason


def test_what_the_sound_says_is_told() -> None:
    found = judge(sounds("le loyer à la radio", VoiceEvidence(None, 27.04, 9.73), 27.0))
    assert found is not None
    assert found.evidence == "27.0 s of voice without a pause, loudness within 10 dB"
