"""Is this transcript something that was said? One scored decision with its evidence. PURE.

Whisper answers to noise and silence too: with nothing, with loops, with its prompt, with the credits of the films it
was trained on; and it makes words of chords and of a room full of people. Each signal adds its weight, and a whole of 1
rejects: some facts are enough alone (no letters), most need company (improbable *and* probably no speech). The gate is
conservative: what it lets through by mistake costs a strange answer, what it stops by mistake was said in vain. So
"oui", "non" and "stop" pass, and what the recognizer says of its own parts counts only when all of them agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stt.types import Transcript, TranscriptSegment, VoiceEvidence

ENOUGH = 1.0
"""Weight that rejects."""
NO_SPEECH = 0.6
"""Probability of no speech from which improbable text is taken for noise: Whisper's own threshold."""
IMPROBABLE = -1.0
"""Mean token log probability below which text is improbable: Whisper's own threshold."""
LOOPING = 2.4
"""Compression ratio above which text repeats itself: Whisper's own threshold."""
MANY_TIMES, ENDLESS_TIMES = 4, 8
"""How often in a row the same words are suspect, and how often nobody says them."""
FAST, IMPOSSIBLE = 7.0, 15.0
"""Words in a second of voice: quick speech has 4 to 5, auctioneers 7."""
GRACE_S = 0.5
"""Seconds added to the voice that the detector saw: it clips soft beginnings and ends."""
SLOW, LONG_S = 0.4, 4.0
"""Words in a second, in voice longer than this (s), below which half of it was not written down."""
UNHEARD_S, UNHEARD_SHARE = 0.1, 0.1
"""Voice that the second detector confirms (s), and its share of what the first took for it: below them it is none."""
BREATH_S, BREATHLESS_S = 8.0, 16.0
"""Seconds of voice without a pause that are suspect, and that nobody has (stt/voice_evidence.py has the figures)."""
LONGEST_SEEN_S = 5.0
"""Seconds of voice without a pause that nobody was seen to exceed: a doubt where the voice does not end either."""
CROWD_DB, OPEN_DB = 20.0, 25.0
"""Decibels: loudness varies less in a crowd, because each voice fills the pauses of the others. The second is for voice
that goes on though a simple detector took it to be over."""
CREDITS = re.compile(
    r"amara\.org|sous-?titreur\.com|sous-titrage\s+(st['’]?\s*501|soci[ée]t[ée] radio|mfp|fr\b)"
    r"|sous-titres\s+(r[ée]alis[ée]s|faits)\s+par|subtitles\s+(by|from)\s+the\b",
    re.IGNORECASE,
)
"""Subtitle credits, which nobody says to an assistant."""
FAREWELLS = frozenset(
    (
        "thank you for watching",
        "thanks for watching",
        "please subscribe",
        "like and subscribe",
        "see you in the next video",
        "merci d avoir regardé cette vidéo",
        "merci d avoir regardé",
        "abonnez vous",
        "n oubliez pas de vous abonner",
        "à la prochaine vidéo",
        "sous titrage",
    )
)
"""Ends of films and videos, as a whole text: suspect, and rejected with any other doubt."""
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks against a transcript."""

    name: str
    evidence: str
    """The figures or words behind it."""
    weight: float
    """1 rejects alone."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a transcript is taken for nothing said."""

    reason: str
    """Name of the heaviest signal: ``empty``, ``no letters``, ``no speech``, ``repetition``, ``subtitle credits``,
    ``farewell``, ``prompt echo``, ``too many words``, ``improbable``, ``no voice``, ``crowd``."""
    evidence: str
    """The figures or words behind it and behind the other signals."""
    score: float = ENOUGH
    """Sum of the weights."""

    def __str__(self) -> str:
        return f"{self.reason} ({self.evidence})"


def judge(transcript: Transcript) -> Rejection | None:
    """None when the transcript stands, else why it does not."""
    found = signals(transcript)
    score = sum(signal.weight for signal in found)
    if score < ENOUGH:
        return None
    heaviest = max(found, key=lambda signal: signal.weight)
    others = [f"{signal.name}: {signal.evidence}" for signal in found if signal is not heaviest]
    return Rejection(heaviest.name, "; ".join([heaviest.evidence, *others]), score)


