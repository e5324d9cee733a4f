"""What thinks: the servers of the configuration, else what runs on this machine, else the built-in responder.

Part of the composition root: it makes chat models, and the server of the built-in responder for as long as the rooms
live. It knows nothing of conversations.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from common.addresses import shown_url
from llm import (
    BuiltinServer,
    Endpoint,
    FallbackChat,
    check_backend,
    create_chat_model,
    discover,
    last_used,
    remember_used,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from config import LlmSettings
    from llm import ChatModel

AUTO, BUILTIN = "auto", "builtin"
"""Values of ``llm.base_url`` that are no URL."""
BUILTIN_NAME = "the built-in responder (no language model is connected)"


@dataclass(frozen=True, slots=True)
class Mind:
    """The language model that was found."""

    chat: FallbackChat
    description: str
    builtin: bool
    """Whether the first choice is the built-in responder."""
    base_url: str | None = None
    """Of the first choice, where that is a server of the user's."""

    async def warm(self) -> None:
        """Reach the servers. Raises an LLMError when none works."""
        await self.chat.warm()
        if self.base_url is not None and self.chat.thinking == shown_url(self.base_url):
            remember_used(self.base_url)


async def find_mind(
    settings: LlmSettings,
    services: asyncio.TaskGroup,
    stack: AsyncExitStack,
    notify: Callable[[str, str, str], None] | None = None,
) -> Mind:
    """The first choice and its fallbacks; nothing is asked of them yet but who is there.

    ``notify(before, after, reason)`` is told when one takes over from another.

    Raises LLMBackendMissing for an unknown backend, also where the built-in responder needs none.
    """
    check_backend(settings.backend)
    builder = _Builder(settings, services, stack)
    url, description = settings.base_url, ""
    if url == AUTO:
        found = await discover(last=last_used())
        url = found.base_url if found else BUILTIN
        if found:
            model = found.models[0] if settings.model == AUTO else settings.model
            description = f"{found.server} at {found.base_url}, {model}"
    endpoints = [builder.endpoint(settings, url)]
    for other in settings.fallback:
        changes = {"model": other.model, "api_key": other.api_key}
        endpoints.append(builder.endpoint(settings.model_copy(update=changes), other.base_url))
    chat = FallbackChat(endpoints, patience_s=settings.first_token_timeout_s, notify=notify)
    builtin = url == BUILTIN
    return Mind(chat, description or endpoints[0].name, builtin, None if builtin else url)


class _Builder:
    """Makes endpoints; everything they need is closed with the stack."""

    def __init__(self, settings: LlmSettings, services: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._services = services
        self._stack = stack
        self._names: set[str] = set()

    def endpoint(self, settings: LlmSettings, url: str) -> Endpoint:
        """A server, or the built-in responder for ``builtin``. Raises an LLMError for an impossible one."""
        if url == BUILTIN:
            return Endpoint(BUILTIN_NAME, self._builtin())
        name = shown_url(url)
        if name in self._names:  # another model, or another key, of a server that is asked already
            name = (
                f"{name} ({settings.model})" if settings.model != AUTO else f"{name} ({len(self._names) + 1})"
            )
        self._names.add(name)
        return Endpoint(name, self._made(settings, url))

    def _made(self, settings: LlmSettings, url: str) -> ChatModel:
        chat = create_chat_model(settings, base_url=url)
        self._stack.push_async_callback(chat.aclose)
        return chat

    def _builtin(self) -> ChatModel:
        token = secrets.token_urlsafe(24)
        server = BuiltinServer(token=token)
        address = server.bind()
        self._services.create_task(server.run(), name="built-in responder")
        self._stack.callback(server.close)
        # The user's model, key and extras belong to another server.
        own = {"api_key": SecretStr(token), "model": "auto", "extra_body": {}, "backend": "openai_http"}
        return self._made(self._settings.model_copy(update={**own, "prefill": "off"}), address)
