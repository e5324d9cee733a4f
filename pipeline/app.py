"""The composition root: settings to warm rooms, once for a process. Nothing else constructs an engine.

``run_with_rooms`` owns what the rooms need to live (the built-in responder's server above all) for as long as the body
runs, and closes everything after it, whatever happened.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from llm import BuiltinServer, create_chat_model, discover
from pipeline.orchestrator import Rooms
from pipeline.phrases import apology
from pipeline.switches import Switches
from stt import STTManager
from tts import TTSManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from config import LlmSettings, Progress, Settings
    from llm import ChatModel

T = TypeVar("T")

AUTO, BUILTIN = "auto", "builtin"
"""Values of ``llm.base_url`` that are no URL."""


@dataclass(frozen=True, slots=True)
class _Mind:
    """The language model that was found."""

    chat: ChatModel
    description: str
    builtin: bool


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
            mind = await _find_mind(settings.llm, services, stack)
            async with asyncio.TaskGroup() as warming:
                warming.create_task(stt.warm())
                warming.create_task(mind.chat.warm())
                warming.create_task(_ready_voice(tts, _languages(settings)))
            offered = settings.llm.tools == "on" or (settings.llm.tools == "auto" and mind.builtin)
            description = (
                f"{settings.stt.backend} {settings.stt.model}",
                mind.description,
                ", ".join(tts.working),
            )
            result = await body(Rooms(stt, mind.chat, tts, description, offered, switches))
            await stack.aclose()
            return result


async def _find_mind(settings: LlmSettings, services: asyncio.TaskGroup, stack: AsyncExitStack) -> _Mind:
    """What is configured, else what runs on this machine, else the built-in responder."""
    url = settings.base_url
    if url == AUTO:
        found = await discover()
        if found is not None:
            chat = create_chat_model(settings, base_url=found.base_url)
            stack.push_async_callback(chat.aclose)
            return _Mind(chat, f"{found.server} at {found.base_url}", builtin=False)
    elif url != BUILTIN:
        chat = create_chat_model(settings, base_url=url)
        stack.push_async_callback(chat.aclose)
        return _Mind(chat, url, builtin=False)
    return _start_builtin(settings, services, stack)


def _start_builtin(settings: LlmSettings, services: asyncio.TaskGroup, stack: AsyncExitStack) -> _Mind:
    token = secrets.token_urlsafe(24)
    server = BuiltinServer(token=token)
    address = server.bind()
    services.create_task(server.run(), name="built-in responder")
    stack.callback(server.close)
    # The user's model, key and extras belong to another server.
    own = settings.model_copy(
        update={"api_key": SecretStr(token), "model": "auto", "extra_body": {}, "backend": "openai_http"}
    )
    chat = create_chat_model(own, base_url=address)
    stack.push_async_callback(chat.aclose)
    return _Mind(chat, "the built-in responder (no language model is connected)", builtin=True)


async def _ready_voice(tts: TTSManager, languages: tuple[str, ...]) -> None:
    """Warm the voice, and have it say once, unheard, what must be said at once when all else fails."""
    await tts.warm(languages)
    for language in languages:
        await tts.prepare([apology(language)], language=language)


def _languages(settings: Settings) -> tuple[str, ...]:
    """The languages whose voices must be ready."""
    return ("fr", "en") if settings.stt.language == "auto" else (settings.stt.language,)
