"""A thread for one engine: blocking native code off the event loop, one job at a time unless it can do more.

The lease of an engine ends with the *work*, not with the waiter: a cancelled caller leaves at once, but the next job
waits until the thread is really free, so that an engine is never entered twice. A job that nobody waits for any more
and that has not begun never does; one that has begun is told at its next item that nobody listens.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import ParamSpec, TypeVar

from common.channel import Policy, Receiver, ReceiverGone, Sender, channel

P = ParamSpec("P")
T = TypeVar("T")

Emit = Callable[[T], bool]
"""Hands one item over from the thread; False says: stop, nobody listens."""

AHEAD = 1024
"""Items that an engine may be ahead of its reader: a whole piece, so that a reader who waits holds no engine."""


def cancelled_from_below() -> bool:
    """While a CancelledError is handled: whether what was awaited raised it, and nobody has cancelled this task.

    A thread pool that is shut down does so, and so do libraries with scopes of their own. Let through, it ends a task
    silently, and nobody hears of it.
    """
    task = asyncio.current_task()
    return task is not None and not task.cancelling()


class Worker:
    """A dedicated thread. Close it; closing twice is fine and never waits for a running job."""

    def __init__(self, name: str, threads: int = 1) -> None:
        """``threads``: jobs that the engine can do at once; the next one goes to whichever thread is free first."""
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``job`` in the thread and give back its result or its exception."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: job(*args, **kwargs))

    async def stream(self, job: Callable[[threading.Event], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Items of a blocking generator as they come. ``job`` is given an event that says: stop, nobody listens.

        Keep it under ``contextlib.aclosing``. An exception of the generator reaches the reader after its last item.
        """
        stop = threading.Event()

        def push(emit: Emit[T]) -> None:
            for item in job(stop):
                if not emit(item):
                    return

        try:
            async with aclosing(self.relay(push)) as items:
                async for item in items:
                    yield item
        finally:
            stop.set()

    async def relay(self, job: Callable[[Emit[T]], None]) -> AsyncGenerator[T, None]:
        """Items that ``job`` emits, for engines that call back.

        Keep it under ``contextlib.aclosing``. An exception of the job reaches the reader after its last item.
        """
        loop = asyncio.get_running_loop()
        gone = threading.Event()
        room = threading.Semaphore(AHEAD)
        ends: tuple[Sender[T], Receiver[T]] = channel(AHEAD, Policy.NEVER_FULL, name="engine relay")
        sender, receiver = ends

        def deliver(item: T) -> None:
            try:
                sender.offer(item)
            except ReceiverGone:
                gone.set()

        def emit(item: T) -> bool:
            while not gone.is_set():
                if room.acquire(timeout=0.1):
                    loop.call_soon_threadsafe(deliver, item)
                    return not gone.is_set()
            return False

        done = loop.run_in_executor(self._pool, lambda: None if gone.is_set() else job(emit))
        # Also when the worker is closed before the job has begun: the reader must not wait for ever.
        done.add_done_callback(lambda _: sender.close())
        try:
            async for item in receiver:
                room.release()
                yield item
            if not done.cancelled():
                done.result()
        finally:
            gone.set()
            receiver.close()
            done.cancel()

    def close(self) -> None:
        """Take no more jobs and drop those that have not begun. A running one ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
