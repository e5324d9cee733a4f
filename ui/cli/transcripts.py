"""What was said in a recording, as text, subtitles or JSON. PURE.

A recording comes in pieces, each with its place; everything here counts time from the start of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stt import Transcript

SHORTEST_CUE_S = 0.1
"""A subtitle that ends where it starts would never be shown."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A stretch of speech with its times."""

    text: str
    start: float
    """Seconds from the start of the recording."""
    end: float
    """Seconds from the start of the recording."""


def cues(start: float, transcript: Transcript) -> list[Cue]:
    """The stretches of a piece that begins at ``start`` (s); the whole piece when the engine gives no times."""
    found = [
        Cue(part.text.strip(), start + part.start, max(start + part.end, start + part.start + SHORTEST_CUE_S))
        for part in transcript.segments
        if part.text.strip()
    ]
    text = transcript.text.strip()
    return found or ([Cue(text, start, start + transcript.audio_duration)] if text else [])


def srt(number: int, cue: Cue) -> str:
    """A SubRip block, its closing empty line included; ``number`` begins at 1."""
    return f"{number}\n{timestamp(cue.start, ',')} --> {timestamp(cue.end, ',')}\n{cue.text}\n"


def vtt(cue: Cue) -> str:
    """A WebVTT block, its closing empty line included."""
    text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{timestamp(cue.start, '.')} --> {timestamp(cue.end, '.')}\n{text}\n"


def timestamp(seconds: float, mark: str) -> str:
    """``01:02:03,456``; ``mark`` parts the milliseconds."""
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def record(
    name: str, pieces: Sequence[tuple[float, Transcript]], duration_s: float, processing_s: float
) -> dict[str, Any]:
    """One recording as JSON holds it; ``duration_s`` of audio took ``processing_s`` of wall time."""
    transcripts = [transcript for _, transcript in pieces]
    return {
        "file": name,
        "text": " ".join(text for transcript in transcripts if (text := transcript.text.strip())),
        "language": _language(transcripts),
        "confidence": round(_confidence(transcripts), 4),
        "duration_s": round(duration_s, 3),
        "processing_s": round(processing_s, 3),
        "rtf": round(processing_s / duration_s, 4) if duration_s else 0.0,
        "segments": [
            {"start": round(cue.start, 3), "end": round(cue.end, 3), "text": cue.text}
            for start, transcript in pieces
            for cue in cues(start, transcript)
        ],
    }


def _language(transcripts: Sequence[Transcript]) -> str | None:
    """The language that was spoken longest; None where nothing was said."""
    spoken: dict[str, float] = {}
    for transcript in transcripts:
        spoken[transcript.language] = spoken.get(transcript.language, 0.0) + transcript.audio_duration
    return max(spoken, key=lambda language: spoken[language]) if spoken else None


def _confidence(transcripts: Sequence[Transcript]) -> float:
    """Mean over the pieces by their length; 0 where nothing was said."""
    total = sum(transcript.audio_duration for transcript in transcripts)
    weighted = sum(transcript.confidence * transcript.audio_duration for transcript in transcripts)
    return weighted / total if total else 0.0
