"""A stream that outlives its devices: what a microphone or a speaker holds instead of a PortAudio stream.

Its user says how a stream is opened on a device (``Line.start``) and hears what happens to it (``listener``). Between
``open`` and ``close`` the keeper moves it from device to device; ``run`` is the stream of the moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.audio_host import AudioError, AudioLost, Device, Kind, close_stream, find, open_stream, shut
from common.devices.keeper import KEEPER
from common.devices.rules import Lost, Restored, Seen
from common.devices.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.audio_host import Stream
    from common.devices.rules import Told

log = logging.getLogger("prism.devices")

RESTORE_S = 30.0
"""How long a stream may be without a device, unless its user says otherwise. Seconds."""
ROLES: dict[Kind, str] = {"input": "microphone", "output": "speaker"}

_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Line:
    """What the keeper must know of a stream."""

    kind: Kind
    wanted: str | int | None
    """The device that is preferred: number, part of a name, or None for the default."""
    start: Callable[[Device, Run], Stream]
    """Opens and starts a stream, for that run. Called in a thread, with PortAudio to itself. Raises AudioError."""
    busy: Callable[[], bool] = lambda: True
    """Whether somebody would notice a short interruption."""
    rewind: Callable[[float], None] = lambda _: None
    """Told, in a thread, that nothing of what was handed over sounded after that moment (s, monotonic)."""
    restore_s: float = RESTORE_S
    """How long there may be no device. Seconds."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The sound server has moved a stream."""

    device: str
    home: bool


class Kept:
    """Open it in the event loop that will close it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.key = next(_keys)
        self.run: Run | None = None
        """The run that is the stream, or was the last; None before it is opened and after it is closed."""
        self.listener: Callable[[Told], None] | None = None
        """Told in the event loop what happens to the device."""
        self._lost: tuple[float, str, float] | None = None  # since when, which, and its last block
        self._home: str | None = None  # where the sound server has the preferred device
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"<Kept {self.line.kind} {self.line.wanted!r}: {self.run!r}>"

    @property
    def lost(self) -> bool:
        """Whether there is no device now."""
        return self._lost is not None

    async def open(self) -> Run:
        """Open it for the first time, where it is wanted or not at all.

        Raises AudioUnavailable or AudioBackendMissing.
        """
        self._loop = asyncio.get_running_loop()
        self.run = await open_stream(lambda: self._opened(home=True))
        KEEPER.add(self)
        return self.run

    async def close(self) -> None:
        """Give back the device, within some seconds; twice is fine."""
        self._loop = None
        run, self.run = self.run, None
        if run is not None and await KEEPER.remove(self):
            await close_stream(run)

    def check(self) -> None:
        """Raises AudioLost when there has been no device for longer than it may take."""
        if self._lost is not None and time.monotonic() - self._lost[0] > self.line.restore_s:
            role = ROLES[self.line.kind]
            raise AudioLost(
                f"the {role} {self._lost[1]!r} was lost and there is no other: connect it again or choose one "
                "(prism devices)"
            )

    def takes(self, run: Run) -> bool:
        """Whether that run is the stream now: not an old one, and not one that is only tried beside it."""
        now = self.run
        return run.current and (now is None or now is run or not now.current)

    def refresh(self) -> None:
        """Have it opened anew when it is not busy: ``Line.start`` would now open it in another form."""
        KEEPER.refresh(self)

    # What follows is for the keeper.

    def seen(self) -> Seen | None:
        """How it is now; None while it has no run."""
        run = self.run
        return None if run is None else Seen(run.block_at, run.ended, run.alive, self.line.busy())

    def tell(self, news: Told) -> None:
        """Take note of what happened to the device and pass it on."""
        log.info("%s: %s", self.line.kind, news)
        if isinstance(news, Lost):
            run = self.run
            now = time.monotonic()
            self._lost = (now, news.device, run.block_at if run else now)
            if run is not None:
                run.current = False
        elif isinstance(news, Restored):
            self._lost = None
            if self.run is not None:  # the sound server has moved it: its life goes on
                self.run.current = True
        if self._loop is not None and self.listener is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed without closing the stream
                self._loop.call_soon_threadsafe(self.listener, news)

    def give_back(self) -> None:
        """Once the device is lost, what it did not play goes back: closing it may take long."""
        if self._lost is not None:
            self.line.rewind(self._lost[2])

    def put_away(self) -> None:
        """Close the run that there is; what the device did not play goes back. With PortAudio to itself."""
        run, lost = self.run, self._lost
        if run is not None:
            at = time.monotonic() if lost is None else lost[2]
            run.current = False
            shut(run)
            self.line.rewind(at)

    def replace(self, run: Run) -> Run | None:
        """``run`` is the stream from now on; the one that was."""
        old, self.run = self.run, run
        if old is not None:
            old.current = False
        return old

    def try_open(self, *, home: bool) -> Run | None:
        """A run on the preferred or (not ``home``) on the default device, or None. With PortAudio to itself."""
        if not home and self.line.wanted is None:
            return None
        try:
            return self._opened(home=home)
        except AudioError as error:
            log.debug("%s: %s", self.line.kind, error)
            return None

    def placed(self, place: str | None) -> Moved | None:
        """The sound server has it at ``place``. What follows if it was moved there, else None."""
        run = self.run
        if place is None or run is None or place == run.place:
            return None
        first, run.place = run.place is None, place
        if not first:
            return Moved(place, self.line.wanted is None or place == self._home)
        if run.home:
            self._home = place
        return None

    def _opened(self, *, home: bool) -> Run:
        device = find(self.line.kind, self.line.wanted if home else None)
        run = Run(device.name, home=home or self.line.wanted is None, wake=KEEPER.wake)
        run.begin(self.line.start(device, run))
        return run
