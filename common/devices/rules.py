"""What to do about a sound device that falters: pure decisions on what is seen of it, for all streams of a process.

A stream *runs*, at *home* (the device that was asked for) or on a *stand-in*, or it is *lost*. It gets lost by its end,
by silence (no block for ``SILENCE_S``, no first one for ``FIRST_S``), or because the machine or this program was
asleep: what a device holds then is stale. A lost stream is opened again at once and then with growing patience; a
stand-in is given up as soon as home can be opened. PortAudio sees new devices only when it is initialized again, which
ends every stream: *relisting*. It is free while none runs. While one does, it waits until somebody found that it is
worth it (a list made elsewhere shows a device) and until the streams that run are not busy, or patience ends.

``Rules`` is told facts (``opened``, ``failed``, ``moved``, ``news``, ``closed``) and stepped a few times per second;
it answers with commands. Time is an argument (s, monotonic). At most one job (``Reopen`` or ``Return``) runs at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENCE_S = 1.0
"""A running device that gives no sign for so long is lost. A block comes every 10 to 20 ms."""
FIRST_S = 4.0
"""The same for a device that was just opened and has given none yet: a Bluetooth headset must first build a connection.
Seconds."""
LATE_S = 0.6
"""Steps further apart: the program itself was held up, and its own absence is not the device's. Seconds."""
ASLEEP_S = 2.0
"""Steps further apart: machine or program were asleep. What the device still holds is stale."""
RETRY_S, LONGEST_RETRY_S = 0.2, 3.0
"""Seconds between two attempts to open a lost stream: the first, doubled each time up to the last."""
RETURN_S, LONGEST_RETURN_S = 2.0, 15.0
"""The same between two attempts to go home from a stand-in."""
STEADY_S = 5.0
"""A stream that ran for so long works; one that is lost again before has to wait. Seconds."""
PATIENCE_S = 3.0
"""How long a stream that is busy is spared a relisting that another one needs. Seconds."""

