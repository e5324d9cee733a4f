"""The Wayland desktop as the sinks see it: the portal, and behind it the programs, in the order of what they can tell.

No Wayland program may ask which window has the keyboard or which keys are held, so there is no target to compare and
nothing to wait for. What refuses or does not answer is left out from then on, and the next one takes over, also in the
middle of a paste: the words are simply laid down anew.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pipeline.desktop.base import Desk, DesktopError, Offer, Taken, Window
from pipeline.desktop.chords import MODIFIERS, Chord
from pipeline.desktop.contents import Item, of_text
from pipeline.desktop.owed import paid
from pipeline.desktop.wayland.bus import Bus
from pipeline.desktop.wayland.remote import RemoteSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from config import PasteSettings

log = logging.getLogger(__name__)

SYMBOLS = {"ctrl": 0xFFE3, "alt": 0xFFE9, "shift": 0xFFE1, "super": 0xFFEB, "insert": 0xFF63, "enter": 0xFF0D}
"""X symbols, which the portal takes whatever the layout; letters and digits are their own."""
SETTLE_LIMIT_S = 15.0


class Quiet:
    """What no Wayland desktop can tell; the base of those that can do the rest."""

    tells_windows = False

    def prepare(self) -> None:
        """Nothing can be done ahead."""

    async def obstacle(self) -> str | None:
        """Not known before it is tried."""
        return None

    async def active(self) -> Window | None:
        """Wayland tells nobody."""
        return None

    async def exists(self, window: Window) -> bool:  # noqa: ARG002  # there are none
        """Not known, so taken for granted."""
        return True

    async def hands_off(self, limit_s: float) -> None:
        """Held keys are not told either."""


class PortalDesk(Quiet):
    """A Desk by the RemoteDesktop portal: the desktop asks the user once."""

    name = "Wayland (portal)"

    def __init__(self, settings: PasteSettings) -> None:
        self._settings = settings
        self._bus = Bus()
        self._remote: RemoteSession | None = None
        self._starting: Future[RemoteSession] | None = None
        """The desktop asks its user; whoever waits may give up, the answer counts all the same."""
        self._opened = False
        self._pending: Future[None] | None = None

    async def start(self) -> RemoteSession:
        """The session, begun when it is first needed, and anew when the desktop has ended it."""
        if self._remote is not None and not self._remote.ended:
            return self._remote
        if not self._opened:
            self._opened = True
            await self._bus.open()
        if self._starting is None:
            self._starting = self._bus.post(_started(RemoteSession(self._bus)))
        starting = self._starting
        try:
            self._remote = await self._bus.result(starting)
        finally:
            if starting.done():
                self._starting = None
        return self._remote

    async def offer(self, text: str, chord: Chord, target: Window | None) -> PortalOffer:  # noqa: ARG002
        """Lay the words on the clipboard."""
        remote = await self.start()
        await self._settled()
        former = await self._bus.do(remote.snapshot(self._settings.snapshot_mb * 1_000_000))
        return await PortalOffer(self, remote, chord, former).laid(text)

    async def keep(self, text: str) -> None:
        """Put the words on the clipboard, to stay as long as the session does."""
        remote = await self.start()
        await self._settled()
        await self._bus.do(remote.own(_mime(text, private=False)))

    async def type(self, text: str) -> None:  # noqa: ARG002
        """The portal takes three characters a second: no way to type."""
        raise DesktopError(
            "Typing through this desktop's portal takes minutes; use the sink paste, or install wtype."
        )

    async def own(
        self, remote: RemoteSession, contents: Mapping[str, Item], read: Callable[[], None]
    ) -> None:
        """Put contents on the clipboard and be told who reads."""
        await self._bus.do(remote.own(contents, read))

    async def press(self, remote: RemoteSession, chord: Chord) -> None:
        """Press the chord."""
        await self._bus.do(remote.press(symbols_of(chord)))

    def put_back(self, remote: RemoteSession, contents: Mapping[str, Item], after_s: float) -> None:
        """Plan to put back what was there."""
        work = remote.put_back(contents, after_s)
        self._pending = self._bus.post(work)

    async def aclose(self) -> None:
        """Put back what is owed, and leave what is ours to wl-copy where that is installed."""
        if not self._opened:
            return
        await self._settled()
        if self._remote is not None:
            remote, self._remote = self._remote, None
            held = remote.holding.get("text/plain;charset=utf-8")
            try:
                await self._bus.do(remote.close())
                if held is not None:
                    from pipeline.desktop.wayland.commands import copy

                    await copy(bytes(held.data), "text/plain;charset=utf-8")
            except DesktopError as problem:
                log.info("the clipboard ends with Prism: %s", problem)
        await self._bus.aclose()

    async def _settled(self) -> None:
        pending, self._pending = self._pending, None
        await paid(pending, SETTLE_LIMIT_S)


class PortalOffer:
    """An Offer."""

    def __init__(
        self, desk: PortalDesk, remote: RemoteSession, chord: Chord, former: Mapping[str, Item]
    ) -> None:
        self._desk = desk
        self._remote = remote
        self._chord = chord
        self._former = former
        self._armed = False
        self._read = asyncio.Event()

    async def laid(self, text: str) -> PortalOffer:
        """Lay the words down."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            if self._armed:
                loop.call_soon_threadsafe(self._read.set)

        await self._desk.own(self._remote, _mime(text, private=True), told)
        return self

    async def deliver(self, limit_s: float) -> Taken:
        """Press the chord and wait for a read; by whom, no portal tells."""
        self._armed = True
        await self._desk.press(self._remote, self._chord)
        try:
            async with asyncio.timeout(limit_s):
                await self._read.wait()
        except TimeoutError:
            return "nobody"
        return "someone"

    def restore(self, after_s: float) -> None:
        """Put back what was there."""
        self._desk.put_back(self._remote, self._former, after_s)


