"""Is what was heard what the assistant is saying? Pure: a transcript against the words that were being spoken.

The last line of defense: where a canceller leaves something over, the recognizer writes down the assistant's own
words. They are found again as a stretch of what was spoken, letter by letter, because a recognizer spells its own way
and hears only a part. A user who cuts in rarely repeats the very words; who says "stop" is always believed.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from stt import Rejection

ALIKE = {1: 1.0, 2: 0.85, 3: 0.8}
"""Words heard -> how alike they must be to a stretch of what was spoken. A short text is alike to much by chance."""
ALIKE_LONG = 0.75
"""The same for more words. Unrelated sentences reach 0.5, "tell me a story" and "tell me a joke" 0.7."""
LONGEST = 160
"""Letters of what was heard that are compared."""
RECENT = 600
"""Letters of what was spoken that are compared, the last ones: half a minute."""
COMMANDS = frozenset(
    "stop arrete arretez tais toi taisez vous silence attends attendez wait quiet cancel annule no non pause chut shh"
    " shut up hold on be".split()
)
"""Never taken for an echo when a text has no other words: whoever says them wants the assistant to fall silent."""

_WORDS = re.compile(r"[^\W_]+")


def plain_words(text: str) -> list[str]:
    """Small letters and figures without accents: "L'été, déjà !" gives l, ete, deja."""
    flat = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return _WORDS.findall("".join(c for c in flat if not unicodedata.combining(c)))


def likeness(heard: str, spoken: str) -> float:
    """How much of ``heard`` stands in one stretch of ``spoken``, 0-1: 1 less the edits it takes, per letter."""
    if not heard or not spoken:
        return 0.0
    letters = np.frombuffer(spoken.encode("utf-32-le"), np.uint32)
    steps = np.arange(len(letters) + 1)
    edits = np.zeros(len(letters) + 1, np.int64)  # a stretch may begin anywhere
    for letter in heard:
        replaced = edits[:-1] + (letters != ord(letter))
        now = np.concatenate(([edits[0] + 1], np.minimum(replaced, edits[1:] + 1)))
        edits = np.minimum.accumulate(now - steps) + steps
    return max(0.0, 1.0 - int(edits.min()) / len(heard))


def echo_of(text: str, spoken: str) -> Rejection | None:
    """Why ``text`` is the assistant's own voice, ``spoken`` being what it was saying; None when it is somebody's."""
    words, said = plain_words(text), plain_words(spoken)
    if not words or not said or COMMANDS.issuperset(words):
        return None
    heard, spoken_letters = "".join(words)[:LONGEST], "".join(said)[-RECENT:]
    alike = likeness(heard, spoken_letters) if len(words) > 1 else float(heard in said)
    if alike < ALIKE.get(len(words), ALIKE_LONG):
        return None
    return Rejection("echo", f"{text!r} is {alike:.0%} like a part of {' '.join(spoken.split())[-120:]!r}")
