"""The composition root of dictation: settings to a warm recognizer, and a Dictation that uses it. No voice is built.

A language model is reached only when something is to be cleaned up, and its absence leaves words as they are.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pipeline.dictation.cleanup import ModelCleaner
from pipeline.dictation.dictation import Dictation
from pipeline.dictation.journal import Journal
from pipeline.dictation.seal import seal_for
from pipeline.engine_news import EngineNews
from pipeline.mind import find_mind
from stt import Notify, STTManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from config import Progress, Settings
    from pipeline.dictation.io import Cleaner, DictationIO
    from pipeline.events import Observer

T = TypeVar("T")


async def run_with_dictation(
    settings: Settings,
    progress: Progress | None,
    io: DictationIO,
    body: Callable[[Dictation], Awaitable[T]],
    observers: Sequence[Observer] = (),
) -> T:
    """Load and warm the recognizer, run ``body`` with a Dictation, close everything. ``body`` runs the dictation.

    ``progress`` is told of the download of a model. Raises what the room of hearing raises when it cannot work.
    """
    async with AsyncExitStack() as stack:
        news = EngineNews()
        notify = Notify(partial(news.restarted, "stt"), partial(news.switched, "stt"))
        stt = STTManager.from_settings(settings, progress=progress, notify=notify)
        stack.push_async_callback(stt.aclose)
        journal = Journal(settings.journal, seal=await asyncio.to_thread(seal_for, settings.journal))
        stack.push_async_callback(journal.aclose)
        async with asyncio.TaskGroup() as services:
            if io.cleaner is None and _cleans(settings):
                io = replace(io, cleaner=await _cleaner(settings, services, stack))
            await stt.warm()
            dictation = Dictation(io, stt, journal, settings, observers=observers)
            news.listen(dictation.clock, dictation.emit)
            result = await body(dictation)
            await stack.aclose()
            return result


def _cleans(settings: Settings) -> bool:
    """Whether any window asks for a clean-up."""
    dictation = settings.dictation
    return dictation.cleanup.enabled or any(profile.cleanup for profile in dictation.profiles)


async def _cleaner(settings: Settings, services: asyncio.TaskGroup, stack: AsyncExitStack) -> Cleaner | None:
    """The language model of the configuration; None when there is only the built-in responder, which cannot write."""
    mind = await find_mind(settings.llm, services, stack)
    return None if mind.builtin else ModelCleaner(mind.chat, settings.dictation.cleanup.timeout_s).clean
