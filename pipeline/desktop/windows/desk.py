"""The Windows desktop as the sinks see it.

Text is promised to the clipboard and made only when somebody reads it (delayed rendering): that is the receipt, and the
reader's process says whether it was the target. A promise is kept once; who read before the chord has used it up, so it
is given anew with the chord. Windows drops keys that go to a program of higher rights, without an error: such a window
is told beforehand.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pipeline.desktop.base import DesktopError, Taken, Window
from pipeline.desktop.chords import MODIFIERS, Chord
from pipeline.desktop.owed import paid
from pipeline.desktop.windows.calls import KEYS, SIDES, Calls, Stroke

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import PasteSettings

T = TypeVar("T")

HELD_EVERY_S = 0.015
SETTLE_LIMIT_S = 15.0
STRANGERS = 5
"""Reads by others after which the promise is not given anew: clipboard managers read whenever it is."""


class WindowsDesk:
    """A Desk."""

    name = "Windows"
    tells_windows = True

    def __init__(self, settings: PasteSettings, calls: Calls) -> None:
        self._settings = settings
        self._calls = calls
        self._pool = ThreadPoolExecutor(2, "clipboard")  # one of them may wait to put something back
        self._pending: Future[None] | None = None
        self._closed = False

    def prepare(self) -> None:
        """Nothing takes long here."""

    async def obstacle(self) -> str | None:
        """Whether the active window has higher rights than we have."""
        return await self._do(self._obstacle)

    async def active(self) -> Window | None:
        """The foreground window."""
        return await self._do(self._active)

    async def exists(self, window: Window) -> bool:
        """Whether it is there."""
        return await self._do(lambda: self._calls.is_window(int(window.id)))

    async def hands_off(self, limit_s: float) -> None:
        """Wait until no modifier is held; then let go of those that still are."""
        give_up = time.monotonic() + limit_s
        while held := [code for pair in SIDES.values() for code in pair if self._calls.key_down(code)]:
            if time.monotonic() >= give_up:
                await self._send([Stroke(code, down=False) for code in held])
                return
            await asyncio.sleep(HELD_EVERY_S)

    async def offer(self, text: str, chord: Chord, target: Window | None) -> WindowsOffer:
        """Promise the words to the clipboard."""
        await self._settled()
        former = await self._do(lambda: self._calls.contents(self._settings.snapshot_mb * 1_000_000))
        offer = WindowsOffer(self, text, chord, target.pid if target is not None else None, former)
        await self.promise(text, offer.told)
        return offer

    async def keep(self, text: str) -> None:
        """Put the words on the clipboard, to stay."""
        await self._settled()
        await self._do(lambda: self._calls.copy(text, private=False, read=None))

    async def type(self, text: str) -> None:
        """Send the characters themselves, whatever the layout."""
        units = text.replace("\n", "\r").encode("utf-16-le")
        codes = [int.from_bytes(units[i : i + 2], "little") for i in range(0, len(units), 2)]
        for code in codes:
            strokes = [Stroke(code, down, character=True) for down in (True, False)]
            await self._send(
                [Stroke(KEYS["enter"], s.down) for s in strokes] if code == ord("\r") else strokes
            )
            await asyncio.sleep(self._settings.type_delay_ms / 1000)

    async def promise(self, text: str, read: Callable[[int], None]) -> None:
        """Promise the words anew."""
        await self._do(lambda: self._calls.copy(text, private=True, read=read))

    async def press(self, chord: Chord) -> None:
        """Press a chord in one piece, so that nothing can come between its keys."""
        await self._send(strokes_of(chord))

    def put_back(self, former: dict[int, bytes], offer: WindowsOffer, after_s: float) -> None:
        """Plan to put back what was there."""
        self._pending = self._pool.submit(self._put_back, former, offer, after_s)

    async def aclose(self) -> None:
        """Put back what is owed; twice is fine."""
        if not self._closed:
            self._closed = True
            await self._settled()
            await self._do(self._calls.close)
            self._pool.shutdown(wait=False)

    async def _do(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    async def _send(self, strokes: list[Stroke]) -> None:
        if self._calls.send(strokes) != len(strokes):
            raise DesktopError(
                "Windows did not take the keys: another program blocks them, or the screen is locked."
            )

    async def _settled(self) -> None:
        pending, self._pending = self._pending, None
        await paid(pending, SETTLE_LIMIT_S)

    def _put_back(self, former: dict[int, bytes], offer: WindowsOffer, after_s: float) -> None:
        while (left := offer.read_at + after_s - time.monotonic()) > 0:
            time.sleep(left)
        if self._calls.owns_clipboard():
            self._calls.put(former)

    def _active(self) -> Window | None:
        number = self._calls.foreground()
        if not number:
            return None
        pid, program = self._calls.process(number)
        return Window(str(number), program.removesuffix(".exe"), self._calls.title(number), pid)

    def _obstacle(self) -> str | None:
        window = self._active()
        if window is None or window.pid is None:
            return None
        theirs, ours = self._calls.integrity(window.pid), self._calls.integrity(None)
        if ours is None or (theirs is not None and theirs <= ours):
            return None
        return f"{window.shown} runs as administrator, and Windows lets no other program press keys there."


class WindowsOffer:
    """An Offer."""

    def __init__(
        self, desk: WindowsDesk, text: str, chord: Chord, pid: int | None, former: dict[int, bytes]
    ) -> None:
        self._desk = desk
        self._text = text
        self._chord = chord
        self._pid = pid
        self._former = former
        self._loop = asyncio.get_running_loop()
        self._armed = False
        self._used = False
        self._reader: int | None = None
        self._read = asyncio.Event()
        self.read_at = time.monotonic()

    def told(self, pid: int) -> None:
        """Somebody reads. In the clipboard's thread."""
        self.read_at = time.monotonic()
        self._used = True
        if self._armed:
            self._reader = pid
            self._loop.call_soon_threadsafe(self._read.set)

    async def deliver(self, limit_s: float) -> Taken:
        """Press the chord and wait for the read. A stranger's read uses the promise up: it is given once more."""
        if self._used:
            await self._desk.promise(self._text, self.told)
        self._armed = True
        await self._desk.press(self._chord)
        give_up = self._loop.time() + limit_s
        strangers = 0
        while (left := give_up - self._loop.time()) > 0 and strangers < STRANGERS:
            try:
                async with asyncio.timeout(left):
                    await self._read.wait()
            except TimeoutError:
                break
            if self._pid is None or self._reader == self._pid:
                return "target"
            strangers += 1
            self._read.clear()
            await self._desk.promise(self._text, self.told)
        return "someone" if strangers else "nobody"

    def restore(self, after_s: float) -> None:
        """Put back what was there."""
        self._desk.put_back(self._former, self, after_s)


def strokes_of(chord: Chord) -> list[Stroke]:
    """Down in order, up in reverse. Raises DesktopError for a key that Windows has not."""
    if chord.key not in KEYS:
        raise DesktopError(f"Windows has no key {chord.key}; choose another chord.")
    codes = [*(SIDES[name][0] for name in MODIFIERS if name in chord.modifiers), KEYS[chord.key]]
    return [
        *(Stroke(code, down=True) for code in codes),
        *(Stroke(code, down=False) for code in reversed(codes)),
    ]
