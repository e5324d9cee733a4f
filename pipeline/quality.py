"""What a slow machine costs, and what to do about it: pure decisions on what was measured.

Three things are watched. A reply that *starved* (the speaker ran dry before its end) makes the next replies wait until
some speech is ready before they begin: a little later, but without a gap. Speculation that is mostly *wasted*
(superseded) rests for a while, because it takes the machine away from the real turn. Captions whose guesses take
longer than the shortest pause rest, because they would delay the decode that counts. All heal by themselves. While the
graphics card is strained, speculation and captions rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Told = Callable[[str, str, str, str], None]
"""Told ``(what, from, to, reason)`` of each change."""

LEAD_STEP_S = 0.4
"""Speech that is asked for in advance after a reply that starved, and again after each further one. Seconds."""
MOST_LEAD_S = 1.6
CLEAN_TURNS = 4
"""Replies without a gap after which half of the lead is given up."""
TRIES = 8
"""The latest provisional turns that are judged."""
WASTED = 6
"""Of them, superseded: from here on speculation rests."""
REST = 4
"""Utterances for which it rests."""
SLOW_GUESSES = 3
"""Guesses in a row that took too long: from here on captions rest."""
HOPELESS = 5.0
"""Times the budget: a guess that took so long is enough by itself, because words wait for its end."""
LONGEST_REST = 64
"""Utterances; captions rest twice as long each time, so that a slow machine is not tried again and again."""


class Quality:
    """One per conversation."""

    def __init__(self, told: Told, strained: Callable[[], bool] = lambda: False) -> None:
        """``strained``: whether the graphics card must be spared what is not necessary."""
        self._told = told
        self._strained = strained
        self._clean = 0
        self._tries: deque[bool] = deque(maxlen=TRIES)
        self._resting = 0
        self._slow = self._silent = 0
        self._silence = REST
        self.lead_s = 0.0
        """Seconds of speech that must be ready before a reply begins."""

    def __repr__(self) -> str:
        return f"<Quality lead {self.lead_s:.1f} s, speculation {'rests' if self._resting else 'on'}>"

    @property
    def may_speculate(self) -> bool:
        """Whether provisional turns are worth their work at present."""
        return self._resting == 0 and not self._strained()

    def replied(self, *, starved: bool) -> None:
        """A reply was heard to its end; ``starved``: with a gap that nobody asked for."""
        if starved:
            self._clean = 0
            self._set_lead(min(MOST_LEAD_S, self.lead_s + LEAD_STEP_S), "the voice could not keep up")
            return
        self._clean += 1
        if self._clean >= CLEAN_TURNS and self.lead_s:
            self._clean = 0
            half = self.lead_s / 2
            self._set_lead(half if half >= LEAD_STEP_S / 2 else 0.0, f"{CLEAN_TURNS} replies without a gap")

    def speculated(self, *, wasted: bool) -> None:
        """A provisional turn was superseded (``wasted``) or committed."""
        self._tries.append(wasted)
        if not self._resting and sum(self._tries) >= WASTED:
            self._tries.clear()
            self._resting = REST
            self._told("speculation", "on", "off", f"{WASTED} of {TRIES} provisional replies were superseded")

    @property
    def may_caption(self) -> bool:
        """Whether guesses at unfinished speech are in nobody's way at present."""
        return self._silent == 0 and not self._strained()

    def guessed(self, seconds: float, budget_s: float) -> None:
        """A guess took so long; ``budget_s`` is what is in nobody's way."""
        weight = SLOW_GUESSES if seconds > HOPELESS * budget_s else 1
        self._slow = self._slow + weight if seconds > budget_s else 0
        if self._slow >= SLOW_GUESSES:
            self._slow, self._silent = 0, self._silence
            self._silence = min(LONGEST_REST, 2 * self._silence)
            took = f"a guess takes {seconds * 1000:.0f} ms, a pause is {budget_s * 1000:.0f}"
            self._told("captions", "on", "off", took)

    def utterance(self) -> None:
        """A new utterance has begun."""
        if self._silent:
            self._silent -= 1
            if not self._silent:
                self._told("captions", "off", "on", "they have rested")
        if self._resting:
            self._resting -= 1
            if not self._resting:
                self._told("speculation", "off", "on", f"it has rested for {REST} utterances")

    def _set_lead(self, seconds: float, reason: str) -> None:
        if seconds != self.lead_s:
            before, self.lead_s = self.lead_s, seconds
            self._told("lead", f"{before:.1f} s", f"{seconds:.1f} s", reason)
