"""A language model that says what it was told to: replies as data, for tests and demonstrations.

A script is a list of replies, a reply a list of steps, each so long after the one before. Times are added
up and slept to absolutely, so that many steps do not drift and a virtual clock steps through them exactly.
What it was asked is kept; ``assert_complete`` fails when the conversation did not use the script as it was
written.

From the configuration: ``llm.backend: scripted`` with ``llm.extra_body: {replies: [...]}``; see
``reply_from``.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm.base import LLMRejected, LLMUnavailable
from llm.types import ReplyEnd, TextDelta, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    import httpx

    from config import LlmSettings
    from llm.base import LLMError
    from llm.types import Message, ReplyEvent, ToolSpec


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens in a reply."""

    what: TextDelta | ToolCall | LLMError
    """An error is raised, and ends the reply."""
    after_s: float = 0.0
    """Seconds since the step before, or since the request."""

    def __post_init__(self) -> None:
        if self.after_s < 0:
            raise ValueError(f"a step cannot come {-self.after_s} s before the one before it")


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """One reply."""

    steps: tuple[Step, ...]
    finish_reason: str = "stop"
    usage: Usage | None = None


def say(text: str, *, first_s: float = 0.0, gap_s: float = 0.0) -> ScriptedReply:
    """A reply word by word: the first after ``first_s`` seconds, each next one ``gap_s`` later."""
    words = re.findall(r"\s*\S+\s*$|\s*\S+", text)
    waits = [first_s, *[gap_s] * len(words)]
    return ScriptedReply(tuple(Step(TextDelta(word), wait) for word, wait in zip(words, waits, strict=False)))


def reply_from(data: object) -> ScriptedReply:
    """A reply from configuration: a text, or a list of ``{text | tool, arguments | fail, after_ms}``.

    Raises LLMRejected for anything else.
    """
    if isinstance(data, str):
        return say(data)
    if not isinstance(data, list):
        raise LLMRejected(f"A scripted reply is a text or a list of steps, not {data!r}.")
    return ScriptedReply(tuple(_step_from(step) for step in data))


def _step_from(step: object) -> Step:
    shape: dict[str, Any] = (
        {"text": step} if isinstance(step, str) else step if isinstance(step, dict) else {}
    )
    after_s = float(shape.get("after_ms", 0)) / 1000
    if isinstance(shape.get("text"), str):
        return Step(TextDelta(shape["text"]), after_s)
    if isinstance(shape.get("tool"), str):
        return Step(ToolCall("call_0", shape["tool"], shape.get("arguments") or {}), after_s)
    if isinstance(shape.get("fail"), str):
        return Step(LLMUnavailable(shape["fail"]), after_s)
    raise LLMRejected(f"A step of a scripted reply needs text, tool or fail; this one has none: {step!r}.")


def create(settings: LlmSettings, *, base_url: str, client: httpx.AsyncClient | None = None) -> Scripted:  # noqa: ARG001
    """A model with the replies of ``llm.extra_body.replies``; it needs no server."""
    replies = settings.extra_body.get("replies", [])
    if not isinstance(replies, list):
        raise LLMRejected("llm.extra_body.replies is a list of scripted replies.")
    return Scripted(reply_from(reply) for reply in replies)


class Scripted:
    """A ChatModel; see ``llm.base``."""

    def __init__(self, replies: Iterable[ScriptedReply]) -> None:
        self._replies = tuple(replies)
        self.requests: list[tuple[Message, ...]] = []
        """What each reply was asked with, in order."""
        self.tools: list[tuple[ToolSpec, ...]] = []
        """The tools that each request offered."""
        self.left_early = 0
        """Replies that were closed or cancelled before their end."""

    def __repr__(self) -> str:
        return f"<Scripted {len(self.requests)} of {len(self._replies)} replies asked for>"

    async def warm(self) -> None:
        """There is nothing to reach."""

    async def prefill(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> bool:  # noqa: ARG002
        """There is nothing that could be read beforehand."""
        return False

    async def reply(
        self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()
    ) -> AsyncGenerator[ReplyEvent, None]:
        """The next reply of the script; LLMUnavailable when there is none."""
        number = len(self.requests)
        self.requests.append(tuple(messages))
        self.tools.append(tuple(tools))
        if number >= len(self._replies):
            raise LLMUnavailable(
                f"The script holds {len(self._replies)} replies and was asked for another one."
            )
        reply = self._replies[number]
        self.left_early += 1
        due = asyncio.get_running_loop().time()
        for step in reply.steps:
            due += step.after_s
            await _sleep_until(due)
            if isinstance(step.what, Exception):
                self.left_early -= 1
                raise step.what
            yield step.what
        self.left_early -= 1
        yield ReplyEnd(reply.finish_reason, reply.usage)

    async def aclose(self) -> None:
        """There is nothing to close."""

    def assert_complete(self) -> None:
        """Every reply of the script was asked for, and no other."""
        if len(self.requests) != len(self._replies):
            raise AssertionError(
                f"the script holds {len(self._replies)} replies, {len(self.requests)} were asked for"
            )


async def _sleep_until(due: float) -> None:
    """Sleep to a time of the loop; a step that is due now does not even yield to it."""
    left = due - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
