"""The user of ``prism demo``: it plays shipped recordings as a person would, listening to what comes back.

``DemoUser`` is a microphone and an observer at once. Its script says for each recording what to wait for; between them
it is silent. It keeps what it played, for the left channel of the recording of the conversation. When the script is
done and everything said has been answered, its sound ends. All times are positions on the audio clock, which its own
frames count; nothing here reads another clock or starts a task.
"""

from __future__ import annotations

import enum
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import (
    AudioStarted,
    PipelineEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    TimerRang,
    TranscriptFinal,
    TranscriptRejected,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
)
from stt import SAMPLE_RATE, AudioFrame, load_audio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from stt import Int16

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "demo"
PATIENCE_S = 30.0
"""Seconds after which a step goes on although what it waited for has not come."""


class When(enum.Enum):
    """What a step waits for."""

    START = "the start"
    REPLY_OVER = "the end of the reply"
    CUT_IN = "the first sound of the reply"
    TIMER_OVER = "the timer"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the user says."""

    recording: str
    """Name of the recording, without its ending."""
    when: When
    after_s: float
    """Seconds from what it waited for to the first voiced sample; a longer silence in the recording counts too."""


SCRIPT = (
    Step("fr_time", When.START, 0.6),
    Step("fr_sum", When.REPLY_OVER, 0.7),
    Step("fr_story", When.REPLY_OVER, 0.7),
    Step("fr_stop", When.CUT_IN, 1.8),
    Step("en_timer", When.REPLY_OVER, 0.9),
    Step("en_time", When.REPLY_OVER, 0.6),
    Step("en_thanks", When.TIMER_OVER, 0.7),
)
"""French, then English: what the clock and arithmetic know, what needs a language model and is cut short, a timer."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One shipped recording."""

    text: str
    """What is said."""
    language: str
    samples: Int16
    """Mono, int16, 16 kHz."""
    onset_s: float
    """Position of the first voiced sample, seconds."""


def shipped(folder: Path = ASSETS) -> dict[str, Recording]:
    """All shipped recordings by name. Raises AudioUnreadable for one that is not there."""
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        Path(entry["file"]).stem: Recording(
            entry["text"], entry["language"], load_audio(folder / entry["file"]), entry["speech_start_s"]
        )
        for entry in entries
    }


class Listener:
    """What the user knows of the conversation by listening to it. Pure: events in, positions out."""

    def __init__(self) -> None:
        self._live: set[int] = set()
        self._announced: set[int] = set()
        self._answering = 0
        self._speaking = self._rang = False
        self._timer_turn: int | None = None
        self._over_at = self._sounds_at = self._timer_over_at = float("inf")

    def spoke(self) -> None:
        """The user says something: what counts is what comes from now on."""
        self._answering = 0
        self._over_at = self._sounds_at = float("inf")

    def since(self, when: When) -> float:
        """Position at which it came, seconds; infinite while it has not."""
        if when is When.START:
            return 0.0
        if when is When.CUT_IN:
            return self._sounds_at
        quiet = not self._live and not self._speaking
        if when is When.TIMER_OVER:
            return max(self._timer_over_at, self._over_at) if quiet else float("inf")
        return self._over_at if quiet and self._answering else float("inf")

    def notify(self, event: PipelineEvent) -> None:
        """Take note."""
        match event:
            case SpeechStartedEvent():
                self._speaking = True
            case SpeechEndedEvent():
                self._speaking = False
            case TranscriptFinal():
                self._announced.add(event.turn or 0)
                self._answering += 1
            case TranscriptRejected():
                self._answering += 1
                self._over_at = event.t
            case TurnCommitted():
                self._live.add(event.turn or 0)
                if self._rang and event.turn not in self._announced:
                    self._timer_turn, self._rang = event.turn, False
            case AudioStarted():
                self._sounds_at = event.t
            case TimerRang():
                self._rang = True
            case TurnCompleted() | TurnInterrupted() | TurnFailed():
                self._ended(event.turn or 0, event.t)

    def _ended(self, turn: int, at: float) -> None:
        if turn not in self._live:  # it failed before there were words
            self._answering += 1
        self._live.discard(turn)
        self._over_at = at
        if turn == self._timer_turn:
            self._timer_over_at = at


class DemoUser:
    """An AudioSource that follows a script, and the Observer that tells it when."""

    live = False

    def __init__(self, script: Sequence[Step], recordings: dict[str, Recording]) -> None:
        self._script = script
        self._recordings = recordings
        self._listener = Listener()
        self._played: list[Int16] = []
        self._position = 0
        self.late: list[Step] = []
        """Steps whose condition did not come in time."""

    def __repr__(self) -> str:
        return f"<DemoUser at {self._now:.1f} s, {len(self.late)} of {len(self._script)} steps late>"

    @property
    def track(self) -> Int16:
        """What has been played so far: mono, int16, 16 kHz, from the first sample on."""
        return np.concatenate(self._played) if self._played else np.zeros(0, np.int16)

    def notify(self, event: PipelineEvent) -> None:
        """Listen."""
        self._listener.notify(event)

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Silence until each step's moment, then its recording; silence until the last one is answered."""
        for step in self._script:
            recording = self._recordings[step.recording]
            since = self._now
            while not self._due(step, recording, since):
                yield self._frame(np.zeros(size, np.int16))
            self._listener.spoke()
            for block in _blocks(recording.samples, size):
                yield self._frame(block)
        since = self._now
        while self._listener.since(When.REPLY_OVER) > self._now < since + PATIENCE_S:
            yield self._frame(np.zeros(size, np.int16))

    async def aclose(self) -> None:
        """Nothing is held."""

    @property
    def _now(self) -> float:
        return self._position / SAMPLE_RATE

    def _due(self, step: Step, recording: Recording, since: float) -> bool:
        """Whether the recording must begin now for its voice to set in when it should."""
        if self._now >= self._listener.since(step.when) + max(0.0, step.after_s - recording.onset_s):
            return True
        missed = step.when is When.CUT_IN and self._now >= self._listener.since(When.REPLY_OVER)
        if missed or self._now >= since + PATIENCE_S:
            self.late.append(step)
            return True
        return False

    def _frame(self, samples: Int16) -> AudioFrame:
        self._played.append(samples)
        self._position += len(samples)
        return AudioFrame(samples, SAMPLE_RATE, time.monotonic())


def _blocks(samples: Int16, size: int) -> Iterator[Int16]:
    """Blocks of ``size``, the last one filled up with silence."""
    whole = np.concatenate([samples, np.zeros(-len(samples) % size, np.int16)])
    yield from np.split(whole, len(whole) // size)
