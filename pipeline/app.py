"""The composition root: settings to warm rooms, once for a process. Nothing else constructs an engine.

``run_with_rooms`` owns what the rooms need to live (the built-in responder's server above all) for as long as the body
runs, and closes everything after it, whatever happened.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

from pipeline.mind import find_mind
from pipeline.orchestrator import Rooms
from pipeline.switches import Switches
from stt import STTManager
from tts import TTSManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from config import Progress, Settings

T = TypeVar("T")


async def run_with_rooms(
    settings: Settings, progress: Progress | None, body: Callable[[Rooms], Awaitable[T]]
) -> T:
    """Make the rooms, warm them together, run ``body`` with them, close them.

    ``progress`` is told of the download of a model.
    Raises what a room raises when it cannot work: STTError, LLMError, TTSError.
    """
    async with AsyncExitStack() as stack:
        stt = STTManager.from_settings(settings, progress=progress)
        stack.push_async_callback(stt.aclose)
        switches = Switches()
        tts = TTSManager.from_settings(settings, notify=switches.note)
        stack.push_async_callback(tts.aclose)
        async with asyncio.TaskGroup() as services:
            thinking = Switches()
            mind = await find_mind(settings.llm, services, stack, thinking)
            async with asyncio.TaskGroup() as warming:
                warming.create_task(stt.warm())
                warming.create_task(mind.warm())
                warming.create_task(tts.warm(_languages(settings)))
            offered = settings.llm.tools == "on" or (settings.llm.tools == "auto" and mind.builtin)
            description = (
                f"{settings.stt.backend} {settings.stt.model}",
                mind.description,
                ", ".join(tts.working),
            )
            result = await body(Rooms(stt, mind.chat, tts, description, offered, switches, thinking))
            await stack.aclose()
            return result


def _languages(settings: Settings) -> tuple[str, ...]:
    """The languages whose voices must be ready."""
    return ("fr", "en") if settings.stt.language == "auto" else (settings.stt.language,)
