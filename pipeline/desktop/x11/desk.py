"""The X11 desktop as the sinks see it: two connections, one for the clipboard and one for windows and keys.

Two, because a clipboard whose owner is slow must not hold up the question which window is active. Here the threads'
news become answers to ``await``; who counts as the target is decided here too.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pipeline.desktop.base import DesktopError, Taken, Window
from pipeline.desktop.chords import PASTE_INSERT, Chord
from pipeline.desktop.owed import paid
from pipeline.desktop.x11 import windows
from pipeline.desktop.x11.clipboard import Clipboard, Laid
from pipeline.desktop.x11.connection import Connection
from pipeline.desktop.x11.keyboard import Keyboard
from pipeline.desktop.x11.leave import leave_behind
from pipeline.desktop.x11.selection import CLIPBOARD, PRIMARY
from pipeline.desktop.x11.typist import Typist

if TYPE_CHECKING:
    from config import PasteSettings

GRABBED = "Another program has the keyboard to itself (a locked screen, an open menu)."
HELD_EVERY_S = 0.015
"""How often the keys that the user holds are looked at, while there are any."""
HOPELESS_S = 0.5
"""Wait for a read when another program insists on the clipboard: it has our words and gives them on, or nobody does."""
SETTLE_LIMIT_S = 15.0
"""Longest wait for the clipboard to be as it was; readers of something large are given their time."""


class X11Desk:
    """A Desk. Raises DesktopError when the display cannot be opened."""

    tells_windows = True
    name = "X11"

    def __init__(self, settings: PasteSettings) -> None:
        self._settings = settings
        self._clip = Connection("clipboard")
        try:
            self._keys = Connection("keys")
        except DesktopError:
            self._clip.close()
            raise
        self._clipboard = Clipboard(self._clip, settings.snapshot_mb * 1_000_000)
        self._owners = windows.Owners(self._clip)
        self._keyboard = Keyboard(self._keys)
        self._typist = Typist(self._keys)
        self._restored: Future[None] | None = None
        self._closed = False

    async def obstacle(self) -> str | None:
        """A program that has the keyboard to itself would get our keys: a locked screen its password field."""
        return GRABBED if await self._keys.call(self._keyboard.grabbed) else None

    async def active(self) -> Window | None:
        """The window that has the keyboard."""
        return await self._keys.call(windows.active, self._keys)

    async def exists(self, window: Window) -> bool:
        """Whether the window is there and shown."""
        return await self._keys.call(windows.exists, self._keys, window)

    def prepare(self) -> None:
        """Read the clipboard while the user speaks."""
        self._clip.post(self._clipboard.look_ahead)

    async def hands_off(self, limit_s: float) -> None:
        """Wait until no key is held, by their real state."""
        give_up = asyncio.get_running_loop().time() + limit_s
        while held := await self._keys.call(self._keyboard.held):
            if asyncio.get_running_loop().time() >= give_up:
                await self._keys.call(self._keyboard.let_go, held)
                return
            await asyncio.sleep(HELD_EVERY_S)

    async def offer(self, text: str, chord: Chord, target: Window | None) -> X11Offer:
        """Lay the words on the clipboard, on PRIMARY too where the chord reads that."""
        await self.settled()
        chord = await self._keys.call(self._pressable, chord)
        names = (CLIPBOARD, PRIMARY) if chord == PASTE_INSERT else (CLIPBOARD,)
        readers = _Readers(int(target.id, 16) if target is not None else None, self._owners)
        laid = await self._clip.call(self._clipboard.lay, text, names, readers.note)
        return X11Offer(self, laid, readers, chord)

    async def keep(self, text: str) -> None:
        """Put the words on the clipboard, to stay."""
        await self.settled()
        await self._clip.call(self._clipboard.keep, text)

    async def type(self, text: str) -> None:
        """Press the keys of the words. Raises DesktopError when the server cannot."""
        await self._keys.call(self._typist.type, text, self._settings.type_delay_ms / 1000)

    async def press(self, laid: Laid, chord: Chord) -> None:
        """Press the chord, and guard the clipboard from now on until it is read."""
        laid.guarded = True
        await self._keys.call(self._keyboard.press, chord)

    async def holds(self, laid: Laid) -> bool:
        """Whether the words are still what the clipboard holds."""
        return await self._clip.call(self._clipboard.owns, laid)

    def put_back(self, laid: Laid, after_s: float) -> None:
        """Plan to put back what was there."""
        done: Future[None] = Future()
        self._restored = done
        posted = self._clip.post(self._clipboard.put_back, laid, after_s, done)
        posted.add_done_callback(lambda job: done.cancel() if job.cancelled() or job.exception() else None)

    async def settled(self) -> None:
        """Wait until the clipboard is as it was before the last paste."""
        pending, self._restored = self._restored, None
        await paid(pending, SETTLE_LIMIT_S)

    async def aclose(self) -> None:
        """Put back what is owed and leave what is ours to somebody who stays; twice is fine."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.settled()
            await leave_behind(self._clip, self._clipboard)
            await self._keys.call(self._typist.give_back)
        except DesktopError:  # the server has gone, and the clipboard with it
            pass
        finally:
            await asyncio.to_thread(self._keys.close)
            await asyncio.to_thread(self._clip.close)

    def _pressable(self, chord: Chord) -> Chord:
        """The chord, or the one that every layout has where its key is missing (Cyrillic alone has no v)."""
        try:
            self._keyboard.codes(chord.key)
        except DesktopError:
            return PASTE_INSERT
        return chord


class _Readers:
    """Who has read, told by the clipboard's thread and waited for in the event loop."""

    def __init__(self, target: int | None, owners: windows.Owners) -> None:
        self._target = target
        self._owners = owners
        self._loop = asyncio.get_running_loop()
        self._armed = False
        self.others = False
        self.by_target = asyncio.Event()

    def arm(self) -> None:
        """Reads count from now on: before the chord, only watchers of the clipboard read."""
        self._armed = True

    def note(self, window: int) -> None:
        """Somebody has read. Runs in the clipboard's thread."""
        if not self._armed:
            return
        if self._target is not None and self._owners.same(window, self._target):
            self._loop.call_soon_threadsafe(self.by_target.set)
        else:
            self.others = True


class X11Offer:
    """An Offer."""

    def __init__(self, desk: X11Desk, laid: Laid, readers: _Readers, chord: Chord) -> None:
        self._desk = desk
        self._laid = laid
        self._readers = readers
        self._chord = chord

    async def deliver(self, limit_s: float) -> Taken:
        """Press the chord and wait for the target's read."""
        self._readers.arm()
        await self._desk.press(self._laid, self._chord)
        loop = asyncio.get_running_loop()
        give_up = loop.time() + limit_s
        while (left := give_up - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, HOPELESS_S)):
                    await self._readers.by_target.wait()
            except TimeoutError:
                if not await self._desk.holds(self._laid):
                    break
            else:
                self._laid.guarded = False
                return "target"
        self._laid.guarded = False
        return "someone" if self._readers.others else "nobody"

    def restore(self, after_s: float) -> None:
        """Put back what was there."""
        self._desk.put_back(self._laid, after_s)
