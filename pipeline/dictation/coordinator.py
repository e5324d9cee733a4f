"""Who may record, and whose words come next: the one place where dictation decides. PURE.

Theory of operation. At most one dictation is being *recorded*. Behind it stands a line of those whose recording is
over: each is *decoding*, then *ready*, then *inserting*, and only the head of the line is ever inserted, so that words
come in the order in which they were spoken. A new recording may begin at any time, also while others are in the line:
whoever presses the key again at once is heard from the first word. While a key is held for it nothing is inserted: the
desktop would wait for that key, and at last let go of it for its user, in the middle of a sentence.

    Start --> recording --Stop--> decoding --Recognized--> ready --head of the line--> inserting --Inserted--> gone

``step`` takes what is so and what happened, and gives what is so now and what is to be done; it waits for nothing.
Whatever makes no sense at the moment (a second Start, a late result of something thrown away) changes nothing: keys
bounce, sockets repeat themselves. A dictation that was *held back* (the screen was locked) is understood like any other
but never put into a window.

Whoever edits this file: keep it free of I/O and clocks; what a message means must show in the table of its test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pipeline.dictation.messages import (
    HELD_BACK,
    Cancel,
    Captured,
    DictationMessage,
    Failed,
    Inserted,
    Interrupted,
    Interruption,
    LetGo,
    PasteLast,
    Recognized,
    Result,
    RetryLast,
    Start,
    Stop,
    Toggle,
)

DictationState: TypeAlias = Literal["idle", "listening", "processing", "inserting", "error"]
HOLDING = frozenset(("hold", "tap-or-hold"))
"""Triggers that are keys which are held while one speaks, the second one until it turns out to be a tap."""
LONGEST_LINE = 8
"""Dictations that may wait to be understood or inserted; more means that something hangs, and is said."""


@dataclass(frozen=True, slots=True)
class Record:
    """Open the microphone and begin a dictation."""

    number: int
    trigger: str


@dataclass(frozen=True, slots=True)
class Finish:
    """End its recording; its words are wanted."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Discard:
    """End all that is done for it, and throw it away."""

    number: int


