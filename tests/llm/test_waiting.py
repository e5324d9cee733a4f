"""How long the client waits, and how it leaves: nothing of a reply that is left stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import pytest

from llm import LLMTimedOut, ReplyEnd, TextDelta
from tests.llm.chaos import ASK, END, HOLD, Chaos, chunk, data, replied, said, talking

ROLE = data(chunk({"role": "assistant"}))


@pytest.mark.parametrize("silence", [(HOLD,), (ROLE, b": ping\n\n", HOLD), (*(ROLE, 0.02) * 100, HOLD)])
async def test_the_first_word_has_a_limit(silence: tuple[bytes | float | str, ...]) -> None:
    chaos = Chaos(silence)
    async with talking(chaos, llm__model="m", llm__first_token_timeout_s=0.3) as model:
        with pytest.raises(LLMTimedOut, match=r"no first word in 0\.3 s.*llm\.first_token_timeout_s"):
            await replied(model)
        await chaos.was_left()


async def test_silence_within_a_reply_has_a_limit() -> None:
    chaos = Chaos((said("Bon"), b": ping\n\n", HOLD))
    heard = []
    async with talking(chaos, llm__model="m", llm__stall_timeout_s=0.05) as model:
        replies = model.reply(ASK)
        heard.append(await anext(replies))
        with pytest.raises(LLMTimedOut, match=r"0\.05 s in the middle.*llm\.stall_timeout_s"):
            await anext(replies)
        await chaos.was_left()
    assert heard == [TextDelta("Bon")]


async def test_a_thought_counts_as_a_sign_of_life() -> None:
    thought = data(chunk({"reasoning_content": "hm"}))
    chaos = Chaos((thought, 0.03, thought, 0.03, thought, 0.03, said("Bon"), END))
    limits = {"llm__first_token_timeout_s": 1.0, "llm__stall_timeout_s": 0.5}
    async with talking(chaos, llm__model="m", **limits) as model:
        assert await replied(model) == [TextDelta("Bon"), ReplyEnd("stop", None, "hmhmhm")]


async def test_a_reader_that_is_held_uses_up_no_time() -> None:
    chaos = Chaos((said("Bon"), 0.05, said("jour"), END))
    async with talking(chaos, llm__model="m", llm__stall_timeout_s=0.8) as model:
        replies = model.reply(ASK)
        first = await anext(replies)
        await asyncio.sleep(1.0)
        assert [first] + [event async for event in replies] == [
            TextDelta("Bon"),
            TextDelta("jour"),
            ReplyEnd("stop"),
        ]


async def leave(chaos: Chaos, *, cancelled: bool) -> float:
    """Seconds from leaving a running reply to the server seeing it."""
    async with talking(chaos, llm__model="m") as model:
        replies = model.reply(ASK)
        assert await anext(replies) == TextDelta("Bon")
        if cancelled:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(replies)
            left_at = time.perf_counter()
        else:
            left_at = time.perf_counter()
            await replies.aclose()
        await chaos.was_left()
        return time.perf_counter() - left_at


@pytest.mark.parametrize("cancelled", [True, False])
async def test_a_reply_that_is_left_ends_at_the_server_at_once(cancelled: bool) -> None:
    """The best of three, because a test machine may be busy with something else."""
    seconds = [await leave(Chaos((said("Bon"), HOLD)), cancelled=cancelled) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)  # what httpx left suspended is finalized by the loop, one step later
    assert min(seconds) < 0.05
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_reply_cancelled_before_its_first_word_leaves_nothing() -> None:
    chaos = Chaos((HOLD,))
    async with talking(chaos, llm__model="m") as model:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await replied(model)
        await chaos.was_left()
        chaos.body = (said("Bon"), END)
        assert await replied(model) == [TextDelta("Bon"), ReplyEnd("stop")]


@pytest.mark.skipif(
    not hasattr(socket, "TCP_QUICKACK"), reason="only Linux lets a client acknowledge at once"
)
async def test_a_kept_connection_is_not_slowed_down_by_late_acknowledgments() -> None:
    """The server leaves Nagle's algorithm on, as uvicorn's do; each late acknowledgment costs 40 ms.

    None of the requests would be quick; on a busy machine not all are anyway.
    """
    seconds = []
    async with talking(Chaos((said("Bon"), END)), llm__model="m") as model:
        for _ in range(21):
            asked_at = time.perf_counter()
            replies = model.reply(ASK)
            await anext(replies)
            seconds.append(time.perf_counter() - asked_at)
            async for _ in replies:
                pass
    assert min(seconds) < 0.03
