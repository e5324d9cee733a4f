"""A recognizer that reads its transcripts from a script: conversations in tests, and demos without a model.

A script is a list of lines. Each call takes the first unused line that fits it: one bound to its utterance
(and revision, where given) or a free one. Speech that still goes on is answered with the first words of that line, as
many as fit its length, and the line stays. It answers ``delay`` seconds after the call, counted on the event
loop's own clock and slept to an absolute time, so that it is exact on a virtual loop. From the configuration,
``stt.model`` is a YAML file: a list of mappings with the fields of ``Line``, where ``error`` is unavailable,
timed_out or rejected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stt.base import STTError, STTRejected, STTTimedOut, STTUnavailable
from stt.types import Transcript, TranscriptSegment

if TYPE_CHECKING:
    from stt.backends import TranscriberOptions
    from stt.types import SpeechSegment

ERRORS: dict[str, type[STTError]] = {
    "unavailable": STTUnavailable,
    "timed_out": STTTimedOut,
    "rejected": STTRejected,
}


@dataclass(frozen=True, slots=True)
class Line:
    """What is heard once."""

    text: str = ""
    language: str = "en"
    confidence: float = 0.9
    delay: float = 0.0
    """Seconds from the call to the answer."""
    utterance: int | None = None
    """None fits any."""
    revision: int | None = None
    """None fits any."""
    error: STTError | None = None
    """Raised instead of an answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked."""

    utterance: int
    revision: int
    duration: float
    """Seconds of audio."""
    language: str | None
    prompt: str | None
    at: float
    """Seconds on the event loop's clock."""


WORDS_S = 3.0
"""Words in a second of speech that still goes on."""


class ScriptedTranscriber:
    """Plays a script; ``calls`` is what was asked of it, ``guesses`` what was asked of speech that still went on."""

    def __init__(self, lines: Iterable[Line], guess_delay: float = 0.0) -> None:
        """``guess_delay``: seconds that a guess at unfinished speech takes."""
        self._left = list(lines)
        self._guess_delay = guess_delay
        self._closed = False
        self.calls: list[Call] = []
        self.guesses: list[Call] = []

    async def warm(self) -> None:
        """Nothing to load."""

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        """The next line that fits. Raises its error, or STTUnavailable when the script is over."""
        if not len(segment.samples):
            raise STTRejected("There is no audio to transcribe: the segment is empty.")
        if self._closed:
            raise STTUnavailable("This recognizer has been closed; make a new one.")
        loop = asyncio.get_running_loop()
        called = loop.time()
        key = (segment.utterance, segment.revision)
        asked = self.guesses if segment.partial else self.calls
        asked.append(Call(*key, segment.duration, language, prompt, called))
        line = self._begun(segment) if segment.partial else self._take(segment)
        if line.delay > 0:
            await _until(called + line.delay)
        if line.error is not None:
            raise line.error
        return _transcript(line, segment, language)

    async def aclose(self) -> None:
        """No more answers."""
        self._closed = True

    def assert_complete(self) -> None:
        """Raise AssertionError when lines were never asked for."""
        if self._left:
            raise AssertionError(f"{len(self._left)} lines of the script were never used: {self._left}")

    def _begun(self, segment: SpeechSegment) -> Line:
        """The first words of the line to come."""
        line = next((line for line in self._left if _fits(line, segment)), Line())
        words = line.text.split()[: int(segment.duration * WORDS_S)]
        return Line(" ".join(words), line.language, line.confidence, self._guess_delay)

    def _take(self, segment: SpeechSegment) -> Line:
        for line in self._left:
            if _fits(line, segment):
                self._left.remove(line)
                return line
        raise STTUnavailable(
            f"The script has no line for utterance {segment.utterance}, revision {segment.revision}."
        )


def _fits(line: Line, segment: SpeechSegment) -> bool:
    return line.utterance in (None, segment.utterance) and line.revision in (None, segment.revision)


async def _until(when: float) -> None:
    """Sleep to an absolute time of the event loop's clock."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    timer = loop.call_at(when, over.set)
    try:
        await over.wait()
    finally:
        timer.cancel()


def _transcript(line: Line, segment: SpeechSegment, language: str | None) -> Transcript:
    parts = (TranscriptSegment(line.text, 0.0, segment.duration),) if line.text else ()
    return Transcript(
        text=line.text,
        language=language or line.language,
        confidence=line.confidence,
        segments=parts,
        is_final=True,
        audio_duration=segment.duration,
        processing_time=line.delay,
        model="script",
        backend="scripted",
    )


def create(options: TranscriberOptions) -> ScriptedTranscriber:
    """Read the script that ``stt.model`` names. Raises STTUnavailable when it is no script."""
    import yaml

    path = Path(options.settings.model).expanduser()
    try:
        return ScriptedTranscriber([_line(item) for item in yaml.safe_load(path.read_text("utf-8"))])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError) as error:
        raise STTUnavailable(
            f"The scripted recognizer needs a YAML list of lines in stt.model, and {path} is none ({error})."
        ) from error


def _line(item: dict[str, Any]) -> Line:
    """One line of a file; an unknown field or error is a ValueError."""
    unknown = set(item) - {field.name for field in fields(Line)}
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r}")
    kind = item.get("error")
    if kind is not None and kind not in ERRORS:
        raise ValueError(f"error must be one of {', '.join(ERRORS)}, got {kind!r}")
    return Line(**{**item, "error": ERRORS[kind](f"The script says: {kind}.") if kind else None})