def signals(transcript: Transcript) -> list[Signal]:
    """All that speaks against a transcript, also when it stands."""
    text = transcript.text.strip()
    if not text:
        return [Signal("empty", f"no text in {transcript.audio_duration:.1f} s", ENOUGH)]
    words = _WORD.findall(text.casefold())
    if not words:
        return [Signal("no letters", repr(text), ENOUGH)]
    parts = [part for part in transcript.segments if part.text]
    return [
        *_of_words(text, words, transcript.prompt),
        *_of_figures(parts),
        *_of_speed(words, transcript),
        *_of_sound(transcript.sound, transcript.voiced or 0.0),
    ]


def is_half(transcript: Transcript) -> bool:
    """Whether so few words came back for so much voice that the recognizer must have left some out."""
    voiced = transcript.voiced
    if voiced is None or voiced < LONG_S:
        return False
    return len(_WORD.findall(transcript.text)) / voiced < SLOW


def _of_words(text: str, words: Sequence[str], prompt: str) -> Iterator[Signal]:
    """What the words say by themselves."""
    if found := CREDITS.search(text):
        yield Signal("subtitle credits", repr(found.group()), ENOUGH)
    if " ".join(words) in FAREWELLS:
        yield Signal("farewell", repr(text), 0.7)
    told = _WORD.findall(prompt.casefold())
    if len(words) >= 2 and f" {' '.join(words)} " in f" {' '.join(told)} ":
        yield Signal("prompt echo", repr(text), ENOUGH if len(words) >= 4 else 0.7)
    times, run = _loop(words)
    if times >= MANY_TIMES and times * len(run) >= 0.6 * len(words):
        evidence = f"{' '.join(run)!r} {times} times in a row"
        yield Signal("repetition", evidence, ENOUGH if times >= ENDLESS_TIMES else 0.6)


def _of_figures(parts: Sequence[TranscriptSegment]) -> Iterator[Signal]:
    """What the recognizer's own figures say, where it gives any and all parts agree."""
    if not parts:
        return
    silence = min(part.no_speech_prob for part in parts)
    probable = max(part.avg_logprob for part in parts)
    ratio = min(part.compression_ratio for part in parts)
    # Both are needed, and of the same part: one soft word among sure ones is no noise.
    if all(part.no_speech_prob > NO_SPEECH and part.avg_logprob < IMPROBABLE for part in parts):
        yield Signal("no speech", f"no_speech_prob {silence:.2f}, avg_logprob {probable:.2f}", ENOUGH)
    elif silence > NO_SPEECH:
        yield Signal("no speech", f"no_speech_prob {silence:.2f}", 0.4)
    elif probable < IMPROBABLE:
        yield Signal("improbable", f"avg_logprob {probable:.2f}", 0.4)
    if ratio > LOOPING:
        yield Signal("repetition", f"compression_ratio {ratio:.1f}", ENOUGH)


def _of_speed(words: Sequence[str], transcript: Transcript) -> Iterator[Signal]:
    """Whether so many words can have been said in the voice that was heard."""
    if transcript.voiced is None:
        return
    speed = len(words) / (transcript.voiced + GRACE_S)
    if speed > FAST:
        evidence = f"{len(words)} words in {transcript.voiced:.1f} s of voice"
        yield Signal("too many words", evidence, ENOUGH if speed > IMPOSSIBLE else 0.6)


def _of_sound(sound: VoiceEvidence | None, voiced: float) -> Iterator[Signal]:
    """Whether it can have been one person who speaks."""
    if sound is None:
        return
    confirmed = sound.confirmed
    if confirmed is not None and (confirmed < UNHEARD_S or confirmed < UNHEARD_SHARE * voiced):
        yield Signal("no voice", f"{confirmed:.1f} of {voiced:.1f} s are confirmed", ENOUGH)
    length, spread = sound.unbroken, sound.spread_db
    goes_on = sound.surrounded or (sound.open_end and length > LONGEST_SEEN_S)
    if length > BREATH_S or goes_on:
        around = " and beyond," if goes_on else ""
        evidence = f"{length:.1f} s of voice{around} without a pause, loudness within {spread:.0f} dB"
        sure = spread < (OPEN_DB if goes_on else CROWD_DB) or length > BREATHLESS_S
        yield Signal("crowd", evidence, ENOUGH if sure else 0.6)


def _loop(words: Sequence[str]) -> tuple[int, Sequence[str]]:
    """The run of words that comes most often in a row, in any language: how often, and the run."""
    best: tuple[int, Sequence[str]] = (1, words[:1])
    for size in range(1, min(8, len(words) // 2) + 1):
        for begin in range(len(words) - size):
            run, times = words[begin : begin + size], 1
            while words[begin + times * size : begin + (times + 1) * size] == run:
                times += 1
            if times > best[0]:
                best = (times, run)
    return best
