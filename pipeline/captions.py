"""Words while the user still speaks: guesses at the open utterance, told as ``transcript.partial``.

``heard`` is called with every frame and never waits; ``run`` is the task that asks the recognizer. A guess is of less
worth than anything else the recognizer does: ``STTManager.guess`` gives way to every real decode, none is begun in a
pause, and with ``stt.captions: auto`` none is begun that could last into the decode after the next pause: the last
frame was voice, so that decode is ``turn.pause_ms`` away, and what takes longer than this is not asked at all
(``Quality`` decides). What two guesses agree on is committed and never changes (``stt/partials.py``).

With ``--fast`` time is the count of frames: ``auto`` is off, and ``on`` paces by frames alone, so that the same file
gives the same events every time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.clock import FrameClock
from pipeline.events import TranscriptPartial
from stt import LocalAgreement, Pace, words_of

if TYPE_CHECKING:
    from common.clock import Clock
    from config import Settings
    from pipeline.events import Emit
    from pipeline.quality import Quality
    from pipeline.stepping import Activity
    from stt import Segmenter, SpeechSegment, STTManager, Transcript


EVERY_S = 0.2
"""Shortest time between two guesses. At 0.3 the first committed word of 14 of 22 recordings comes within 0.8 s of the
onset where guesses cost nothing, at 0.2 that of 20 of 23, at 0.15 no more."""


def make_captions(
    stt: STTManager, quality: Quality, settings: Settings, activity: Activity, tell: tuple[Clock, Emit]
) -> Captions | None:
    """The captions of a conversation, or None where ``stt.captions`` wants none."""
    mode, fast = settings.stt.captions, isinstance(tell[0], FrameClock)
    if mode == "off" or (fast and mode == "auto"):
        return None
    budget_s = settings.turn.pause_ms / 1000 if mode == "auto" else None
    return Captions(stt, quality, CaptionRules(budget_s, fast), activity, tell)


@dataclass(frozen=True, slots=True)
class CaptionRules:
    """When guesses are worth it."""

    budget_s: float | None
    """Longest guess that is in nobody's way; None is any."""
    fast: bool
    """Whether the count of frames is the only clock."""


class Captions:
    """One per conversation."""

    def __init__(
        self,
        stt: STTManager,
        quality: Quality,
        rules: CaptionRules,
        activity: Activity,
        tell: tuple[Clock, Emit],
    ) -> None:
        """``tell``: the clock and who is told."""
        self._stt, self._quality, self._rules, self._activity = stt, quality, rules, activity
        self._clock, self._emit = tell
        self._key: tuple[int, int] | None = None  # utterance and revision that are being spoken
        self._utterance = 0
        self._agreement = LocalAgreement()
        self._pace = Pace(EVERY_S)
        self._request: SpeechSegment | None = None
        self._busy = self._closed = False
        self._wake = asyncio.Event()
        self._shown = ""

    def heard(self, segmenter: Segmenter) -> None:
        """A frame was heard."""
        self._key = segmenter.speaking
        if self._key is None or self._busy or not self._quality.may_caption:
            return
        if self._key[0] != self._utterance:
            self._begin(self._key[0], segmenter.so_far(0.0).started_at)
        if self._pace.due(segmenter.position, segmenter.position - self._agreement.tail_from):
            self._busy, self._request = True, segmenter.so_far(self._agreement.tail_from)
            self._wake.set()

    def close(self) -> None:
        """Nothing more will be heard."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Guess until closed."""
        while not self._closed:
            if self._request is not None:
                segment, self._request = self._request, None
                with self._activity.outside():
                    await self._guess(segment)
                self._busy = False
            self._wake.clear()
            if not self._closed:
                await self._wake.wait()

    def _begin(self, utterance: int, begin: float) -> None:
        self._utterance, self._agreement, self._shown = utterance, LocalAgreement(begin), ""
        self._pace.rest(begin)

    async def _guess(self, segment: SpeechSegment) -> None:
        started = self._clock.now()
        heard = await self._stt.guess(segment)
        took = 0.0 if self._rules.fast else self._clock.now() - started
        self._pace.took(segment.ended_at, took)
        budget_s = self._rules.budget_s
        if budget_s is not None and (heard is not None or took > budget_s):  # one that gave way was slow, too
            self._quality.guessed(took, budget_s)
        if heard is None:
            return
        if self._key == (segment.utterance, segment.revision) and self._stt.judge(heard) is None:
            self._show(segment, heard)

    def _show(self, segment: SpeechSegment, heard: Transcript) -> None:
        partial = self._agreement.update(words_of(heard, segment.started_at))
        if partial.text and partial.text != self._shown:
            self._shown = partial.text
            self._emit(
                TranscriptPartial(
                    t=self._clock.now(),
                    turn=segment.utterance,
                    text=partial.text,
                    revision=segment.revision,
                    language=heard.language,
                    committed=partial.committed,
                    tentative=partial.tentative,
                )
            )
