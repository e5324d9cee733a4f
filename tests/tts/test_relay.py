"""From an engine's thread to the event loop: order, errors, leaving, and jobs that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from tts.relay import AHEAD, Emit, relay

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


async def test_items_come_in_order_however_many(thread: ThreadPoolExecutor) -> None:
    def job(emit: Emit[int]) -> None:
        for number in range(3 * AHEAD):
            emit(number)

    async with aclosing(relay(thread, job)) as items:
        assert [item async for item in items] == list(range(3 * AHEAD))


async def test_an_error_comes_after_the_last_item(thread: ThreadPoolExecutor) -> None:
    def job(emit: Emit[int]) -> None:
        emit(1)
        raise LookupError("no more")

    async with aclosing(relay(thread, job)) as items:
        assert await anext(items) == 1
        with pytest.raises(LookupError, match="no more"):
            await anext(items)


async def test_a_reader_that_leaves_stops_the_job(thread: ThreadPoolExecutor) -> None:
    stopped = threading.Event()

    def job(emit: Emit[int]) -> None:
        while emit(1):
            pass
        stopped.set()

    async with aclosing(relay(thread, job)) as items:
        assert await anext(items) == 1
    assert await asyncio.to_thread(stopped.wait, 5)


async def test_a_job_that_nobody_waits_for_never_begins(thread: ThreadPoolExecutor) -> None:
    gate = threading.Event()
    begun: list[str] = []

    def first(emit: Emit[str]) -> None:
        emit("busy")
        gate.wait(5)

    def second(emit: Emit[str]) -> None:
        begun.append("second")
        emit("second")

    async with aclosing(relay(thread, first)) as items:
        assert await anext(items) == "busy"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), aclosing(relay(thread, second)) as others:
                await anext(others)
        gate.set()
        assert [item async for item in items] == []
    assert begun == []
