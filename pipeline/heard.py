"""Which words were heard: samples that left the device, against the text that they speak. Pure.

An engine without word times gives only the length of a piece. Its words then share that length by their syllables and
the rests that punctuation makes. A word counts as heard when half of its share has been played.
The result is always a prefix, at a word, of the pieces joined by single spaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tts import rest_after, spoken_seconds

SHORTEST_S = 0.02
"""Seconds: even a dash between words takes a moment."""


@dataclass(frozen=True, slots=True)
class PlayedPiece:
    """One sentence or clause on its way to the ear."""

    text: str
    """As it was handed to the voice."""
    duration: float
    """Seconds of audio written for it so far."""
    complete: bool
    """Whether all of its audio has been written."""


def spoken_share(word: str) -> float:
    """Estimated seconds of a written word, the rest after its mark included."""
    return max(spoken_seconds(word) + rest_after(word), SHORTEST_S)


def heard_words(piece: PlayedPiece, played: float) -> str:
    """The words of one piece of which half has been played after ``played`` seconds of it."""
    words = piece.text.split()
    weights = [spoken_share(word) for word in words]
    total = sum(weights)
    duration = piece.duration if piece.complete else max(piece.duration, total)
    if duration <= 0:
        return ""
    said = min(played / duration, 1.0) * total
    before = 0.0
    for count, weight in enumerate(weights):
        if before + weight / 2 > said + 1e-9:
            return " ".join(words[:count])
        before += weight
    return " ".join(words)


def without_fillers(heard: str, pieces: Sequence[tuple[str, bool]]) -> str:
    """``heard`` without the pieces that were fillers; each of ``pieces`` is a text and whether it is one.

    ``heard`` is a prefix, at a word, of all the texts joined.
    """
    words = heard.split()
    kept: list[str] = []
    for text, filler in pieces:
        count = len(text.split())
        kept += [] if filler else words[:count]
        words = words[count:]
    return " ".join(kept + words)


def piece_at(pieces: Sequence[PlayedPiece], played: float) -> str:
    """The piece that was last begun after ``played`` seconds; empty before the first."""
    text = ""
    for piece in pieces:
        if played <= 0:
            break
        text = piece.text or text
        played -= piece.duration
    return text


def begun(pieces: Sequence[PlayedPiece], played: float) -> list[str]:
    """The texts of all pieces that were begun after ``played`` seconds."""
    texts: list[str] = []
    for piece in pieces:
        if played <= 0:
            break
        texts.append(piece.text)
        played -= piece.duration
    return texts


def heard_text(pieces: Sequence[PlayedPiece], played: float) -> str:
    """The text heard after ``played`` seconds of the pieces, in the order in which they were written."""
    heard: list[str] = []
    for piece in pieces:
        if played <= 0 and piece.duration > 0:
            break
        if piece.complete and played >= piece.duration - 1e-9:
            heard.append(" ".join(piece.text.split()))
        else:
            heard.append(heard_words(piece, played))
            break
        played -= piece.duration
    return " ".join(part for part in heard if part)
