"""An engine that calls back, as an async iterator: its thread pushes, the event loop pulls.

``common.worker`` streams from engines that can be iterated; eSpeak cannot. The same promises hold here: one job at a
time, a reader that leaves stops the job at its next item, a job that has not begun by then never does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from typing import TypeVar

from common.channel import Policy, Receiver, ReceiverGone, Sender, channel

T = TypeVar("T")

Emit = Callable[[T], bool]
"""Hands one item over; False says: stop, nobody listens."""

AHEAD = 1024
"""Items that an engine may be ahead of its reader: a whole piece, so that a reader who waits holds no engine."""


async def relay(thread: Executor, job: Callable[[Emit[T]], None]) -> AsyncGenerator[T, None]:
    """Items that ``job``, run in ``thread``, emits. Keep it under ``contextlib.aclosing``.

    An exception of the job reaches the reader after its last item.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()
    room = threading.Semaphore(AHEAD)
    ends: tuple[Sender[T], Receiver[T]] = channel(AHEAD, Policy.NEVER_FULL, name="engine relay")
    sender, receiver = ends

    def deliver(item: T) -> None:
        try:
            sender.offer(item)
        except ReceiverGone:
            stop.set()

    def emit(item: T) -> bool:
        while not stop.is_set():
            if room.acquire(timeout=0.1):
                loop.call_soon_threadsafe(deliver, item)
                return not stop.is_set()
        return False

    def work() -> None:
        try:
            if not stop.is_set():
                job(emit)
        finally:
            loop.call_soon_threadsafe(sender.close)

    done = loop.run_in_executor(thread, work)
    try:
        async for item in receiver:
            room.release()
            yield item
        await done
    finally:
        stop.set()
        receiver.close()
        done.cancel()
