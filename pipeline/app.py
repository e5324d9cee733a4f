"""The composition root: settings to warm rooms, once for a process. Nothing else constructs an engine.

``run_with_rooms`` owns what the rooms need to live (the built-in responder's server above all) for as long as the body
runs, and closes everything after it, whatever happened.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from common.clock import FrameClock
from llm import Message, system_prompt
from pipeline.builtin_tools import builtin_tools, today
from pipeline.clipboard_tools import clipboard_tools, system_clipboard
from pipeline.engine_news import EngineNews
from pipeline.gpu_watch import watch_card
from pipeline.mcp_tools import connect_mcp
from pipeline.mind import Mind, find_mind
from pipeline.parts import Rooms
from pipeline.phrases import apology, fixed
from pipeline.timers import Timers
from pipeline.tools import offered_specs
from stt import Notify, STTManager, card_watched, create_turn_model
from tts import OPENERS, TTSManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from config import Progress, Settings
    from pipeline.tools import Tool

T = TypeVar("T")


async def run_with_rooms(
    settings: Settings, progress: Progress | None, body: Callable[[Rooms], Awaitable[T]]
) -> T:
    """Make the rooms, warm them together, run ``body`` with them, close them.

    ``progress`` is told of the download of a model.
    Raises what a room raises when it cannot work: STTError, LLMError, TTSError.
    """
    async with AsyncExitStack() as stack:
        engines = EngineNews()
        notify = Notify(partial(engines.restarted, "stt"), partial(engines.switched, "stt"))
        stt = STTManager.from_settings(settings, progress=progress, notify=notify)
        stack.push_async_callback(stt.aclose)
        turn_model = create_turn_model(settings, progress)
        if turn_model:
            stack.callback(turn_model.close)
        tts = TTSManager.from_settings(settings, notify=partial(engines.switched, "tts"))
        stack.push_async_callback(tts.aclose)
        async with asyncio.TaskGroup() as services:
            mind = await find_mind(settings.llm, services, stack, partial(engines.switched, "llm"))
            look = partial(card_watched, settings.stt, settings.gpu)
            stack.callback(services.create_task(watch_card(look, engines), name="gpu").cancel)
            async with asyncio.TaskGroup() as warming:
                warming.create_task(stt.warm())
                if turn_model:
                    warming.create_task(turn_model.warm())
                warming.create_task(_ready_voice(tts, _languages(settings)))
                tools, offers = await _ready_to_think(mind, settings, services, stack, engines)
            description = (
                f"{settings.stt.backend} {settings.stt.model}",
                mind.description,
                ", ".join(tts.working),
            )
            rooms = Rooms(stt, mind.chat, tts, description, offers, tools, engines, turn_model)
            phrases = services.create_task(_prepare_phrases(tts, _languages(settings)), name="phrases")
            stack.callback(phrases.cancel)  # or the closed voice would be loaded once more to finish them
            result = await body(rooms)
            await stack.aclose()
            return result


async def _ready_to_think(
    mind: Mind,
    settings: Settings,
    services: asyncio.TaskGroup,
    stack: AsyncExitStack,
    engines: EngineNews,
) -> tuple[tuple[Tool, ...], bool]:
    """Reach the language model and the MCP servers, and have it read the beginning that all prompts will share.

    The tools besides those that are built in, and whether the model is told of any.
    """
    await mind.warm()
    servers = await connect_mcp(settings.mcp, services)
    for server in servers:
        stack.callback(server.close)
        if server.problem is not None:
            engines.lost_tools(server.name, server.problem)
    listed = [tool for server in servers for tool in server.tools]
    offers = _offers_tools(settings, mind, listed=bool(listed))
    tools = (*clipboard_tools(system_clipboard()), *listed)
    own = builtin_tools(Timers(), FrameClock(), lambda _level: None)
    specs = offered_specs((*own, *tools), settings.tools) if offers else ()
    prompt = system_prompt(settings.llm.system_prompt, today(), settings.stt.language)
    if prompt or specs:
        beginning = [Message("system", prompt)] if prompt else []
        await mind.chat.prefill([*beginning, Message("user", "Hello.")], tools=specs)
    return tools, offers


def _offers_tools(settings: Settings, mind: Mind, *, listed: bool) -> bool:
    """Whether the model is told of tools; ``auto`` for one that knows Prism's, or when the user has ``listed`` more."""
    return settings.llm.tools == "on" or (settings.llm.tools == "auto" and (mind.builtin or listed))


async def _ready_voice(tts: TTSManager, languages: tuple[str, ...]) -> None:
    """Warm the voice, and have it say once, unheard, what must be said at once: when all else fails, or takes long."""
    await tts.warm(languages)
    for language in languages:
        await tts.prepare([apology(language)], language=language)


async def _prepare_phrases(tts: TTSManager, languages: tuple[str, ...]) -> None:
    """Have the voice say, unheard and beside everything else, what replies begin with and Prism's own sentences."""
    for language in filter(tts.keeps, languages):
        await tts.prepare([*fixed(language), *OPENERS.get(language, ())], language=language)


def _languages(settings: Settings) -> tuple[str, ...]:
    """The languages whose voices must be ready."""
    return ("fr", "en") if settings.stt.language == "auto" else (settings.stt.language,)
