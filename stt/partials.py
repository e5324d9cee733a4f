"""Words while the speaker still speaks: LocalAgreement over the growing tail. PURE.

A recognizer that hears the first seconds of a sentence guesses its end, and guesses otherwise a moment later. What two
guesses in a row agree on, from their beginning, is *committed* and never changes; the rest is *tentative*. A sentence
that is committed as a whole is *frozen*: its audio is not decoded again, so that the cost of a second stays what it
is however long one speaks. Audio is never dropped to catch up: a machine that is too slow is asked less often.

    loop:  when due(now, heard) -> decode audio from tail_from on -> update(words) -> Partial

Whoever edits this file: no clock, no audio and no recognizer may live here; times are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_S = 0.5
"""Seconds of speech before the first guess is asked for: less is no word."""
EVERY_S = 0.3
"""Shortest time between two guesses."""
LOAD = 0.5
"""Share of the time that guesses may take: the real decode must find the engine free."""
STRETCH = 0.04
"""Seconds by which the interval grows for each second of tail: a long tail is expensive and changes little."""
LONGEST_TAIL_S = 12.0
"""Tail from which on it is frozen at the last committed word, though no sentence ends there."""
END_MARKS = (".", "?", "!", "…")


@dataclass(frozen=True, slots=True)
class Heard:
    """One word of a guess."""

    text: str
    """Without spaces around it."""
    end: float
    """Seconds from the start of the utterance."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What is known so far."""

    committed: str
    """Never changes; a later one begins with it."""
    tentative: str
    """The rest of the newest guess."""

    @property
    def text(self) -> str:
        """Both."""
        return f"{self.committed} {self.tentative}".strip()


class LocalAgreement:
    """One utterance's words. Feed it each guess in order."""

    def __init__(self, begin: float = 0.0) -> None:
        """``begin``: where the audio begins, in the seconds in which words are timed."""
        self._frozen: list[str] = []
        self._agreed: list[Heard] = []  # committed words of the tail
        self._last: list[Heard] = []  # the guess before, of the tail
        self.tail_from = begin
        """Seconds: what lies before is not decoded again."""

    @property
    def committed(self) -> str:
        """Words that never change."""
        return " ".join([*self._frozen, *(word.text for word in self._agreed)])

    def update(self, words: Sequence[Heard]) -> Partial:
        """Take a guess at the audio from ``tail_from`` on."""
        # A guess that contradicts what is committed is wrong there: its words after that place still count.
        words = list(words)
        begin = self._agree_with_committed(words)
        fresh = words[begin:]
        before = self._last[len(self._agreed) :]
        count = 0
        for old, new in zip(before, fresh, strict=False):
            if _key(old.text) != _key(new.text):
                break
            count += 1
        self._agreed += fresh[:count]
        self._last = [*self._agreed, *fresh[count:]]
        partial = Partial(self.committed, " ".join(word.text for word in fresh[count:]))
        self._freeze()
        return partial

    def finish(self, words: Sequence[Heard], *, settled: bool = False) -> str:
        """The whole text when the last guess heard everything: what is committed stays, the rest is the guess's.

        ``settled``: only what is frozen stays, because nothing of it was heard again.
        """
        words = list(words)
        if settled:
            return " ".join([*self._frozen, *(word.text for word in words)]).strip()
        rest = words[self._agree_with_committed(words) :]
        return " ".join([self.committed, *(word.text for word in rest)]).strip()

    def _agree_with_committed(self, words: list[Heard]) -> int:
        """How many words of a guess lie within what is committed."""
        if not self._agreed:
            return 0
        same = 0
        for old, new in zip(self._agreed, words, strict=False):
            if _key(old.text) != _key(new.text):
                break
            same += 1
        if same == len(self._agreed):
            return same
        until = self._agreed[-1].end
        return next((n for n, word in enumerate(words) if word.end > until), len(words))

    def _freeze(self) -> None:
        """Let go of committed sentences, and of a committed run that has become too long."""
        ends = [n for n, word in enumerate(self._agreed) if word.text.endswith(END_MARKS)]
        count = ends[-1] + 1 if ends else 0
        if not count and self._agreed and self._agreed[-1].end - self.tail_from > LONGEST_TAIL_S:
            count = len(self._agreed)
        if count:
            self.tail_from = max(self.tail_from, self._agreed[count - 1].end)
            self._frozen += [word.text for word in self._agreed[:count]]
            del self._agreed[:count], self._last[:count]


class Pace:
    """When the next guess is worth its cost, on this machine, at this length."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        """``every_s``: shortest time between two guesses."""
        self._every_s = every_s
        self._asked = 0.0
        self._cost = 0.0

    def due(self, now: float, tail_s: float) -> bool:
        """Whether to ask; ``now`` in seconds since the utterance began, ``tail_s`` what would be decoded."""
        if tail_s < FIRST_S:
            return False
        return now - self._asked >= self.interval(tail_s)

    def interval(self, tail_s: float) -> float:
        """Seconds between two guesses."""
        return max(self._every_s + STRETCH * tail_s, self._cost / LOAD)

    def rest(self, now: float) -> None:
        """A new utterance begins at ``now`` (s); what a guess costs is remembered."""
        self._asked = now

    def took(self, now: float, seconds: float) -> None:
        """A guess was asked for at ``now`` and took so long; one slow guess weighs half."""
        self._asked = now
        self._cost = seconds if not self._cost else (self._cost + seconds) / 2


def _key(text: str) -> str:
    """Words agree whatever their case and the marks at their ends."""
    bare = text.casefold().strip(".,;:!?…\"'«»“”() ")
    return bare or text
