"""The channel's contract: closing, policies, and what a cancelled or departed end leaves behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from common.channel import ChannelOverflow, Policy, Receiver, ReceiverGone, Sender, SenderClosed, channel
from tests.kit.virtual_loop import DeadLock, run_virtual

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def make(size: int, policy: Policy = Policy.WAIT) -> tuple[Sender[int], Receiver[int]]:
    return channel(size, policy, name="test")


async def collect(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


def test_the_reader_ends_when_the_last_of_two_senders_closes() -> None:
    async def main() -> list[int]:
        first, receiver = make(4)
        second = first.clone()
        first.offer(1)
        first.close()
        first.close()
        second.offer(2)
        second.close()
        return await collect(receiver)

    assert run_virtual(main()) == [1, 2]


def test_an_open_sender_keeps_the_reader_waiting() -> None:
    async def main() -> None:
        sender, receiver = make(4)
        sender.clone().close()
        await collect(receiver)

    with pytest.raises(DeadLock):
        run_virtual(main())


def test_a_full_channel_makes_its_sender_wait_and_loses_nothing() -> None:
    async def main() -> tuple[list[int], int]:
        sender, receiver = make(2)
        most = 0

        async def produce() -> None:
            with sender:
                for item in range(50):
                    await sender.send(item)

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            got = []
            async for item in receiver:
                most = max(most, len(receiver) + 1)
                got.append(item)
                await asyncio.sleep(0.01)
        return got, most

    got, most = run_virtual(main())
    assert got == list(range(50))
    assert most <= 2


def test_drop_oldest_counts_what_it_drops() -> None:
    async def main() -> tuple[list[int], int]:
        sender, receiver = make(3, Policy.DROP_OLDEST)
        with sender:
            for item in range(10):
                await sender.send(item)
        return await collect(receiver), receiver.dropped

    assert run_virtual(main()) == ([7, 8, 9], 7)


def test_an_overflow_of_a_channel_that_is_never_full_is_a_bug() -> None:
    sender, _ = make(1, Policy.NEVER_FULL)
    sender.offer(1)
    with pytest.raises(ChannelOverflow, match="overflowed at 1"):
        sender.offer(2)


def test_a_departed_reader_frees_a_waiting_sender() -> None:
    async def main() -> None:
        sender, receiver = make(1)
        await sender.send(1)

        async def leave() -> None:
            await asyncio.sleep(1)
            receiver.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(leave())
            with pytest.raises(ReceiverGone):
                await sender.send(2)
        with pytest.raises(ReceiverGone):
            sender.offer(3)

    run_virtual(main())


def test_a_closed_end_cannot_send() -> None:
    sender, _ = make(1)
    with sender:
        pass
    with pytest.raises(SenderClosed):
        sender.offer(1)


def test_a_cancelled_sender_and_reader_lose_no_item() -> None:
    async def main() -> list[int]:
        sender, receiver = make(1)
        await sender.send(1)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(sender.send(2))
            await asyncio.sleep(0)
            waiting.cancel()
        assert await anext(receiver) == 1
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(receiver.__anext__())
            await asyncio.sleep(0)
            reading.cancel()
        with sender:
            await sender.send(3)
        return await collect(receiver)

    assert run_virtual(main()) == [3]


def test_a_size_must_be_given() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make(0)
