"""The first stage of a turn: a prompt to pieces of text for the voice.

The model's deltas are published as it wrote them; what should be heard of them goes through the room's ``Speakable``
and is cut into pieces, the first one early. Tools run here, after the commit because they have effects, and their
results go back to the model within the same turn. What Prism says in a model's place (an apology, "one moment") goes
through the voice too, and never into history.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from llm import LLMEmpty, LLMError, LLMTooLong, Message, ReplyEnd, Speakable, ToolCall
from pipeline.events import QualityChanged, ReplyDelta, ReplySentence
from pipeline.heard import without_fillers
from pipeline.phrases import all_right, apology, filler, may_i, no_words, one_moment, too_long
from pipeline.voice import Piece
from tts import SentenceSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from common.channel import Sender
    from llm import ChatModel, History, ReplyEvent
    from pipeline.context import TurnContext
    from pipeline.tools import Toolbox, ToolResult

ENDS = ".!?…"
"""What a sentence ends with that a broken-off reply may still say: half a word is worse than none."""
TOOL_ROUNDS = 4
"""Times that a model may ask for tools in one turn; after that it has to speak."""
EMPTY_TOKENS = 1_000
"""From this length on, an empty answer may mean that the conversation was too long."""


class NoWords(LLMError):
    """A reply held nothing that could be said."""


class Thinker:
    """Thinks one turn."""

    def __init__(self, context: TurnContext, chat: ChatModel, tools: Toolbox, history: History) -> None:
        self._context = context
        self._chat = chat
        self._tools = tools
        self._history = history
        self._pieces: list[tuple[str, bool]] = []  # text, and whether it is a filler
        self._trimmed = False
        self._speaks = asyncio.Event()  # something to say is there
        self.apologized = False
        """Whether the model failed before it had said anything, and Prism said so in its place."""

    @property
    def intended(self) -> str:
        """What was to be said, as far as it is known."""
        return "" if self.apologized else " ".join(text for text, filler in self._pieces if not filler)

    def heard(self, played: str) -> str:
        """Of what was played, what the model or Prism meant to say: no apology, no filler."""
        return "" if self.apologized else without_fillers(played, self._pieces)

    @property
    def _filled(self) -> bool:
        """Whether a filler has been said: one is enough."""
        return any(filler for _, filler in self._pieces)

    async def run(self, messages: Sequence[Message], pieces: Sender[Piece]) -> None:
        """Stream the reply to ``messages`` as pieces."""
        with pieces:
            splitter = SentenceSplitter()
            try:
                await self._converse(list(messages), splitter, pieces)
            except LLMError as error:
                self._context.fail("llm", error)
                for piece in splitter.flush():
                    await self._say(piece[: 1 + max(map(piece.rfind, ENDS))], pieces)
                if not self.intended:
                    self.apologized = True
                    await self._say(_regret(error, _language(messages)), pieces)

    async def fill_silence(
        self, after_s: float, language: str, pieces: Sender[Piece], may_sound: Callable[[], bool]
    ) -> None:
        """Say a filler when there is still nothing to say so long after the commit, unless the user speaks then."""
        with pieces:
            await self._context.committed.wait()
            clock = self._context.clock
            async with asyncio.TaskGroup() as group:
                late = group.create_task(clock.sleep_until(clock.now() + after_s))
                speaks = group.create_task(self._speaks.wait())
                await asyncio.wait({late, speaks}, return_when=asyncio.FIRST_COMPLETED)
                late.cancel()
                speaks.cancel()
            if not self._speaks.is_set() and may_sound():
                await self._fill(filler(language, self._context.number), pieces)

    async def recite(self, script: str, pieces: Sender[Piece]) -> None:
        """Say a text of Prism's own."""
        with pieces:
            await self._say(script, pieces)

    async def _converse(
        self, messages: list[Message], splitter: SentenceSplitter, pieces: Sender[Piece]
    ) -> None:
        """Replies and tools in turns, until the model has no more calls."""
        self._context.mark("llm_started")
        for left in range(TOOL_ROUNDS, -1, -1):
            calls, said = await self._one_reply(messages, splitter, pieces, tools=left > 0)
            if not calls:
                break
            if unasked := self._tools.unasked(calls, messages):
                await self._say(may_i(unasked.name, _language(messages)), pieces)
                return
            results = await self._run_tools(calls, messages, pieces, silent=not said.strip())
            if any(result.ends for _, result in results):
                await self._end(said, _language(messages), pieces)
                return
            messages.append(Message("assistant", said, tool_calls=tuple(calls)))
            messages += [Message("tool", result.text, tool_call_id=call.id) for call, result in results]
        if not self.intended:
            raise NoWords(
                "The model ended its reply without a word: it may have spent all its tokens thinking."
            )

    async def _one_reply(
        self, messages: list[Message], splitter: SentenceSplitter, pieces: Sender[Piece], *, tools: bool
    ) -> tuple[list[ToolCall], str]:
        """One reply of the model, said as far as it is to be heard; the tools it calls, and all that it wrote."""
        calls: list[ToolCall] = []
        said: list[str] = []
        speakable, cut_off = Speakable(thinking=self._history.thinks_first), False
        async with aclosing(self._events(messages, tools=tools)) as events:
            async for event in events:
                if isinstance(event, ToolCall):
                    calls.append(event)
                elif isinstance(event, ReplyEnd):
                    cut_off = event.finish_reason == "length"
                    if event.usage:
                        self._history.learn(messages, event.usage.prompt_tokens)
                elif event.text:
                    self._context.mark("llm_first_token")
                    self._context.publish(ReplyDelta, {"text": event.text})
                    said.append(event.text)
                    if words := speakable.feed(event.text):
                        self._speaks.set()
                    for piece in splitter.feed(words):
                        await self._say(piece, pieces)
        rest = self._rest(speakable, cut_off=cut_off) if said else ""
        for piece in [*splitter.feed(rest), *splitter.flush()]:
            await self._say(piece, pieces)
        return calls, "".join(said)

    def _rest(self, speakable: Speakable, *, cut_off: bool) -> str:
        """What was held of a reply that is over, but not of a thought that was never brought to its end."""
        within = cut_off and self._history.thinks_first and not speakable.opened_inside
        rest = "" if within else speakable.flush()
        self._history.thinks_first = speakable.opened_inside or within
        return rest

    async def _events(self, messages: list[Message], *, tools: bool) -> AsyncGenerator[ReplyEvent, None]:
        """The model's events; a prompt that is too long is tried once more, without its oldest exchanges."""
        begun = False
        while True:
            try:
                specs = self._tools.specs if tools else ()
                async with aclosing(self._chat.reply(messages, tools=specs)) as events:
                    while True:
                        with self._context.activity.outside():
                            event = await anext(events, None)
                        if event is None:
                            return
                        begun = True
                        yield event
            except (LLMTooLong, LLMEmpty) as error:
                if begun or not self._shorten(messages, error):
                    raise

    def _shorten(self, messages: list[Message], error: LLMError) -> bool:
        """Leave out the oldest exchanges; False when that is no remedy."""
        if self._trimmed or (isinstance(error, LLMEmpty) and self._history.estimate(messages) < EMPTY_TOKENS):
            return False
        self._trimmed = True
        shorter = self._history.too_long(messages, getattr(error, "limit", None))
        if len(shorter) == len(messages):
            return False
        fields = {
            "what": "history",
            "from_": str(len(messages)),
            "to": str(len(shorter)),
            "reason": str(error),
        }
        self._context.publish(QualityChanged, fields)
        messages[:] = shorter
        return True

    async def _run_tools(
        self, calls: Sequence[ToolCall], messages: Sequence[Message], pieces: Sender[Piece], *, silent: bool
    ) -> list[tuple[ToolCall, ToolResult]]:
        """The results in order. ``silent``: nothing is being said meanwhile, so that a long wait is announced."""
        await self._context.committed.wait()
        language, clock = _language(messages), self._context.clock
        results: list[tuple[ToolCall, ToolResult]] = []
        for call in calls:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self._tools.run(call, messages, language))
                late = group.create_task(clock.sleep_until(clock.now() + self._tools.filler_after_s))
                with self._context.activity.outside():
                    await asyncio.wait({running, late}, return_when=asyncio.FIRST_COMPLETED)
                late.cancel()
                if not running.done() and silent and not self._filled:
                    await self._fill(one_moment(language), pieces)
                with self._context.activity.outside():
                    results.append((call, await running))
        return results

    async def _say(self, piece: str, pieces: Sender[Piece]) -> None:
        text = piece.strip()
        if not text:
            return
        self._context.mark("first_clause")
        self._pieces.append((text, False))
        self._context.publish(ReplySentence, {"text": text})
        self._speaks.set()
        await pieces.send(Piece(text))

    async def _end(self, said: str, language: str | None, pieces: Sender[Piece]) -> None:
        """The reply is over without another word of the model; one of Prism's, where it has said nothing."""
        if not said.strip():
            await self._say(all_right(language), pieces)

    async def _fill(self, text: str, pieces: Sender[Piece]) -> None:
        """Say something that is no part of the reply; no event tells it as a sentence of the reply."""
        self._pieces.append((text, True))
        self._speaks.set()
        await pieces.send(Piece(text, filler=True))


def _regret(error: LLMError, language: str | None) -> str:
    """What the user is told instead of a reply."""
    if isinstance(error, LLMTooLong):
        return too_long(language)
    return no_words(language) if isinstance(error, NoWords) else apology(language)


def _language(messages: Sequence[Message]) -> str | None:
    """The language of the last user message, where it is known."""
    return next((message.language for message in reversed(messages) if message.role == "user"), None)
