"""Whatever a server does, a turn ends in time, says no garbage, and leaves no task and no connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.channel import Policy, Receiver, Sender, channel
from common.clock import LiveClock
from llm import Endpoint, FallbackChat, History, Message, create_chat_model
from pipeline.builtin_tools import builtin_tools
from pipeline.context import TurnContext
from pipeline.latency import Timeline
from pipeline.stepping import Activity
from pipeline.think import Thinker
from pipeline.timers import Timers
from pipeline.tools import Toolbox
from pipeline.voice import Piece
from tests.kit.raw_server import RawServer
from tests.kit.settings import settings
from tests.pipeline.hostile import TABLE, Row, markdown

SHORT = {"llm__first_token_timeout_s": 0.2, "llm__stall_timeout_s": 0.2, "llm__total_timeout_s": 0.5}
"""For rows that are about waiting; the others have all the time that a busy machine may need."""
PROMPT = (Message("system", "Be brief."), Message("user", "Quel temps fait-il ?", "fr"))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "thinking.md"


async def think(url: str, *, short: bool) -> tuple[str, tuple[str, str] | None]:
    """One turn's words, and its failure."""
    config, clock = settings(llm__model="m", **(SHORT if short else {})), LiveClock()
    chat = FallbackChat([Endpoint(url, create_chat_model(config.llm, base_url=url))], patience_s=0.6)
    context = TurnContext(1, clock, lambda _event: None, Activity(), Timeline(0.0))
    own = builtin_tools(Timers(), clock, lambda _level: None)
    tools = Toolbox(own, config.tools, clock, lambda _event: None, offered=True)
    ends: tuple[Sender[Piece], Receiver[Piece]] = channel(1000, Policy.WAIT, name="texts")
    context.commit()
    await Thinker(context, chat, tools, History()).run(PROMPT, ends[0])
    heard = " ".join([piece.text async for piece in ends[1]])
    await chat.aclose()
    return heard, context.failure


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.does)
async def test_a_server_that_misbehaves(row: Row) -> None:
    async with RawServer(row.answers).running() as server:
        async with asyncio.timeout(10):
            heard, failure = await think(server.url, short=row.waits)
            await server.left()
    heard, wanted = " ".join(heard.split()), " ".join(row.heard.split())
    begun = heard.startswith(wanted[:-1]) if wanted.endswith("…") else heard == wanted
    assert begun, (heard, failure)
    assert (failure is not None) is row.fails, failure
    assert failure is None or ("\n" not in failure[1] and "Traceback" not in failure[1])
    left = asyncio.all_tasks() - {asyncio.current_task()}  # what httpx left suspended, the loop finalizes
    assert not left or not (await asyncio.wait(left, timeout=1))[1]


def test_there_are_many_rows_and_the_page_shows_them() -> None:
    assert len({row.does for row in TABLE}) == len(TABLE) >= 30
    assert markdown() in PAGE.read_text(encoding="utf-8"), "print it anew: python -m tests.pipeline.hostile"