@dataclass(frozen=True, slots=True)
class Insert:
    """Put its words where they belong."""

    number: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave its words in the journal."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Find earlier words, and where the cursor is now."""

    number: int
    id: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """Find an earlier recording, understand it, and find where the cursor is now."""

    number: int
    id: str | None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell why nothing begins."""

    error: str


Action: TypeAlias = Record | Finish | Discard | Insert | Keep | Recall | Again | Refuse


@dataclass(frozen=True, slots=True)
class Waiting:
    """A dictation whose recording is over."""

    number: int
    stage: Literal["decoding", "ready", "inserting"] = "decoding"
    held: str | None = None
    """Why it must not be put into a window."""


@dataclass(frozen=True, slots=True)
class Coordination:
    """All that is so."""

    recording: int | None = None
    by_key: bool = False
    """Whether a key is held for it."""
    line: tuple[Waiting, ...] = ()
    """The oldest first."""
    error: str | None = None
    """Of the dictation that failed last, until something new begins."""
    made: int = 0
    """Dictations begun so far: the number of the last one."""

    @property
    def state(self) -> DictationState:
        """In one word: what the user should know first."""
        if self.recording is not None:
            return "listening"
        if any(waiting.stage == "inserting" for waiting in self.line):
            return "inserting"
        if self.line:
            return "processing"
        return "error" if self.error else "idle"

    @property
    def at_rest(self) -> bool:
        """Whether nothing is being recorded, understood or inserted."""
        return self.recording is None and not self.line


Step: TypeAlias = tuple[Coordination, list[Action]]


def step(now: Coordination, message: DictationMessage) -> Step:
    """What is so after ``message``, and what is to be done, in order."""
    if isinstance(message, Captured | Recognized | Inserted | Failed):
        return _resulted(now, message)
    match message:
        case Start(trigger):
            return _started(now, trigger)
        case Toggle(trigger):
            return _started(now, trigger) if now.recording is None else _stopped(now, "released")
        case Stop():
            return _stopped(now, "released")
        case LetGo():
            return _next(replace(now, by_key=False))
        case Interrupted(reason):
            return _interrupted(now, reason)
        case Cancel():
            return _cancelled(now)
        case PasteLast(id_):
            return _queued(now, Recall(now.made + 1, id_))
        case RetryLast(id_, model):
            return _queued(now, Again(now.made + 1, id_, model))


def _resulted(now: Coordination, result: Result) -> Step:
    match result:
        case Captured(number):
            return _next(_captured(now, number))
        case Recognized(number, words):
            return _recognized(now, number, words)
        case Inserted(number):
            return _next(_without(now, number))
        case Failed(number, error):
            return _failed(now, number, error)


def _started(now: Coordination, trigger: str) -> Step:
    if now.recording is not None:
        return now, []
    if len(now.line) >= LONGEST_LINE:
        return now, [_too_many()]
    number = now.made + 1
    begun = replace(now, recording=number, by_key=trigger in HOLDING, made=number, error=None)
    return begun, [Record(number, trigger)]


def _stopped(now: Coordination, reason: str, held: str | None = None) -> Step:
    number = now.recording
    if number is None:
        return now, []
    then, actions = _next(_free(now, (*now.line, Waiting(number, held=held))))
    return then, [Finish(number, reason), *actions]


def _interrupted(now: Coordination, reason: Interruption) -> Step:
    """Finish what is recorded; where nobody sits before the screen, hold back whatever is not yet on its way."""
    held = reason if reason in HELD_BACK else None
    if held:
        waiting = tuple(w if w.stage == "inserting" else replace(w, held=w.held or held) for w in now.line)
        now = replace(now, line=waiting)
    return _stopped(now, reason, held)


def _cancelled(now: Coordination) -> Step:
    if now.recording is not None:
        then, actions = _next(_free(now, now.line))
        return then, [Discard(now.recording), *actions]
    newest = next((w.number for w in reversed(now.line) if w.stage != "inserting"), None)
    if newest is None:
        return replace(now, error=None), []
    return _without(now, newest), [Discard(newest)]


def _queued(now: Coordination, action: Recall | Again) -> Step:
    """Something earlier gets a place in the line, as if it had just been spoken."""
    if len(now.line) >= LONGEST_LINE:
        return now, [_too_many()]
    line = (*now.line, Waiting(action.number))
    return replace(now, line=line, made=action.number, error=None), [action]


def _captured(now: Coordination, number: int) -> Coordination:
    """The sound ended, perhaps by itself."""
    if now.recording != number:
        return now
    return _free(now, (*now.line, Waiting(number)))


def _recognized(now: Coordination, number: int, words: bool) -> Step:
    now = _captured(now, number)
    if not words:
        return _next(_without(now, number))
    line = tuple(
        replace(w, stage="ready") if w.number == number and w.stage == "decoding" else w for w in now.line
    )
    return _next(replace(now, line=line))


def _failed(now: Coordination, number: int, error: str) -> Step:
    if now.recording != number and all(waiting.number != number for waiting in now.line):
        return now, []
    return _next(replace(_without(now, number), error=error))


def _next(now: Coordination) -> Step:
    """Let the head of the line go, if it is ready; what is held back makes room for the one behind it."""
    actions: list[Action] = []
    while now.line and now.line[0].stage == "ready":
        head, *others = now.line
        if head.held is None:
            if now.by_key:
                break
            actions.append(Insert(head.number))
            return replace(now, line=(replace(head, stage="inserting"), *others)), actions
        actions.append(Keep(head.number, head.held))
        now = replace(now, line=tuple(others))
    return now, actions


def _without(now: Coordination, number: int) -> Coordination:
    line = tuple(w for w in now.line if w.number != number)
    return _free(now, line) if now.recording == number else replace(now, line=line)


def _free(now: Coordination, line: tuple[Waiting, ...]) -> Coordination:
    """Nothing is recorded any more."""
    return replace(now, recording=None, by_key=False, line=line)


def _too_many() -> Refuse:
    return Refuse(f"{LONGEST_LINE} dictations are still waiting for their words: wait, or cancel some.")
