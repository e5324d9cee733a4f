"""Who has the floor: the rules of a conversation as a pure machine.

Facts go in (speech, transcripts, ends of turns), commands come out; nothing is awaited and nothing is heard here. The
rules:

* A transcript of the open, paused utterance is judged (how long to wait) and, with speculation, opens a provisional
  turn; more speech supersedes it.
* An utterance that ended is committed when its transcript is there, and those of all earlier ones: once, in the order
  in which they were spoken.
* Committed words stay *owed* until a reply to them was audible, completed or failed. Whenever nobody speaks, no turn
  lives and words are owed, a turn starts.
* At most one turn lives. Speech challenges a committed one, before its first sound as well as after it: the ears hold
  it silent; words cut it, and so does voice that lasts; no words, or a mere backchannel, dismiss the challenge.
* A turn of the assistant's own (a timer rang) waits until nobody speaks and nothing is owed.

The caller carries out the commands in order, and reports the end of the turn that it interrupts before it goes on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from pipeline.barge_in import Scene, dismisses
from pipeline.echo_text import echo_of
from pipeline.endpointing import Endpointer
from stt import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import TurnSettings
    from pipeline.outcome import TurnOutcome
    from pipeline.prosody import Sounded
    from pipeline.quality import Quality
    from stt import SpeechEnded, SpeechResumed, SpeechStarted, Transcript


MOST_TRIES = 4
"""Provisional turns for one utterance: who pauses more often is not waiting for an answer."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What became of the decode of one revision: a transcript, or the reason why there is none."""

    utterance: int
    revision: int
    t0: float | None
    """Position of the last voiced sample, seconds; None for typed words."""
    transcript: Transcript | None
    rejected: Rejection | None = None
    """Why it is not taken for something to answer."""
    error: str | None = None
    """Why the engine failed."""
    marks: tuple[tuple[str, float], ...] = ()
    """Named moments of its making: (name, position in seconds)."""

    @property
    def text(self) -> str:
        """The words to answer; empty where there are none."""
        return self.transcript.text if self.transcript is not None and self.usable else ""

    @property
    def usable(self) -> bool:
        """Whether there are words to answer."""
        return self.transcript is not None and self.rejected is None and self.error is None


@dataclass(frozen=True, slots=True)
class Judge:
    """Tell the segmenter how long to wait."""

    utterance: int
    revision: int
    wait_ms: float


