"""From ready words to the sink, and what is known of those that went there: receipts, and words to insert again.

Before words go out it is written down that they go: a crash between that and the receipt may have delivered them, so
they are never sent again by themselves. Words that a sink does not take stay in the journal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline.dictation.journal import JournalError
from pipeline.dictation.ledger import JOURNAL
from pipeline.dictation.status import LastDictation
from pipeline.events import DictationDelivered, DictationKept
from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from pipeline.desktop.base import Window
    from pipeline.dictation.journal import Journal
    from pipeline.dictation.ledger import Dictated
    from pipeline.dictation.take import Take
    from pipeline.events import Emit

COMMIT_LIMIT_S = 30.0
"""Seconds that a sink may take; each has shorter limits of its own."""
FRESH_S = 60.0
"""Seconds for which what was inserted is taken to stand before the cursor of its window still."""


class Delivery:
    """Deliveries of one run."""

    def __init__(self, journal: Journal, clock: Clock, emit: Emit) -> None:
        self._journal = journal
        self._clock = clock
        self._emit = emit
        self._window: Window | None = None
        self._inserted = ("", 0.0)  # what, and when
        self.last: LastDictation | None = None
        """What became of the last one that had words."""

    async def deliver(self, take: Take) -> str | None:
        """Put the words into the take's sink; why they are not there, if they are not."""
        if take.sink is None or take.id is None:
            raise RuntimeError("a dictation without a sink cannot be delivered")
        text = take.fitted
        await self._journal.note(take.id, "delivering", text=take.text, target=take.target)
        try:
            async with asyncio.timeout(COMMIT_LIMIT_S):
                receipt = await take.sink.commit(text)
        except SinkError as error:
            await self.keep(take, str(error))
            return str(error)
        except TimeoutError:
            reason = f"The {take.sink.name} sink did not answer in {COMMIT_LIMIT_S:.0f} s: the words may have arrived."
            self._tell_kept(take, JOURNAL, reason)  # in the journal they stay on their way
            return reason
        if receipt.delivery == "kept":
            await self._note_kept(take, receipt.where, receipt.reason or "")
            return None
        await self._note_delivered(take, receipt, text)
        return None

    async def keep(self, take: Take, reason: str) -> None:
        """Leave the words in the journal."""
        await self._note_kept(take, JOURNAL, reason)

    def stands_before(self, window: Window | None) -> str | None:
        """What was inserted last, where it is likely to stand before the cursor of ``window``; None otherwise.

        Where no window is ever told (Wayland), every one counts as the same.
        """
        text, at = self._inserted
        if not text or _id(window) != _id(self._window):
            return None
        return text if self._clock.now() - at <= FRESH_S else None

    def earlier(self, wanted: str | None, fits: Callable[[Dictated], bool]) -> Dictated:
        """The newest dictation that fits, or the one that is wanted. Raises JournalError."""
        if wanted is not None:
            return self._journal.load(wanted)
        found = next((one for one in self._journal.newest() if fits(one)), None)
        if found is None:
            raise JournalError("There is no earlier dictation.")
        return found

    async def _note_kept(self, take: Take, where: str, reason: str) -> None:
        await self._journal.note(take.id or "", "kept", text=take.text, where=where, reason=reason)
        self._tell_kept(take, where, reason)

    def _tell_kept(self, take: Take, where: str, reason: str) -> None:
        name = take.id or ""
        self.last = LastDictation(name, take.text, "kept", where)
        self._emit(DictationKept(t=self._clock.now(), id=name, text=take.text, where=where, reason=reason))

    async def _note_delivered(self, take: Take, receipt: Receipt, text: str) -> None:
        name, delivery = take.id or "", receipt.delivery
        self._window, self._inserted = take.window, (text, self._clock.now())
        self.last = LastDictation(name, take.text, delivery, receipt.where)
        now = self._clock.now()
        self._emit(DictationDelivered(t=now, id=name, text=text, delivery=delivery, where=receipt.where))
        await self._journal.note(
            name, "confirmed" if delivery == "confirmed" else "delivered", where=receipt.where
        )


def _id(window: Window | None) -> str | None:
    return window.id if window is not None else None
