"""May the model use a tool? Pure: from the configuration and what was said, to yes, no or a question.

Consent lives in the conversation and nowhere else: a tool that needs it may run when the last thing that the user
*heard* was Prism's question about that tool and the user's next words are a yes. So a question that was cut off, or a
yes to something else, allows nothing, and each yes holds for one turn.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from pipeline.phrases import may_i

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm import Message

Rule = Literal["allow", "ask", "deny"]

_YES = frozenset(
    "yes yeah yep sure ok okay certainly absolutely please go ahead do it of course you may fine alright right "
    "oui ouais d accord vas y allez allons bien sûr volontiers fais le je veux s il te vous plaît plait merci "
    "tu peux pouvez parfait certainement thanks thank".split()
)
"""Words that a yes may be made of."""
_SURE = frozenset(
    "yes yeah yep sure ok okay certainly absolutely ahead course fine alright "
    "oui ouais accord vas allez sûr volontiers parfait certainement peux pouvez".split()
)
"""One of these must be among them."""
_WORD = re.compile(r"[^\W\d_]+")


def rule_for(tool: str, rules: Mapping[str, Rule], default: Rule) -> Rule:
    """The rule of a tool: its own name first, then the longest pattern that fits, then ``default``."""
    if tool in rules:
        return rules[tool]
    fitting = sorted((pattern for pattern in rules if fnmatchcase(tool, pattern)), key=len)
    return rules[fitting[-1]] if fitting else default


def is_yes(text: str) -> bool:
    """Whether these words are a yes and nothing else."""
    words = _WORD.findall(text.lower())
    return bool(words) and all(word in _YES for word in words) and any(word in _SURE for word in words)


def consented(tool: str, messages: Sequence[Message]) -> bool:
    """Whether the user has just said yes to this tool. ``messages`` is the prompt of the turn."""
    spoken = [
        message for message in messages if message.role in ("user", "assistant") and message.content.strip()
    ]
    question = next((at for at in range(len(spoken) - 1, -1, -1) if spoken[at].role == "user"), 0)
    if question == 0 or spoken[question - 1].role != "assistant":
        return False
    heard = spoken[question - 1].content.rstrip()
    asked = any(heard.endswith(may_i(tool, language)) for language in ("fr", "en"))
    return asked and is_yes(spoken[question].content)
