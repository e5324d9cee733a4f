"""From an engine's thread to the event loop: order, errors, leaving, and jobs that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from common.worker import AHEAD, Emit, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def thread() -> Iterator[Worker]:
    worker = Worker("test")
    yield worker
    worker.close()


async def test_items_come_in_order_however_many(thread: Worker) -> None:
    def job(emit: Emit[int]) -> None:
        for number in range(3 * AHEAD):
            emit(number)

    async with aclosing(thread.relay(job)) as items:
        assert [item async for item in items] == list(range(3 * AHEAD))


async def test_an_error_comes_after_the_last_item(thread: Worker) -> None:
    def job(emit: Emit[int]) -> None:
        emit(1)
        raise LookupError("no more")

    async with aclosing(thread.relay(job)) as items:
        assert await anext(items) == 1
        with pytest.raises(LookupError, match="no more"):
            await anext(items)


async def test_a_reader_that_leaves_stops_the_job(thread: Worker) -> None:
    stopped = threading.Event()

    def job(emit: Emit[int]) -> None:
        while emit(1):
            pass
        stopped.set()

    async with aclosing(thread.relay(job)) as items:
        assert await anext(items) == 1
    assert await asyncio.to_thread(stopped.wait, 5)


async def test_a_job_that_nobody_waits_for_never_begins(thread: Worker) -> None:
    gate = threading.Event()
    begun: list[str] = []

    def first(emit: Emit[str]) -> None:
        emit("busy")
        gate.wait(5)

    def second(emit: Emit[str]) -> None:
        begun.append("second")
        emit("second")

    async with aclosing(thread.relay(first)) as items:
        assert await anext(items) == "busy"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), aclosing(thread.relay(second)) as others:
                await anext(others)
        gate.set()
        assert [item async for item in items] == []
    assert begun == []


async def test_closing_ends_the_readers_of_jobs_that_have_not_begun(thread: Worker) -> None:
    gate = threading.Event()

    def first(emit: Emit[int]) -> None:
        emit(1)
        gate.wait(5)

    async with aclosing(thread.relay(first)) as busy:
        assert await anext(busy) == 1
        async with aclosing(thread.relay(first)) as waiting, asyncio.timeout(2):
            asyncio.get_running_loop().call_later(0.01, thread.close)
            assert await anext(waiting, None) is None
        gate.set()


async def test_a_generator_is_told_that_nobody_listens(thread: Worker) -> None:
    over = threading.Event()

    def job(stop: threading.Event) -> Iterator[int]:
        try:
            while not stop.wait(0.01):
                yield 1
        finally:
            over.set()

    async with aclosing(thread.stream(job)) as items:
        assert await anext(items) == 1
        assert not over.is_set()
    assert await asyncio.to_thread(over.wait, 5)


async def test_a_job_goes_to_the_thread_that_is_free_first() -> None:
    worker, go_on = Worker("test", threads=2), threading.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        long = group.create_task(worker.run(go_on.wait, 10.0))
        await asyncio.sleep(0)
        assert [await worker.run(int, number) for number in range(4)] == [0, 1, 2, 3]
        go_on.set()
    assert long.result()
    worker.close()
