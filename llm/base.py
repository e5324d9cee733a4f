"""The seams of thinking: signatures and the error tree, nothing else.

    LLMError                    something in thinking failed
    ├── LLMUnavailable          no server answers at the URL, or it broke off
    │   ├── LLMBusy             it answers but is loading or overloaded: the same request may work in a moment
    │   └── LLMEmpty            it said yes and then nothing; some do so for a conversation that is too long
    ├── LLMTimedOut             no first token, no next one, or not all of them, in time
    ├── LLMRejected             the server refused the request (key, model)
    │   └── LLMTooLong          the conversation does not fit the model's context: a shorter one may
    └── LLMBackendMissing       a library is not installed; the message names the install command

A message is one sentence for a person: what is wrong, at which URL, and what to do. It never holds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from llm.types import Message, ReplyEvent, ToolSpec


class LLMError(Exception):
    """Something in thinking failed."""


class LLMUnavailable(LLMError):
    """No server answers, or it broke off."""


class LLMBusy(LLMUnavailable):
    """The server is loading its model, or overloaded."""


class LLMEmpty(LLMUnavailable):
    """The server accepted the request and answered nothing at all."""


class LLMTimedOut(LLMError):
    """The server was too slow."""


class LLMRejected(LLMError):
    """The server refused the request."""


class LLMTooLong(LLMRejected):
    """The conversation does not fit the model's context."""

    def __init__(self, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        """Tokens of the context, where the server said so."""


class LLMBackendMissing(LLMError):
    """A library is not installed."""


class ChatModel(Protocol):
    """Messages in, text out. ``backends/NAME.py`` exports ``create(options) -> ChatModel``."""

    async def warm(self) -> None:
        """Check that the server answers and learn what it serves.

        Raises LLMUnavailable naming the URL and what was asked, LLMRejected for a refused key.
        """

    async def prefill(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> bool:
        """Have the server read the beginning of every prompt now, so that the first turn need not wait for it.

        False when that makes no sense for this server. Nothing is lost when it fails: it never raises an LLMError.
        """

    def reply(
        self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply: TextDelta and ToolCall as they come, then exactly one ReplyEnd.

        Raises an LLMError. Closing the iterator (keep it under ``contextlib.aclosing``) or cancelling its reader
        closes the connection, so that the server stops generating.
        """

    async def aclose(self) -> None:
        """Close all connections; twice is fine."""
