"""What speech does to a reply: a pure decision on the words and on what was being heard.

The onset has already paused the speaker, to the sample. Now: no words, let it go on; a backchannel ("mm-hm", "oui") to
a reply that was audible and had not just asked something, let it go on as well; words, cut it. Anywhere else the same
"oui" is an answer and never swallowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BACKCHANNELS = frozenset(
    {
        # French
        "oui", "ouais", "mouais", "d'accord", "daccord", "ah", "ah bon", "ah oui", "je vois", "bien", "très bien",
        "super", "parfait", "exactement", "voilà", "c'est ça", "entendu", "bien sûr", "hein", "ben oui",
        # English
        "yes", "yeah", "yep", "yup", "right", "sure", "i see", "go on", "exactly", "great", "got it", "of course",
        "all right", "alright", "uh huh", "cool", "nice",
        # both
        "ok", "okay", "mm", "mmm", "hm", "hmm", "mh", "mmh", "mm hm", "mhm", "hum", "euh", "uh", "um", "oh",
    }
)  # fmt: skip
"""Said to show that one listens. Normalized: small letters, no marks but the apostrophe."""
LONGEST = 4
"""Words; more are a remark, whatever they are."""

_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Scene:
    """What was going on when an utterance began."""

    audible: bool = False
    """Whether a reply was being heard."""
    last_heard: str = ""
    """The last sentence of it that had begun to be heard."""
    spoken: str = ""
    """The last sentences that the room may carry to the microphone; empty where it cannot."""


def is_backchannel(text: str) -> bool:
    """Whether a transcript is nothing but signs of listening: "Oui, oui.", "Okay, got it."."""
    words = [word.casefold() for word in _WORDS.findall(text.replace("’", "'"))]
    return 0 < len(words) <= LONGEST and _covered(tuple(words))


def _covered(words: tuple[str, ...]) -> bool:
    """Whether the words are a row of backchannels."""
    return not words or any(
        " ".join(words[:count]) in BACKCHANNELS and _covered(words[count:])
        for count in range(1, len(words) + 1)
    )


def dismisses(text: str, scene: Scene) -> bool:
    """Whether a reply goes on although ``text`` was said into it."""
    asked = scene.last_heard.rstrip(" \"'»”’)").endswith("?")
    return scene.audible and not asked and is_backchannel(text)
