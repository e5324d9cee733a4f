"""The first stage of a turn: a prompt to pieces of text for the voice.

The model's deltas are published as it wrote them; what should be heard of them goes through the room's ``Speakable``
and is cut into pieces, the first one early. Tools run here, after the commit because they have effects, and their
results go back to the model within the same turn.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from llm import LLMError, Message, ReplyEnd, Speakable, ToolCall
from pipeline.events import ReplyDelta, ReplySentence
from pipeline.phrases import apology
from tts import SentenceSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from common.channel import Sender
    from llm import ChatModel
    from pipeline.context import TurnContext
    from pipeline.tools import Toolbox

ENDS = ".!?…"
"""What a sentence ends with that a broken-off reply may still say: half a word is worse than none."""
TOOL_ROUNDS = 4
"""Times that a model may ask for tools in one turn before it has to speak."""


class Thinker:
    """Thinks one turn."""

    def __init__(self, context: TurnContext, chat: ChatModel, tools: Toolbox) -> None:
        self._context = context
        self._chat = chat
        self._tools = tools
        self._pieces: list[str] = []
        self.apologized = False
        """Whether the model failed before it had said anything, and Prism said so in its place."""

    @property
    def intended(self) -> str:
        """What was to be said, as far as it is known."""
        return "" if self.apologized else " ".join(self._pieces)

    async def run(self, messages: Sequence[Message], pieces: Sender[str]) -> None:
        """Stream the reply to ``messages`` as pieces."""
        with pieces:
            splitter = SentenceSplitter()
            try:
                await self._stream(list(messages), splitter, pieces)
            except LLMError as error:
                self._context.fail("llm", error)
                for piece in splitter.flush():
                    await self._say(piece[: 1 + max(map(piece.rfind, ENDS))], pieces)
                if not self._pieces:
                    self.apologized = True
                    await self._say(apology(_language(messages)), pieces)

    async def _stream(self, messages: list[Message], splitter: SentenceSplitter, pieces: Sender[str]) -> None:
        speakable = Speakable()
        async with aclosing(self._deltas(messages)) as deltas:
            async for delta in deltas:
                for piece in splitter.feed(speakable.feed(delta)):
                    await self._say(piece, pieces)
        for piece in [*splitter.feed(speakable.flush()), *splitter.flush()]:
            await self._say(piece, pieces)

    async def recite(self, script: str, pieces: Sender[str]) -> None:
        """Say a text of Prism's own."""
        with pieces:
            await self._say(script, pieces)

    async def _say(self, piece: str, pieces: Sender[str]) -> None:
        text = piece.strip()
        if not text:
            return
        self._context.mark("first_clause")
        self._pieces.append(text)
        self._context.publish(ReplySentence, {"text": text})
        await pieces.send(text)

    async def _deltas(self, messages: list[Message]) -> AsyncGenerator[str, None]:
        """The text of the reply, tools included."""
        self._context.mark("llm_started")
        for _ in range(TOOL_ROUNDS):
            calls: list[ToolCall] = []
            said = ""
            async with aclosing(self._chat.reply(messages, tools=self._tools.specs)) as events:
                while True:
                    with self._context.activity.outside():
                        event = await anext(events, None)
                    if event is None or isinstance(event, ReplyEnd):
                        break
                    if isinstance(event, ToolCall):
                        calls.append(event)
                    elif event.text:
                        self._context.mark("llm_first_token")
                        self._context.publish(ReplyDelta, {"text": event.text})
                        said += event.text
                        yield event.text
            if not calls:
                return
            messages.append(Message("assistant", said, tool_calls=tuple(calls)))
            messages.extend(await self._run_tools(calls, messages))

    async def _run_tools(self, calls: Sequence[ToolCall], messages: Sequence[Message]) -> list[Message]:
        await self._context.committed.wait()
        language = _language(messages)
        return [
            Message("tool", await self._tools.run(call, language), tool_call_id=call.id) for call in calls
        ]


def _language(messages: Sequence[Message]) -> str | None:
    """The language of the last user message, where it is known."""
    return next((message.language for message in reversed(messages) if message.role == "user"), None)
