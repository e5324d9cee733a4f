"""Is this transcript something that was said? Pure; knows only what the recognizer says about its own text.

Whisper answers to noise and silence too: with nothing, with loops, with the credits of the films it was
trained on. The gate is conservative: what it lets through by mistake costs a strange answer, what it stops by
mistake was said in vain. So "oui", "non" and "stop" pass, and a rule needs all segments to agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stt.types import Transcript

NO_SPEECH = 0.6
"""Probability of no speech from which improbable text is taken for noise: Whisper's own threshold."""
IMPROBABLE = -1.0
"""Mean token log probability below which text is improbable: Whisper's own threshold."""
LOOPING = 2.4
"""Compression ratio above which text repeats itself: Whisper's own threshold."""
CREDITS = re.compile(
    r"amara\.org|sous-titrage\s+(st'?\s*501|soci[ée]t[ée] radio)|sous-titres\s+(r[ée]alis[ée]s|faits)\s+par"
    r"|subtitles\s+(by|from)\s+the\b",
    re.IGNORECASE,
)
"""Subtitle credits, which nobody says to an assistant."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a transcript is taken for nothing said."""

    reason: str
    """``empty``, ``no letters``, ``no speech``, ``repetition`` or ``subtitle credits``."""
    evidence: str
    """The figures or words behind it."""

    def __str__(self) -> str:
        return f"{self.reason} ({self.evidence})"


def judge(transcript: Transcript) -> Rejection | None:
    """None when the transcript stands, else why it does not."""
    text = transcript.text.strip()
    if not text:
        return Rejection("empty", f"no text in {transcript.audio_duration:.1f} s")
    if not any(character.isalnum() for character in text):
        return Rejection("no letters", repr(text))
    if found := CREDITS.search(text):
        return Rejection("subtitle credits", repr(found.group()))
    return _by_figures(transcript)


def _by_figures(transcript: Transcript) -> Rejection | None:
    """What the recognizer's own figures say, where it gives any."""
    parts = [part for part in transcript.segments if part.text]
    if parts and all(p.no_speech_prob > NO_SPEECH and p.avg_logprob < IMPROBABLE for p in parts):
        silence = min(part.no_speech_prob for part in parts)
        probable = max(part.avg_logprob for part in parts)
        return Rejection("no speech", f"no_speech_prob {silence:.2f}, avg_logprob {probable:.2f}")
    if parts and all(part.compression_ratio > LOOPING for part in parts):
        return Rejection("repetition", f"compression_ratio {min(p.compression_ratio for p in parts):.1f}")
    return None
