"""Notifications of the desktop, through ``desktop-notifier`` where it is installed (``prism-voice[desktop]``).

A notification says what the user must know and cannot see: that words were kept and where, that something failed, that
something was recovered. It never says what was dictated: screens are shared. None is ever waited for longer than a
moment, and none can fail anything.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.channel import Policy, channel
from pipeline.events import DictationFailed, DictationKept, DictationRecovered, QualityChanged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.channel import Receiver, Sender
    from pipeline.events import PipelineEvent

log = logging.getLogger("prism.dictation")

LIMIT_S = 2.0
"""Seconds that a notification may take."""
WAITING = 8
SHOWN_S = 8
"""Seconds for which it is shown, where the desktop lets us say so."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A title, and a sentence."""

    title: str
    body: str


class Notifier(Protocol):
    """What is used of ``desktop_notifier.DesktopNotifier``."""

    def send(self, title: str, message: str, *, timeout: int) -> Awaitable[object]:
        """Show it."""


def notice_of(event: PipelineEvent) -> Notice | None:
    """What an event should be told as; most should not."""
    match event:
        case DictationKept(where=where, reason=reason):
            return Notice(f"Your words are kept: {where}", reason)
        case DictationFailed(error=error):
            return Notice("Dictation failed", error)
        case DictationRecovered():
            return Notice("A dictation was recovered", "prism ctl paste-last inserts it where the cursor is.")
        case QualityChanged(what="journal", reason=reason):
            return Notice("Dictations are not kept on the disk", reason)
        case _:
            return None


def usual_notifier() -> Notifier | None:
    """The desktop's, or None where the library is missing or the system has none."""
    try:
        from desktop_notifier import DesktopNotifier
    except ImportError:
        return None
    return DesktopNotifier(app_name="Prism")


class Notices:
    """An observer; ``run`` shows what it is told of."""

    def __init__(
        self, make: Callable[[], Notifier | None] = usual_notifier, limit_s: float = LIMIT_S
    ) -> None:
        self._make = make
        self._limit_s = limit_s
        ends: tuple[Sender[Notice], Receiver[Notice]] = channel(WAITING, Policy.DROP_OLDEST, name="notices")
        self._sender, self._notices = ends

    def notify(self, event: PipelineEvent) -> None:
        """Have an event shown, if it is worth it."""
        if (notice := notice_of(event)) is not None:
            self._sender.offer(notice)

    async def run(self) -> None:
        """Show until cancelled; returns at once where nothing can be shown."""
        notifier: Notifier | None = None
        async for notice in self._notices:
            try:
                notifier = notifier or self._make()
                if notifier is None:
                    log.info("notifications need prism-voice[desktop]")
                    return
                async with asyncio.timeout(self._limit_s):
                    await notifier.send(notice.title, notice.body, timeout=SHOWN_S)
            except Exception as error:  # noqa: BLE001  # an observer: whatever the desktop does, dictation goes on
                log.info("a notification could not be shown: %r", error)
                notifier = None
