"""What was said in a conversation, and the prompt that comes of it: PURE, no clock, no file.

Theory of operation. There are exactly two writes: the user's words when they are committed, and the words
of the assistant that were *heard*. What it had intended to say is kept beside them and never shown to the
model as said. A prompt begins with the system prompt, always the same, so that a server can keep its work
on it. Users' words without a heard reply between them are one message, because the model should see one
utterance.

A prompt is bounded: the oldest whole exchanges (what the user said and what was heard in reply) are left
out, several at a time, because each change at the front makes the server read everything again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from llm.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_EXCHANGES = 40
MAX_CHARS = 24_000
"""Some 6,000 tokens: what a model with a context of 8,192 can read and still answer."""
AT_ONCE = 4
"""Exchanges left out together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One write."""

    role: Literal["user", "assistant"]
    text: str
    """What was said by the user, or heard from the assistant; may be empty."""
    intended: str = ""
    """For the assistant: the whole reply, as far as it had come."""
    language: str | None = None
    """ISO 639-1 code of the user's words, where it is known."""


class History:
    """One conversation."""

    def __init__(self, *, max_exchanges: int = MAX_EXCHANGES, max_chars: int = MAX_CHARS) -> None:
        if max_exchanges < 1 or max_chars < 1:
            raise ValueError("a history needs room for at least one exchange and one character")
        self._max_exchanges = max_exchanges
        self._max_chars = max_chars
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything, for saving: more than a prompt holds."""
        return tuple(self._entries)

    def user(self, text: str, language: str | None = None) -> None:
        """The user's words, committed."""
        self._entries.append(Entry("user", text, language=language))

    def assistant(self, heard: str, intended: str) -> None:
        """The end of a turn: what was heard of it, and what was meant to be."""
        self._entries.append(Entry("assistant", heard, intended))

    def render(
        self, system_prompt: str, pending: str | None = None, language: str | None = None
    ) -> tuple[Message, ...]:
        """The prompt. The newest exchange is always in it, however long it is.

        ``pending`` are words of the user, in ``language``, that are not committed yet: rendered, not written.
        """
        asked = [Entry("user", pending, language=language)] if pending else []
        exchanges = _exchanges(_messages([*self._entries, *asked]))
        kept = exchanges[_first_kept(exchanges, self._max_exchanges, self._max_chars) :]
        system = (Message("system", system_prompt),) if system_prompt else ()
        return (*system, *(message for exchange in kept for message in exchange))


def _messages(entries: Sequence[Entry]) -> list[Message]:
    """Entries with words, those of one role in a row joined."""
    spoken = [entry for entry in entries if entry.text.strip()]
    return [_joined(list(group)) for _, group in groupby(spoken, key=lambda entry: entry.role)]


def _joined(entries: list[Entry]) -> Message:
    language = next((entry.language for entry in reversed(entries) if entry.language), None)
    return Message(entries[0].role, " ".join(entry.text.strip() for entry in entries), language)


def _exchanges(messages: Sequence[Message]) -> list[list[Message]]:
    """Each begins with the user's words; only the first may begin with the assistant's."""
    exchanges: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not exchanges:
            exchanges.append([])
        exchanges[-1].append(message)
    return exchanges


def _first_kept(exchanges: Sequence[Sequence[Message]], max_exchanges: int, max_chars: int) -> int:
    """Index of the first exchange that the prompt holds: a multiple of AT_ONCE unless that leaves none."""
    first, chars = len(exchanges), 0
    for exchange in reversed(exchanges[-max_exchanges:]):
        chars += sum(len(message.content) for message in exchange)
        if chars > max_chars and first < len(exchanges):
            break
        first -= 1
    rounded = -(-first // AT_ONCE) * AT_ONCE
    return rounded if rounded < len(exchanges) else first
