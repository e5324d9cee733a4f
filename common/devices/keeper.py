"""One owner of all sound streams of a process: it watches them and does what ``rules`` decides.

A thread looks at all streams a few times per second. What may block for as long as a sound server hangs (opening,
closing, relisting) is a job in a thread of its own, one at a time, so that the watching goes on. A microphone or a
speaker holds a ``Kept`` (``kept.py``) and knows nothing of this file.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from common.audio_host import CLOSE_LIMIT_S, AudioError, alone, leave_behind, relist, shut
from common.devices.listing import look, offers
from common.devices.news import Places, PulseNews
from common.devices.rules import Lost, Reopen, Restored, Return, Rules
from common.devices.run import Run, close_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.audio_host import Kind
    from common.devices.kept import Kept
    from common.devices.rules import Told

STEP_S = 0.25
"""Seconds between two looks at all streams."""
AFTER_S = 0.05
"""Seconds beyond its latency for which a stand-in is kept open after another run took its place."""
KINDS: tuple[Kind, ...] = ("input", "output")


class Keeper:
    """One per process; its thread lives while there is a stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, Kept] = {}
        self._rules = Rules()
        self._thread: threading.Thread | None = None
        self._job: threading.Thread | None = None
        self._news = PulseNews(self._placed)
        self._wake = threading.Event()

    def __repr__(self) -> str:
        return f"<Keeper of {len(self._kept)} streams, {self._rules!r}>"

    def wake(self) -> None:
        """Look at once. From any thread."""
        self._wake.set()

    def add(self, kept: Kept) -> None:
        """Watch a stream that was opened."""
        with self._lock:
            self._kept[kept.key] = kept
            if kept.run is not None:
                self._rules.opened(kept.key, kept.run.device, time.monotonic(), home=True)
            if self._thread is None:
                self._news = PulseNews(self._placed)
                self._news.start()
                self._thread = threading.Thread(target=self._watch, name="audio keeper", daemon=True)
                self._thread.start()

    async def remove(self, kept: Kept) -> bool:
        """Watch it no more. Waits for a job that may be at work on it, but not for ever: False when that hangs."""
        with self._lock:
            self._kept.pop(kept.key, None)
            self._rules.closed(kept.key)
            job = self._job
        self.wake()
        deadline = time.monotonic() + CLOSE_LIMIT_S
        while job is not None and job.is_alive():
            if time.monotonic() > deadline:
                leave_behind()
                return False
            await asyncio.sleep(0.01)
        return True

    def refresh(self, kept: Kept) -> None:
        """Open it anew as soon as it is not busy."""
        with self._lock:
            self._rules.refresh(kept.key)
        self.wake()

    def _watch(self) -> None:
        slept = _slept()
        while True:
            self._wake.wait(STEP_S)
            self._wake.clear()
            before, slept = slept, _slept()
            with self._lock:
                if not self._kept:
                    self._thread = None
                    self._news.stop()
                    return
                seen = {key: now for key, kept in self._kept.items() if (now := kept.seen()) is not None}
                for command in self._rules.step(time.monotonic(), seen, slept - before):
                    if isinstance(command, Lost | Restored):
                        self._tell([command])
                        self._kept[command.key].give_back()
                    else:
                        work = threading.Thread(
                            target=self._do, args=(command,), name="audio job", daemon=True
                        )
                        self._job = work
                        work.start()

    def _do(self, job: Reopen | Return) -> None:
        """Do a job. In a thread of its own."""
        keys = job.keys if isinstance(job, Reopen) else (job.key,)
        with self._lock:
            streams = {key: self._kept.get(key) for key in keys}
        if isinstance(job, Return):
            for key, kept in streams.items():
                self._report(key, kept, None if kept is None else _home(kept), beside=True, look=True)
            return
        found = _reopened(streams, anew=job.relist)
        for key, kept in streams.items():
            self._report(key, kept, found.get(key), look=job.look)

    def _report(
        self, key: int, kept: Kept | None, run: Run | None, *, look: bool = False, beside: bool = False
    ) -> None:
        """Put a new run into its place and the old one away, or say that there is none."""
        worth = run is None and kept is not None and look and _worth(kept, away=not beside)
        with self._lock:
            now, spare = time.monotonic(), run
            if run is not None:
                told = self._rules.opened(key, run.device, now, home=run.home)
                if kept is not None and key in self._kept:
                    spare = kept.replace(run)
            elif beside:
                told = self._rules.stayed(key, now, worth=worth)
            else:
                told = self._rules.failed(key, now, worth=worth)
            self._tell(told)
        if spare is not None:
            if beside:  # what it was given last is still to sound
                time.sleep(spare.latency + AFTER_S)
            shut(spare)
        self.wake()

    def _tell(self, told: Iterable[Told]) -> None:
        """With the lock, so that news come in their order."""
        for news in told:
            if (kept := self._kept.get(news.key)) is not None:
                kept.tell(news)

    def _placed(self, places: Places) -> None:
        """The sound server says where our streams are. In the news' thread."""
        with self._lock:
            now = time.monotonic()
            if places.anew:
                self._rules.news(now)
            for kind in KINDS:
                mine = [kept for kept in self._kept.values() if kept.line.kind == kind]
                moved = mine[0].placed(places.of(kind)) if len(mine) == 1 else None
                if moved is not None:
                    self._tell(self._rules.moved(mine[0].key, moved.device, now, home=moved.home))
        self.wake()


def _reopened(streams: dict[int, Kept | None], *, anew: bool) -> dict[int, Run | None]:
    """New runs of these streams, at home or else on the default device; None where there is neither."""

    def work() -> dict[int, Run | None]:
        for kept in streams.values():
            if kept is not None:
                kept.put_away()
        if anew:
            close_all()
            try:
                relist()
            except AudioError:
                return {}
        some = {key: kept for key, kept in streams.items() if kept is not None}
        return {key: kept.try_open(home=True) or kept.try_open(home=False) for key, kept in some.items()}

    return alone(work)


def _home(kept: Kept) -> Run | None:
    return alone(lambda: kept.try_open(home=True))


def _worth(kept: Kept, *, away: bool) -> bool:
    """Whether a look from outside shows a device that we could not open: what was wanted, or (``away``) any."""
    listed = look()
    line = kept.line
    return offers(listed, line.kind, line.wanted) or (away and offers(listed, line.kind, None))


def _slept() -> float:
    """Seconds that the machine has slept since it was started, where its monotonic clock does not count them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if boot is None else time.clock_gettime(boot) - time.monotonic()


KEEPER = Keeper()
"""PortAudio is one per process, and so is its keeper."""
