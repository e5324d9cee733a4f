"""Clean-up by a language model that may only clean: what it gives back is compared with what was said.

A model that is asked to correct a question answers it sooner or later. So its text counts only when it is made of the
speaker's words: few new ones, few lost ones, in their order. Anything else, an error, or too long a wait leaves the
words as they were recognized.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import re
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING

from llm import LLMError, Message, TextDelta

if TYPE_CHECKING:
    from llm import ChatModel

NEW = 0.15
"""Share of the cleaned words that may be new: numerals, corrected endings."""
LOST = 0.4
"""Share of the spoken words that may go: fillers and false starts."""
LIKE = 0.7
"""Likeness from which on a word is a corrected form of another, not a new one."""
FEW_NEW, FEW_LOST = 1, 2
"""Words that may always be new or lost: in a short dictation a share of them is none."""
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_FENCE = re.compile(r"^```\w*\n|\n?```$")
log = logging.getLogger("prism.dictation")


def only_cleaned(said: str, cleaned: str) -> bool:
    """Whether ``cleaned`` is what was said and nothing else. PURE."""
    spoken, kept = _words(said), _words(cleaned)
    if not kept:
        return False
    new: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for kind, a, b, c, d in difflib.SequenceMatcher(a=spoken, b=kept, autojunk=False).get_opcodes():
        if kind != "equal":
            changed = _uncorrected(spoken[a:b], kept[c:d])
            lost.update(changed[0])
            new.update(changed[1])
    if new & lost:  # a word in another place: "is it" has become "it is"
        return False
    return new.total() <= max(FEW_NEW, NEW * len(kept)) and lost.total() <= max(FEW_LOST, LOST * len(spoken))


class ModelCleaner:
    """A language model that is asked, and checked."""

    def __init__(self, chat: ChatModel, timeout_s: float) -> None:
        self._chat = chat
        self._timeout_s = timeout_s

    async def clean(self, text: str, language: str, prompt: str) -> str | None:
        """The cleaned text, or None when the words must stay as they are."""
        try:
            async with asyncio.timeout(self._timeout_s):
                cleaned = await self._asked(text, language, prompt)
        except TimeoutError:
            log.warning("the clean-up took longer than %s s", self._timeout_s)
            return None
        except LLMError as error:
            log.warning("no clean-up: %s", error)
            return None
        if not only_cleaned(text, cleaned):
            log.warning("a clean-up said something else and does not count")
            return None
        return cleaned

    async def _asked(self, text: str, language: str, prompt: str) -> str:
        request = [
            Message("system", f"{prompt} The text is in {NAMES.get(language, 'the language you see')}."),
            Message("user", f"<dictation>{text}</dictation>"),
        ]
        async with aclosing(self._chat.reply(request)) as reply:
            parts = [event.text async for event in reply if isinstance(event, TextDelta)]
        return _bare("".join(parts))


NAMES = {"fr": "French", "en": "English"}


def _bare(reply: str) -> str:
    """Without the wrapping that models put round a text."""
    # Halves of surrogate pairs from two deltas are one character; one that is alone is none, and no sink takes it.
    whole = reply.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _FENCE.sub("", whole.strip()).strip()
    text = text.removeprefix("<dictation>").removesuffix("</dictation>").strip()
    quoted = len(text) > 1 and (text[0], text[-1]) in {('"', '"'), ("“", "”")}
    return text[1:-1].strip() if quoted else text


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _uncorrected(spoken: list[str], kept: list[str]) -> tuple[list[str], list[str]]:
    """The words of both that are no forms of each other, in their order."""
    pairs = list(zip(spoken, kept, strict=False))
    other = [pair for pair in pairs if difflib.SequenceMatcher(a=pair[0], b=pair[1]).ratio() < LIKE]
    lost, new = [a for a, _ in other], [b for _, b in other]
    return lost + spoken[len(pairs) :], new + kept[len(pairs) :]
