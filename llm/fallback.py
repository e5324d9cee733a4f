"""Several servers as one ChatModel: the first that works answers, and the next one takes over when it does not.

Theory of operation. A reply may change hands only before its first event: afterwards a second server would say the
beginning again. Each server has a breaker, so that one that failed is left alone for a while and then tried by one
reply; when all of them are left alone, a person is waiting and all are tried. A server that is only busy (loading its
model, overloaded) is asked again in a moment, as long as the first word may take anyway; one that said nothing at all
is asked once more, because llama_cpp.server cuts off now and then what follows a request that failed. A conversation
that is too long is nobody's failure and goes back to who can shorten it.

Each change of server is told once to ``notify(switched_from, switched_to, reason)``, when the new one begins.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.breaker import Breaker
from llm.base import LLMBusy, LLMEmpty, LLMError, LLMTooLong, LLMUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from llm.base import ChatModel
    from llm.types import Message, ReplyEvent, ToolSpec

    Notify = Callable[[str, str, str], None]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
"""Between two tries of a busy server: doubled each time, up to the second."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Endpoint:
    """One server."""

    name: str
    """As people are told it: its URL without secrets."""
    chat: ChatModel
    breaker: Breaker = field(default_factory=Breaker)


class FallbackChat:
    """A ChatModel; see ``llm.base``. It closes what it was given."""

    def __init__(
        self, endpoints: Sequence[Endpoint], *, patience_s: float, notify: Notify | None = None
    ) -> None:
        """``patience_s``: how long a busy server is asked again, seconds."""
        if not endpoints:
            raise ValueError("thinking needs at least one server")
        self._endpoints = tuple(endpoints)
        self._patience_s = patience_s
        self._notify = notify
        self._thinking = self._endpoints[0].name

    def __repr__(self) -> str:
        return f"<FallbackChat {self._thinking}, {len(self._endpoints)} servers>"

    @property
    def thinking(self) -> str:
        """The server that answered last."""
        return self._thinking

    async def warm(self) -> None:
        """Warm all at once; one that works is enough. Raises the error of the first when none does."""
        reasons: dict[str, LLMError] = {}
        async with asyncio.TaskGroup() as group:
            for endpoint in self._endpoints:
                group.create_task(self._warm(endpoint, reasons))
        works = next((end for end in self._endpoints if end.name not in reasons), None)
        if works is None:
            raise self._all_failed(reasons)
        self._answered_by(works, reasons)

    async def prefill(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> bool:
        """For the server that would answer now; the others may never be needed."""
        endpoint = self._candidates()[0]
        return await endpoint.chat.prefill(messages, tools=tools)

    async def reply(
        self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; see ``ChatModel.reply``."""
        reasons: dict[str, LLMError] = {}
        give_up = self._now() + self._patience_s
        pause, candidates = FIRST_PAUSE_S, self._candidates()
        worth_another: tuple[type[LLMError], ...] = (LLMBusy, LLMEmpty)
        while True:
            for endpoint in candidates:
                begun = False
                async with aclosing(self._attempt(endpoint, messages, tools, reasons)) as events:
                    async for event in events:
                        begun = True
                        yield event
                if begun:
                    return
            again = [end for end in candidates if isinstance(reasons[end.name], worth_another)]
            if not again or self._now() + pause > give_up:
                raise self._all_failed(reasons)
            candidates, worth_another = again, (LLMBusy,)
            _log.info("asking again in %.2f s: %s", pause, reasons[again[0].name])
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def aclose(self) -> None:
        """Close all of them; twice is fine."""
        for endpoint in self._endpoints:
            await endpoint.chat.aclose()

    async def _attempt(
        self,
        endpoint: Endpoint,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        reasons: dict[str, LLMError],
    ) -> AsyncGenerator[ReplyEvent, None]:
        """One server's reply. A failure before its first event is written into ``reasons``, a later one is raised."""
        breaker, begun, judged = endpoint.breaker, False, False
        breaker.ask(self._now())
        try:
            async with aclosing(endpoint.chat.reply(messages, tools=tools)) as events:
                async for event in events:
                    if not begun:
                        begun = True
                        self._answered_by(endpoint, reasons)
                    yield event
            breaker.succeeded(self._now())
            judged = True
        except LLMTooLong:
            raise
        except LLMError as error:
            breaker.failed(self._now())
            judged = True
            if begun:
                raise
            reasons[endpoint.name] = error
            _log.warning("%s did not answer: %s", endpoint.name, error)
        finally:
            if not judged:
                breaker.released()

    async def _warm(self, endpoint: Endpoint, reasons: dict[str, LLMError]) -> None:
        try:
            await endpoint.chat.warm()
        except LLMError as error:
            endpoint.breaker.failed(self._now())
            reasons[endpoint.name] = error
            _log.warning("%s is left out: %s", endpoint.name, error)

    def _candidates(self) -> Sequence[Endpoint]:
        now = self._now()
        return [end for end in self._endpoints if end.breaker.usable(now)] or self._endpoints

    def _answered_by(self, endpoint: Endpoint, reasons: dict[str, LLMError]) -> None:
        before, self._thinking = self._thinking, endpoint.name
        if before == endpoint.name:
            return
        why = reasons.get(before) or next(iter(reasons.values()), None)
        if self._notify is not None:
            self._notify(before, endpoint.name, str(why) if why else "it answers again")

    def _all_failed(self, reasons: dict[str, LLMError]) -> LLMError:
        errors = list(reasons.values())
        if len(errors) == 1:
            return errors[0]
        told = "; ".join(f"{name}: {error}".rstrip(".") for name, error in reasons.items())
        # An empty answer may mean that the conversation is too long: whoever can shorten it must know.
        kind = LLMEmpty if any(isinstance(error, LLMEmpty) for error in errors) else LLMUnavailable
        return kind(f"None of the {len(self._endpoints)} LLM servers answers ({told}).")

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