ENDED = "it was disconnected, or the sound server ended"
SILENT = "it gives no more sign of life"
ASLEEP = "the machine or the program was asleep"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a running stream at one moment."""

    block_at: float
    """When it last gave or took a block, seconds."""
    ended: bool = False
    """It has ended by itself."""
    alive: bool = True
    """A block has come since it was opened."""
    busy: bool = True
    """Somebody would notice a short interruption."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Say that a stream has lost its device."""

    key: int
    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restored:
    """Say on which device it goes on."""

    key: int
    device: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Close these streams and open them again, each at home or else on a stand-in."""

    keys: tuple[int, ...]
    relist: bool = False
    """Have PortAudio look for devices in between. Then ``keys`` are all streams that there are."""
    look: bool = False
    """If it fails, find out by other means whether relisting is worth it."""


@dataclass(frozen=True, slots=True)
class Return:
    """Open the stream at home beside its stand-in, and only then give that up."""

    key: int


Told: TypeAlias = Lost | Restored
Command: TypeAlias = Lost | Restored | Reopen | Return


@dataclass(slots=True)
class _Line:
    device: str
    home: bool
    since: float
    """When its state last changed, seconds; minus infinity before the first change."""
    next_at: float
    """When to try next: to open it if it is lost, to go home if it is not there. Seconds."""
    lost: bool = False
    missing: bool = False
    """It was told to be lost, and no block has come since."""
    attempts: int = 0
    falls: int = 0
    """Times in a row that it was lost again before it had run for ``STEADY_S``."""
    worth: bool = False
    """Relisting would help."""
    refresh: bool = False
    """It is to be opened anew as soon as it is not busy."""


class Rules:
    """One per process."""

    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}
        self._at_work: tuple[int, ...] = ()
        self._stepped: float | None = None
        self._excused = float("-inf")

    def __repr__(self) -> str:
        lost = sum(line.lost for line in self._lines.values())
        return f"<Rules {len(self._lines)} streams, {lost} lost, at work on {len(self._at_work)}>"

    def is_lost(self, key: int) -> bool:
        """Whether that stream has no device now."""
        return key in self._lines and self._lines[key].lost

    def opened(self, key: int, device: str, now: float, *, home: bool) -> list[Told]:
        """A stream runs on ``device``: a new one, or one that a job opened. Restored is told with its first block."""
        line = self._lines.get(key)
        if line is None and key in self._at_work:  # closed meanwhile
            self._done(key)
            return []
        self._done(key)
        if not self._lines:
            self._stepped = None  # until now there was nothing to look at
        if line is None:
            self._lines[key] = _Line(device, home, float("-inf"), now + RETURN_S)
            return []
        new = _Line(device, home, now, now + RETURN_S, missing=line.missing, falls=line.falls)
        self._lines[key] = new
        return [] if new.missing or line.device == device else [Restored(key, device)]

    def failed(self, key: int, now: float, *, worth: bool = False) -> list[Told]:
        """A job could not open that stream; ``worth``: it might after relisting."""
        self._done(key)
        line = self._lines.get(key)
        if line is None:
            return []
        told: list[Told] = [] if line.missing else [Lost(key, line.device, ENDED)]
        if not line.lost:
            line.lost, line.missing, line.since, line.attempts = True, True, now, 0
        line.worth = worth
        line.next_at = now + _patience(RETRY_S, LONGEST_RETRY_S, line.attempts)
        line.attempts += 1
        return told

    def stayed(self, key: int, now: float, *, worth: bool = False) -> list[Told]:
        """A stream could not go home; its stand-in still runs."""
        self._done(key)
        line = self._lines.get(key)
        if line is not None:
            line.worth = worth
            line.next_at = now + _patience(RETURN_S, LONGEST_RETURN_S, line.attempts)
            line.attempts += 1
        return []

    def moved(self, key: int, device: str, now: float, *, home: bool) -> list[Told]:
        """The sound server has moved a running stream to another device without a word."""
        line = self._lines.get(key)
        if line is None or line.lost or line.missing or line.device == device:
            return []
        back = home and not line.home
        lost = Lost(key, line.device, f"the sound server goes on with {device!r}")
        self._lines[key] = _Line(device, home, now, now + RETURN_S)
        return [Restored(key, device)] if back else [lost, Restored(key, device)]

    def news(self, now: float) -> None:
        """Something about the devices has changed: whoever waits may try at once."""
        for line in self._lines.values():
            if line.lost or not line.home:
                line.next_at = now

    def refresh(self, key: int) -> None:
        """Open that stream anew on its device, when it is not busy: its user asks for another form."""
        if key in self._lines:
            self._lines[key].refresh = True

    def closed(self, key: int) -> None:
        """Nobody wants that stream any more. A job at work on it still has to report."""
        self._lines.pop(key, None)

    def step(self, now: float, seen: Mapping[int, Seen], slept: float = 0.0) -> list[Command]:
        """What follows at ``now``. ``slept``: seconds since the last step that the clock of ``now`` did not count."""
        apart = slept + (now - self._stepped if self._stepped is not None else 0.0)
        self._stepped = now
        if apart > LATE_S:
            self._excused = now
        told: list[Command] = []
        for key, line in self._lines.items():
            if not line.lost and key not in self._at_work and key in seen:
                reason = ASLEEP if apart > ASLEEP_S else self._reason(seen[key], now)
                if reason:
                    told += self._lose(key, line, now, reason)
                elif line.missing and seen[key].alive:
                    line.missing = False
                    told.append(Restored(key, line.device))
        job = self._job(now, seen) if not self._at_work else None
        if job is not None:
            self._at_work = job.keys if isinstance(job, Reopen) else (job.key,)
            told.append(job)
        return told

    def _reason(self, seen: Seen, now: float) -> str | None:
        if seen.ended:
            return ENDED
        patience = SILENCE_S if seen.alive else FIRST_S
        return SILENT if now - max(seen.block_at, self._excused) >= patience else None

    def _lose(self, key: int, line: _Line, now: float, reason: str) -> list[Lost]:
        told = [] if line.missing else [Lost(key, line.device, reason)]
        line.missing = True
        line.falls = line.falls + 1 if now - line.since < STEADY_S else 0
        line.lost, line.since, line.attempts, line.worth = True, now, 0, False
        line.next_at = now + (_patience(RETRY_S, LONGEST_RETRY_S, line.falls) if line.falls else 0.0)
        return told

    def _job(self, now: float, seen: Mapping[int, Seen]) -> Reopen | Return | None:
        lost = [key for key, line in self._lines.items() if line.lost]
        running = [key for key in self._lines if key not in lost]
        due = [key for key in lost if self._lines[key].next_at <= now]
        if due and not running:
            return Reopen(tuple(lost), relist=any(self._lines[key].attempts for key in due))
        away = [key for key in running if not self._lines[key].home and self._lines[key].next_at <= now]
        for key in (*due, *away):
            if self._lines[key].worth and self._may_relist(key, now, seen):
                self._lines[key].worth = False
                return Reopen(tuple(self._lines), relist=True)
        if due:
            return Reopen((due[0],), look=self._lines[due[0]].attempts > 0)
        if away:
            return Return(away[0])
        for key in running:
            if self._lines[key].refresh and key in seen and not seen[key].busy:
                return Reopen((key,))
        return None

    def _may_relist(self, key: int, now: float, seen: Mapping[int, Seen]) -> bool:
        """Whether those that run may be interrupted for the sake of ``key``."""
        others = [other for other, line in self._lines.items() if not line.lost]
        quiet = not any(seen[other].busy for other in others if other in seen)
        return quiet or now - self._lines[key].since >= PATIENCE_S

    def _done(self, key: int) -> None:
        self._at_work = tuple(other for other in self._at_work if other != key)


def _patience(first: float, longest: float, times: int) -> float:
    """Seconds to wait after that many attempts."""
    return min(longest, first * 2.0 ** min(times, 16))
