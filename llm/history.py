"""What was said in a conversation, and the prompt that comes of it: PURE, no clock, no file.

Theory of operation. There are exactly two writes: the user's words when they are committed, and the words
of the assistant that were *heard*. What it had intended to say is kept beside them and never shown to the
model as said. Users' words without a heard reply between them are one message, because the model should see
one utterance.

A server keeps its work on the beginning of a prompt, so that beginning never changes but when it must: the system
prompt is always the same, messages are only added, and what was once left out stays out. A prompt is bounded in
tokens. They are estimated from letters, and the estimate follows what the server really counts (``learn``) and what
it refuses (``too_long``). When a prompt outgrows the bound, the oldest whole exchanges (what the user said and what
was heard in reply) are left out down to three quarters of it, so that this happens seldom.

Who wants a summary of them asks ``fading`` before that happens, has it written, and hands it to ``summarized``: in one
step the exchanges go and the summary, at the end of the system prompt, takes their place. Of what has been left out
without one, the next summary tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from llm.types import Message

MAX_TOKENS = 6_000
"""What a model with a context of 8,192 can read and still answer."""
KEPT_SHARE = 0.75
"""Of the bound, what is left when exchanges are left out."""
CHARS_PER_TOKEN = 3.0
"""Before a server has counted: French and English have 3 to 4.5, and a prompt must rather be short."""
RATIOS = (0.5, 4.5)
"""Bounds of what is learned: from one letter of a rare script to long words."""
MESSAGE_CHARS = 16
"""Letters that the marks of a template round a message are worth."""
SURE_CHARS = 400
"""A shorter prompt is mostly template: nothing is learned from it."""
FADING_SHARE = 0.85
"""Of the bound, from where on a summary is wanted: early enough to be written while nobody waits for it."""
SUMMARY_CHARS = 1_500
"""Longest summary: some 400 tokens. What is beyond its last sentence is cut."""
SUMMARY_SHARE = 0.15
"""Of the bound, what a summary may take at most: what is left out for it must not come back as its length."""
SUMMARY_LEAD = "What was said before, in short: "
LIMIT_SHARE = 0.7
"""Of a context, what a prompt may fill: the reply needs room too."""


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


@dataclass(frozen=True, slots=True)
class Fading:
    """What a summary should tell."""

    summary: str
    """The one that there is; empty at first."""
    messages: tuple[Message, ...]
    """What was said after it, as far as it is to be summarized."""
    until: int
    """Exchanges of the conversation that the new summary tells of."""


class History:
    """One conversation."""

    def __init__(
        self,
        *,
        max_tokens: int = MAX_TOKENS,
        entries: Sequence[Entry] = (),
        note: Callable[[Entry], None] | None = None,
    ) -> None:
        """``entries``: a conversation that goes on. ``note`` is told of each write from now on."""
        if max_tokens < 1:
            raise ValueError("a history needs room for at least one token")
        self._max_tokens = max_tokens
        self._ratio = CHARS_PER_TOKEN
        self._entries = list(entries)
        self._note = note
        self.thinks_first = False
        """The last reply began inside a thought that the model's template had opened: the next will, too."""
        self._left_out = 0
        """Exchanges, the oldest ones, that prompts do not hold any more."""
        self._system_chars = 0
        self._summary = ""
        self._summarized = 0
        """Exchanges, the oldest ones, of which the summary tells."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything, for saving: more than a prompt holds."""
        return tuple(self._entries)

    @property
    def max_tokens(self) -> int:
        """The bound as it stands."""
        return self._max_tokens

    def user(self, text: str, language: str | None = None) -> None:
        """The user's words, committed."""
        self._write(Entry("user", text, language=language))
        self._left_out = self._first(_exchanges(_messages(self._entries)))

    def assistant(self, heard: str, intended: str) -> None:
        """The end of a turn: what was heard of it, and what was meant to be."""
        self._write(Entry("assistant", heard, intended))

    def _write(self, entry: Entry) -> None:
        self._entries.append(entry)
        if self._note is not None:
            self._note(entry)

    def render(
        self, system_prompt: str, pending: str | None = None, language: str | None = None
    ) -> tuple[Message, ...]:
        """The prompt. The newest exchange is always in it, however long it is.

        ``pending`` are words of the user, in ``language``, that are not committed yet: rendered, not written.
        """
        told = f"{system_prompt}\n\n{SUMMARY_LEAD}{self._summary}" if self._summary else system_prompt
        system = (Message("system", told),) if system_prompt else ()
        self._system_chars = size_of(system)
        asked = [Entry("user", pending, language=language)] if pending else []
        exchanges = _exchanges(_messages([*self._entries, *asked]))
        kept = exchanges[self._first(exchanges) :]
        return (*system, *(message for exchange in kept for message in exchange))

    def estimate(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, as far as they are known."""
        return round(size_of(messages) / self._ratio)

    def learn(self, messages: Sequence[Message], prompt_tokens: int) -> None:
        """A server counted the tokens of this prompt."""
        chars = size_of(messages)
        if chars >= SURE_CHARS and prompt_tokens > 0:
            self._ratio = min(max(chars / prompt_tokens, RATIOS[0]), RATIOS[1])

    def too_long(self, messages: Sequence[Message], limit: int | None) -> tuple[Message, ...]:
        """A server refused this prompt; ``limit`` is its context in tokens, where it said so.

        From now on prompts are shorter. The refused one without its oldest exchanges; the same when only one is left.
        """
        if limit is None:
            self._max_tokens = max(1, min(self._max_tokens, self.estimate(messages)) // 2)
        else:
            self._ratio = max(RATIOS[0], min(self._ratio, size_of(messages) / limit))
            self._max_tokens = max(1, min(self._max_tokens, int(limit * LIMIT_SHARE)))
        system = [message for message in messages[:1] if message.role == "system"]
        exchanges = _exchanges(messages[len(system) :])
        sizes = [size_of(exchange) for exchange in exchanges]
        first = _first_kept(sizes, 0, self._max_chars() - size_of(system))
        return (*system, *(message for exchange in exchanges[first:] for message in exchange))

    def fading(self) -> Fading | None:
        """What is about to be left out, or was, and is in no summary; None while there is room for everything.

        Without a system prompt there is no place for a summary, and so none is wanted.
        """
        exchanges = _exchanges(_messages(self._entries))
        room = int((self._max_chars() - self._system_chars) * FADING_SHARE)
        until = _first_kept([size_of(exchange) for exchange in exchanges], self._left_out, room)
        if until <= self._summarized or not self._system_chars:
            return None
        told = exchanges[self._summarized : until]
        return Fading(self._summary, tuple(message for exchange in told for message in exchange), until)

    def summarized(self, summary: str, until: int) -> None:
        """A summary of the first ``until`` exchanges takes their place in prompts."""
        self._summary = clipped(summary, min(SUMMARY_CHARS, int(self._max_chars() * SUMMARY_SHARE)))
        self._summarized = until
        self._left_out = max(self._left_out, until)

    def _max_chars(self) -> int:
        return int(self._max_tokens * self._ratio)

    def _first(self, exchanges: Sequence[Sequence[Message]]) -> int:
        sizes = [size_of(exchange) for exchange in exchanges]
        return _first_kept(sizes, self._left_out, self._max_chars() - self._system_chars)


def clipped(text: str, most: int) -> str:
    """At most so many letters of a text, to the end of a sentence where there is one."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    end = max(text.rfind(mark, 0, most) for mark in ".!?…")
    return text[: end + 1] if end > 0 else text[:most]


def size_of(messages: Sequence[Message]) -> int:
    """Letters of a prompt, with what a template adds and what tools were called with."""
    return sum(
        MESSAGE_CHARS + len(message.content) + sum(len(str(call.arguments)) for call in message.tool_calls)
        for message in messages
    )


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


def _first_kept(sizes: Sequence[int], left_out: int, room: int) -> int:
    """Index of the first exchange that a prompt holds; the last one always is."""
    first = min(left_out, max(len(sizes) - 1, 0))
    total = sum(sizes[first:])
    if total <= room:
        return first
    while first < len(sizes) - 1 and total > room * KEPT_SHARE:
        total -= sizes[first]
        first += 1
    return first