@dataclass(frozen=True, slots=True)
class Open:
    """Start a turn. ``words`` are those that it was opened for; ``announce`` when they are committed with it."""

    number: int
    revision: int
    committed: bool
    words: Decoded | None = None
    announce: bool = False
    script: str | None = None
    """What the assistant says of its own accord."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """The provisional turn answers these words for good."""

    words: Decoded


@dataclass(frozen=True, slots=True)
class Announce:
    """These words are committed, though no turn can answer them yet."""

    words: Decoded


@dataclass(frozen=True, slots=True)
class Supersede:
    """Cancel the provisional turn, await it, forget it."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Cancel the committed turn, await it, keep what was heard of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """That revision does not challenge the reply any longer: let it go on."""

    utterance: int
    revision: int


@dataclass(frozen=True, slots=True)
class Reject:
    """Say that an utterance was not believed, or could not be decoded."""

    words: Decoded


Command: TypeAlias = Judge | Open | Commit | Announce | Supersede | Interrupt | Dismiss | Reject


@dataclass(slots=True)
class _Live:
    number: int
    revision: int
    committed: bool
    answers: int
    """Owed words that are in its prompt."""


class Floor:
    """The state of one conversation."""

    def __init__(self, turn: TurnSettings, quality: Quality, numbers: Iterator[int]) -> None:
        self._turn = turn
        self._quality = quality
        self._endpointer = Endpointer(turn)
        self._numbers = numbers
        self._open: tuple[int, int] | None = None
        self._decoded: Decoded | None = None
        self._sounded: Sounded | None = None
        # By utterance: what is still awaited, or its words.
        self._ended: dict[int, SpeechEnded | Decoded] = {}
        self._scenes: dict[int, Scene] = {}
        self._tries = 0
        self._live: _Live | None = None
        self._owed = 0
        self._last_words: Decoded | None = None
        self._scripts: deque[tuple[str, str | None]] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, no turn lives and nothing waits."""
        return not (self._open or self._ended or self._live or self._owed or self._scripts)

    def started(self, fact: SpeechStarted, scene: Scene) -> list[Command]:
        """Somebody speaks, into ``scene``. Whatever is being said is held silent by the ears."""
        self._open, self._decoded, self._tries = (fact.utterance, 0), None, 0
        self._scenes[fact.utterance] = scene
        self._quality.utterance()
        return []

    def sustained(self) -> list[Command]:
        """The voice goes on: whoever speaks for so long means it."""
        return [Interrupt("speech")] if self._live and self._live.committed else []

    def resumed(self, fact: SpeechResumed) -> list[Command]:
        """The pause was none: what was thought about it is void."""
        self._open, self._decoded = (fact.utterance, fact.revision), None
        self._endpointer.spoke_on(fact.paused_for * 1000)
        return [Supersede()] if self._live and not self._live.committed else []

    def ended(self, fact: SpeechEnded) -> list[Command]:
        """The utterance is over."""
        self._open = None
        words, self._decoded = self._decoded, None
        known = words and (words.utterance, words.revision) == (fact.utterance, fact.revision)
        self._ended[fact.utterance] = words if words and known else fact
        return self._settle_in_order()

    def decoded(self, words: Decoded) -> list[Command]:
        """A decode came back; stale ones are dropped."""
        key = (words.utterance, words.revision)
        end = self._ended.get(words.utterance)
        if end is not None:
            if end.revision == words.revision:
                self._ended[words.utterance] = words
            return self._settle_in_order()
        if key != self._open:
            return []
        words, challenge = self._challenge(words)
        self._decoded = words
        return [*challenge, *self._speculate(), self._judged(words)]

    def sounded(self, sound: Sounded) -> list[Command]:
        """A turn model has heard a pause: before its words were known, or after."""
        self._sounded = sound
        words = self._decoded
        return [self._judged(words)] if words and self._sound_of(words) is not None else []

    def typed(self, words: Decoded) -> list[Command]:
        """A line was typed: an utterance that is complete at once."""
        return self._settle(words)

    def rang(self, script: str, language: str | None) -> list[Command]:
        """The assistant has something to say of its own accord."""
        self._scripts.append((script, language))
        return self._next()

    def was_ready(self, ms: float) -> None:
        """A reply could have sounded this many milliseconds after t0."""
        self._endpointer.was_ready(ms)

    def stopped(self) -> list[Command]:
        """The user pressed the key: there is something to silence once a turn is committed, and not before."""
        return [Interrupt("key")] if self._live and self._live.committed else []

    def over(self, number: int, revision: int, outcome: TurnOutcome) -> list[Command]:
        """A turn has ended; late news of an older one is ignored."""
        live = self._live
        if live is None or (live.number, live.revision) != (number, revision):
            return []
        self._live = None
        if not live.committed:
            self._quality.speculated(wasted=True)
        if outcome.settles:
            self._owed = max(0, self._owed - live.answers)
        return [*self._speculate(), *self._next()]

    def _judged(self, words: Decoded) -> Judge:
        wait_ms = self._endpointer.wait_ms(words.text, self._sound_of(words))
        return Judge(words.utterance, words.revision, wait_ms)

    def _sound_of(self, words: Decoded) -> float | None:
        """How the pause of these words sounded; None while that is not known."""
        sound = self._sounded
        known = sound is not None and (sound.utterance, sound.revision) == (words.utterance, words.revision)
        return sound.completeness if sound is not None and known else None

    def _settle_in_order(self) -> list[Command]:
        """Settle what has its words, up to the first utterance that is still awaited."""
        commands: list[Command] = []
        for utterance in sorted(self._ended):
            words = self._ended[utterance]
            if not isinstance(words, Decoded):
                break
            del self._ended[utterance]
            commands += self._settle(words)
        return commands

    def _settle(self, words: Decoded) -> list[Command]:
        """An ended utterance has its words, or none."""
        words, challenge = self._challenge(words)
        self._scenes.pop(words.utterance, None)
        if not words.usable:
            return [*challenge, Reject(words), *self._next()]
        self._owed += 1
        self._last_words = words
        live = self._live
        if live and not live.committed and (live.number, live.revision) == (words.utterance, words.revision):
            live.committed, live.answers = True, self._owed
            self._quality.speculated(wasted=False)
            return [Commit(words)]
        if self._open is None and live is None and not self._ended:
            return [self._start(words.utterance, words.revision, words, announce=True)]
        return [*challenge, Announce(words), *self._next()]

    def _challenge(self, words: Decoded) -> tuple[Decoded, list[Command]]:
        """What words, or none, do to a reply that is being given; what they are after that."""
        scene = self._scenes.get(words.utterance, Scene())
        if words.usable and (echo := echo_of(words.text, scene.spoken)):
            words = replace(words, rejected=echo)
        if self._live is None or not self._live.committed:
            return words, []
        if words.usable and dismisses(words.text, scene):
            words = replace(words, rejected=Rejection("backchannel", repr(words.text)))
        if not words.usable:
            return words, [Dismiss(words.utterance, words.revision)]
        return words, [Interrupt("speech")]

    def _speculate(self) -> list[Command]:
        """Think about the words of a pause, as if they were the last, where that costs nobody else anything."""
        words = self._decoded
        if words is None or not words.usable:
            return []
        if not (self._turn.speculate and self._quality.may_speculate):
            return []
        if self._live is not None or self._ended or self._tries >= MOST_TRIES:
            return []
        self._tries += 1
        self._live = _Live(words.utterance, words.revision, committed=False, answers=self._owed)
        return [Open(words.utterance, words.revision, committed=False, words=words)]

    def _next(self) -> list[Command]:
        if self._open is not None or self._live is not None or self._ended:
            return []
        if self._owed:
            return [self._start(next(self._numbers), 0, self._last_words, announce=False)]
        if self._scripts:
            script, language = self._scripts.popleft()
            self._live = _Live(next(self._numbers), 0, committed=True, answers=0)
            return [Open(self._live.number, 0, committed=True, script=script, language=language)]
        return []

    def _start(self, number: int, revision: int, words: Decoded | None, *, announce: bool) -> Open:
        self._live = _Live(number, revision, committed=True, answers=self._owed)
        return Open(number, revision, committed=True, words=words, announce=announce)