class FirstThatWorks(Quiet):
    """A Desk of several: the first that does not refuse. When all do, the next words begin with the first again."""

    def __init__(self, makers: list[Callable[[], Desk]]) -> None:
        self._makers = makers
        self._desks: list[Desk] = []
        """Those that were tried, as ``makers`` has them."""
        self._at = 0
        self._problems: list[DesktopError] = []
        self._typist: Desk | None = None

    @property
    def name(self) -> str:
        """Of the one in use."""
        return self._current().name

    async def offer(self, text: str, chord: Chord, target: Window | None) -> Offer:
        """By the first that can. Raises DesktopError with what keeps each of them."""
        while True:
            try:
                offer = await self._current().offer(text, chord, target)
            except DesktopError as problem:
                self._next(problem)
            else:
                return _Passing(self, offer, (text, chord, target))

    def prepare(self) -> None:
        """The one in use."""
        if self._at < len(self._desks):
            self._desks[self._at].prepare()

    async def keep(self, text: str) -> None:
        """By the first that can."""
        while True:
            try:
                return await self._current().keep(text)
            except DesktopError as problem:
                self._next(problem)

    async def type(self, text: str) -> None:
        """By the first that can; nobody is given up for it, pasting may still be theirs."""
        if self._typist is not None:
            return await self._typist.type(text)
        problems = []
        for number in range(self._at, len(self._makers)):
            desk = self._numbered(number)
            try:
                await desk.type(text)
            except DesktopError as problem:
                problems.append(problem)
            else:
                self._typist = desk
                return None
        raise problems[-1]

    async def aclose(self) -> None:
        """All that were tried."""
        for desk in self._desks:
            await desk.aclose()

    def failed(self, problem: DesktopError) -> None:
        """Go on with the next one. Raises DesktopError when there is none."""
        self._next(problem)

    def _current(self) -> Desk:
        return self._numbered(self._at)

    def _numbered(self, number: int) -> Desk:
        while len(self._desks) <= number:
            self._desks.append(self._makers[len(self._desks)]())
        return self._desks[number]

    def _next(self, problem: DesktopError) -> None:
        log.info("%s is left out: %s", self._current().name, problem)
        self._problems.append(problem)
        self._at += 1
        if self._at == len(self._makers):
            told = dict.fromkeys(str(each) for each in self._problems)
            self._at, self._problems = 0, []
            raise DesktopError(" ".join(told)) from problem


class _Passing:
    """An Offer that begins anew with the next desk when the keys cannot be pressed."""

    def __init__(self, desk: FirstThatWorks, offer: Offer, words: tuple[str, Chord, Window | None]) -> None:
        self._desk = desk
        self._offer = offer
        self._words = words

    async def deliver(self, limit_s: float) -> Taken:
        try:
            return await self._offer.deliver(limit_s)
        except DesktopError as problem:
            self._desk.failed(problem)
            self._offer = await self._desk.offer(*self._words)
            return await self._offer.deliver(limit_s)

    def restore(self, after_s: float) -> None:
        self._offer.restore(after_s)


async def _started(remote: RemoteSession) -> RemoteSession:
    await remote.start()
    return remote


def symbols_of(chord: Chord) -> list[int]:
    """The symbols of a chord, modifiers first. Raises DesktopError for a key that no chord of ours has."""
    names = [*(name for name in MODIFIERS if name in chord.modifiers), chord.key]
    try:
        return [ord(name) if len(name) == 1 else SYMBOLS[name] for name in names]
    except KeyError as unknown:
        raise DesktopError(
            f"The key {chord.key} cannot be pressed here; use ctrl+v or shift+insert."
        ) from unknown


def _mime(text: str, *, private: bool) -> dict[str, Item]:
    """Text in the formats that Wayland programs ask for."""
    return {kind: item for kind, item in of_text(text, private=private).items() if kind != "STRING"}
