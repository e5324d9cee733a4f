"""A summary of what a conversation has become too long to show, written by its own model while nobody waits for it.

It is an errand: it begins when nothing is being said, heard or thought, and ends, finished or not, with the next piece
of news, before anything is done about that. So a conversation never has two requests at once, and nobody waits for a
summary. A failed errand is not tried again before more has faded. When it succeeds, the server reads the new
beginning of the prompt at once, so that the next turn finds it read.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from llm import SUMMARY_CHARS, LLMError, Message, Speakable, TextDelta

if TYPE_CHECKING:
    from llm import ChatModel, Fading, History, ToolSpec
    from pipeline.stepping import Activity

_log = logging.getLogger("prism.memory")

INSTRUCTIONS = (
    "Summarize the conversation below for yourself, in its own language, in at most 120 words: names, facts, wishes, "
    "decisions, what is still open. Plain sentences, nothing else. Begin with what an earlier summary says, if there "
    "is one."
)
_SPEAKERS = {"user": "User", "assistant": "Assistant"}


class Memory:
    """One per conversation."""

    def __init__(self, chat: ChatModel, history: History, activity: Activity, *, wanted: bool) -> None:
        """``wanted``: whether summaries are written at all."""
        self._chat = chat
        self._history = history
        self._activity = activity
        self._wanted = wanted
        self._given_up = 0
        self._errand: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Memory {'at work' if self._errand else 'at rest'}>"

    def begin(self, group: asyncio.TaskGroup, system_prompt: str, tools: tuple[ToolSpec, ...]) -> None:
        """Nobody needs the model: summarize what is about to be left out, if anything is."""
        fading = self._history.fading() if self._wanted and self._errand is None else None
        if fading is None or fading.until <= self._given_up:
            return
        self._errand = group.create_task(self._run(fading, system_prompt, tools), name="summary")

    async def stop(self) -> None:
        """Somebody may need the model: return when the errand has left it alone."""
        errand, self._errand = self._errand, None
        if errand is not None and not errand.done():
            errand.cancel()
            await asyncio.wait({errand})

    async def _run(self, fading: Fading, system_prompt: str, tools: tuple[ToolSpec, ...]) -> None:
        try:
            with self._activity.outside():
                summary = await self._written(fading)
        except LLMError as error:
            summary = ""
            _log.info("the conversation was not summarized: %s", error)
        if not summary:
            self._given_up = fading.until
            return
        self._history.summarized(summary, fading.until)
        with self._activity.outside():
            await self._chat.prefill(self._history.render(system_prompt), tools=tools)

    async def _written(self, fading: Fading) -> str:
        """The model's words, without its thoughts; it is stopped when it does not come to an end."""
        speakable, parts = Speakable(thinking=self._history.thinks_first), [""]
        async with aclosing(self._chat.reply(_prompt(fading))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    parts.append(speakable.feed(event.text))
                if sum(map(len, parts)) > SUMMARY_CHARS:
                    break
        return "".join([*parts, speakable.flush()]).strip()


def _prompt(fading: Fading) -> tuple[Message, ...]:
    said = [f"{_SPEAKERS[message.role]}: {message.content}" for message in fading.messages]
    before = [f"Earlier summary: {fading.summary}"] if fading.summary else []
    return Message("system", INSTRUCTIONS), Message("user", "\n".join([*before, *said]))
