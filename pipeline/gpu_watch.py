"""A look at the graphics card every few seconds: hot or short of memory, and what is not necessary rests.

One task for the process, beside all conversations. What the card tells is read in a thread: a driver may take its time.
A card that stops answering is not watched any more.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from common.worker import Worker
from stt import CardHealth

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.engine_news import EngineNews
    from stt import Card

EVERY_S = 10.0
"""Seconds between two looks: a card heats up within a minute."""

log = logging.getLogger("prism.gpu")


async def watch_card(look: Callable[[], Card | None], news: EngineNews, every_s: float = EVERY_S) -> None:
    """Watch until cancelled, or until ``look`` (called in a thread) finds no card."""
    worker, health = Worker("prism-gpu"), CardHealth()
    try:
        while (card := await worker.run(look)) is not None:
            if reason := health.look(card):
                log.warning("%s: %s", "strained" if health.strained else "recovered", reason)
                news.card(strained=health.strained, reason=reason)
            await asyncio.sleep(every_s)
    finally:
        worker.close()
