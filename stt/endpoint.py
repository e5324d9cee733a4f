"""Is an utterance complete? A pure judgement of the words: punctuation and what the sentence hangs on.

Only what the words say may live here. How long to wait for it, for this speaker and this machine, is the pipeline's
decision.
"""

from __future__ import annotations

import re

HANGING = frozenset(
    # French: conjunctions, articles, prepositions and subjects that ask for more. Not "un" (vingt et un).
    "et ou mais donc car que dont si le la les des du de d l à au aux en dans sur sous avec sans pour par chez vers "
    "entre mon ma mes ton ta tes son sa ses notre votre leur je j tu il ils ce cet cette ces parce lorsque quand comme "
    # English: not "on", "in", "it", "is", which end a sentence as often ("Turn it on.").
    "and or but because if the a an my your his its our their of to with without for from into than while um uh "
    "euh".split()
)
"""Words after which nobody stops."""

COMPLETE, UNMARKED, HANGS = 1.0, 0.5, 0.0

_WORD = re.compile(r"[\w'-]+", re.UNICODE)


def completeness(text: str) -> float:
    """Probability (0-1) that the speaker is done, by punctuation and the last word."""
    stripped = text.rstrip(" \"'»”)")
    words = _WORD.findall(stripped.casefold())
    if not words or stripped.endswith((",", ";", ":", "-", "–", "...", "…")):
        return HANGS
    if words[-1].strip("'") in HANGING and not stripped.endswith(("?", "!")):
        return HANGS
    return COMPLETE if stripped.endswith((".", "?", "!")) else UNMARKED
