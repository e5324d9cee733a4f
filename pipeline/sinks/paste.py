"""The sink ``paste``: words by way of the clipboard and the keys that paste, with a receipt.

Sending Ctrl+V only queues a key. The window reads the clipboard when it gets round to it, and whoever puts the old
contents back after a fixed time pastes those under load. So the clipboard is ours until the target has read it: that
read is the receipt, and only then the former contents come back. The order of the steps is decided here, once for all
desktops; how each is done is a ``Desk``.

Nothing is pasted blindly: a target that changed, closed or did not read leaves the words on the clipboard, with the
reason in the receipt.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError
from pipeline.desktop.targets import chord_for, harmless
from pipeline.sinks.aim import CLIPBOARD, Aim
from pipeline.sinks.text import Receipt, SinkError

if TYPE_CHECKING:
    from config import PasteSettings
    from pipeline.desktop.base import Desk, Offer, Window


class PasteSink:
    """A TextSink that pastes. It owns the desk."""

    name = "paste"

    def __init__(self, desk: Desk, settings: PasteSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._aim = Aim(desk)
        self._one_at_a_time = asyncio.Lock()

    @property
    def target(self) -> Window | None:
        """The window that the dictation is meant for, where the desktop tells."""
        return self._aim.target

    async def begin(self) -> str | None:
        """Remember the active window; its name."""
        try:
            name = await self._aim.take()
            self._desk.prepare()
            return name
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem

    async def commit(self, text: str) -> Receipt:
        """Paste the words into that window, if it still has the keyboard."""
        try:
            async with self._one_at_a_time:
                return await self._paste(harmless(text))
        except DesktopError as problem:
            raise SinkError(str(problem)) from problem

    async def aclose(self) -> None:
        """Put back what is owed; twice is fine."""
        await self._desk.aclose()

    async def _paste(self, text: str) -> Receipt:
        await self._desk.hands_off(
            self._settings.hands_off_s
        )  # first: a key that is held looks like an obstacle
        reason = await self._aim.missed()
        if reason is not None:
            return await self._aim.kept(text, reason)
        chord = chord_for(self._aim.application, self._settings.chords, self._settings.chord)
        offer = await self._desk.offer(text, chord, self._aim.target)
        reason = (
            await self._aim.missed()
        )  # again: laying the words down may take as long as reading a large picture
        if reason is not None:
            return await self._aim.kept(text, reason)
        return await self._deliver(offer)

    async def _deliver(self, offer: Offer) -> Receipt:
        try:
            taken = await offer.deliver(self._settings.read_s)
        except DesktopError as problem:  # the keys could not be pressed; the words lie there already
            return Receipt("kept", CLIPBOARD, str(problem))
        if taken == "nobody":
            waited = f"{self._settings.read_s:g} s"
            return Receipt("kept", CLIPBOARD, f"{self._aim.where} did not take the words within {waited}.")
        if taken == "someone" and self._desk.tells_windows:
            return Receipt("sent", self._aim.where)  # the target may still come, so the words stay there
        if self._settings.restore:
            offer.restore(self._settings.restore_ms / 1000)
        return Receipt("confirmed" if taken == "target" else "sent", self._aim.where)
