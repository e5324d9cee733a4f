"""One thread for one engine: blocking native code off the event loop, one job at a time.

The lease of an engine ends with the *work*, not with the waiter: a cancelled caller leaves at once, but the next job
waits until the thread is really free, so that an engine is never entered twice. Jobs that no one waits for any more
and that have not begun are skipped. ``stream`` hands over a blocking generator's items as they come.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from common.channel import Policy, Receiver, ReceiverGone, Sender, channel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")

STREAM_AHEAD = 64
"""Items that a streamed engine may be ahead of its reader."""


class Worker:
    """A dedicated thread. Close it; closing twice is fine and never waits for a running job."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``job`` in the thread and give back its result or its exception."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: job(*args, **kwargs))

    async def stream(self, job: Callable[[threading.Event], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Items of a blocking generator as they come. ``job`` is given an event that says: stop, nobody listens.

        Keep it under ``contextlib.aclosing``. An exception of the generator reaches the reader after its last item.
        """
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        room = threading.Semaphore(STREAM_AHEAD)
        ends: tuple[Sender[T], Receiver[T]] = channel(STREAM_AHEAD, Policy.NEVER_FULL, name="engine stream")
        sender, receiver = ends

        def offer(item: T) -> None:
            try:
                sender.offer(item)
            except ReceiverGone:
                stop.set()

        def work() -> None:
            try:
                for item in job(stop):
                    while not room.acquire(timeout=0.1):
                        if stop.is_set():
                            return
                    if stop.is_set():
                        return
                    loop.call_soon_threadsafe(offer, item)
            finally:
                loop.call_soon_threadsafe(sender.close)

        done = loop.run_in_executor(self._pool, work)
        try:
            async for item in receiver:
                room.release()
                yield item
            await done
        finally:
            stop.set()
            receiver.close()

    def close(self) -> None:
        """Take no more jobs. A running one ends by itself; the interpreter does not wait for it twice."""
        self._pool.shutdown(wait=False, cancel_futures=True)
