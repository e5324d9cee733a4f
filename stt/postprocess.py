"""From what was heard to what is written: replacements, vocabulary, numbers, spoken commands, French typography.

Always in this order, each step on the text of the one before: "trois virgule cinq" is a number before it is a comma.
Words are never dropped, but for a command that becomes its mark. The fuzzy match of the vocabulary compares letters
without case and accents, and whole words only, as many as the entry has; the likeness is ``rapidfuzz`` where it is
installed, else the standard library's.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

NARROW = "\u202f"
"""Narrow no-break space: before ? ! ; in French."""
WIDE = "\u00a0"
"""No-break space: before : and within quotes in French."""
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "new paragraph": "\n\n",
        "new line": "\n",
        "full stop": ".",
        "question mark": "?",
        "exclamation mark": "!",
        "semi colon": ";",
        "colon": ":",
        "comma": ",",
    },
    "fr": {
        "nouveau paragraphe": "\n\n",
        "nouvelle ligne": "\n",
        "à la ligne": "\n",
        "point d'interrogation": "?",
        "point d'exclamation": "!",
        "point virgule": ";",
        "deux points": ":",
        "virgule": ",",
    },
}
"""Spoken words by language, and what they become. "point" alone is left: it is a word of every day. A recognizer may
write them with a hyphen, as one word ("newline", "point-virgule") or with another apostrophe."""
_JOINTS = re.compile(r"[ '’-]")
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user wants done."""

    typography: bool = True
    commands: bool = False
    vocabulary: tuple[str, ...] = ()
    """Words and names as they are written."""
    score: float = 88.0
    """Likeness, 0-100."""
    replacements: Mapping[str, str] | None = None
    """Heard: written."""
    digits: Callable[[str, str], str] | None = None
    """Numbers in words to figures: text and language; None leaves them."""


def polish(text: str, language: str, rules: Rules) -> str:
    """The text as it is to be written."""
    if rules.replacements:
        text = replaced(text, rules.replacements)
    if rules.vocabulary:
        text = spelled(text, rules.vocabulary, rules.score)
    if rules.digits is not None:
        text = rules.digits(text, language)
    if rules.commands:
        text = commanded(text, language)
    return french(text) if rules.typography and language == "fr" else text


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """Whole words, case ignored, the longest entry first; what was written is not read again."""
    known = {entry.casefold(): written for entry, written in replacements.items() if entry.strip()}
    if not known:
        return text
    longest = sorted(known, key=len, reverse=True)
    pattern = re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE | re.UNICODE
    )
    return pattern.sub(lambda match: known.get(match.group().casefold(), match.group()), text)


def spelled(text: str, vocabulary: Sequence[str], score: float) -> str:
    """What sounds nearly like an entry is written as the entry; the best match wins, the longest run first."""
    words = list(_WORD.finditer(text))
    entries = [(entry, len(_WORD.findall(entry)), _bare(entry)) for entry in vocabulary if _bare(entry)]
    longest = max((count for _, count, _ in entries), default=0)
    out: list[str] = []
    at, index = 0, 0
    while index < len(words):
        count, entry = _best(text, words[index : index + longest], entries, score)
        start, end = words[index].start(), words[index + max(count, 1) - 1].end()
        out += [text[at:start], entry if entry is not None else text[start:end]]
        at, index = end, index + max(count, 1)
    return "".join([*out, text[at:]])


def _best(
    text: str, words: Sequence[re.Match[str]], entries: Sequence[tuple[str, int, str]], score: float
) -> tuple[int, str | None]:
    """How many of ``words`` the best entry stands for, and the entry; (0, None) when none is near."""
    found = []
    for entry, count, bare in entries:
        if 0 < count <= len(words):
            heard = _bare(text[words[0].start() : words[count - 1].end()])
            like = _likeness()(heard, bare)
            # Short words are all alike: they must be the same but for case and accents.
            if like >= (score if min(len(heard), len(bare)) >= 4 else 100.0):
                found.append((count, like, entry))
    if not found:
        return 0, None
    count, _, entry = max(found)
    return count, entry


def commanded(text: str, language: str) -> str:
    """Spoken commands become their marks; the spaces and marks that the recognizer put round them go."""
    known = COMMANDS.get(language, {})
    if not known:
        return text
    marks = {_JOINTS.sub("", entry): written for entry, written in known.items()}
    spoken = [
        entry.replace("'", "['’]").replace(" ", "[ -]?") for entry in sorted(known, key=len, reverse=True)
    ]
    pattern = re.compile(rf"[ ,.;:]*(?<![\w-])({'|'.join(spoken)})(?![\w-])[ ,.;:!?]*", re.IGNORECASE)

    def mark(match: re.Match[str]) -> str:
        written = marks[_JOINTS.sub("", match.group(1).casefold())]
        last = match.end() == len(text)
        return written if written.startswith("\n") or last else f"{written} "

    lines = re.sub(r" +\n", "\n", pattern.sub(mark, text))
    return re.sub(r"(\n)([a-zà-ÿ])", lambda match: match.group(1) + match.group(2).upper(), lines)


def french(text: str) -> str:
    """French spacing. Times, addresses, smileys and doubled marks keep their shape."""
    text = re.sub(r"(?<=[\w»)\]…\"])[ \u00a0\u202f]*([?!;]+)(?=\s|$|[»)\]\"])", NARROW + r"\1", text)
    text = re.sub(r"(?<=[\w»)\]])[ \u00a0\u202f]*:(?=\s|$)", WIDE + ":", text)
    text = re.sub(r"«[ \u00a0\u202f]*", "«" + WIDE, text)
    return re.sub(r"[ \u00a0\u202f]*»", WIDE + "»", text)


def _bare(text: str) -> str:
    """Letters and digits without case, accents and spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


@lru_cache(maxsize=1)
def _likeness() -> Callable[[str, str], float]:
    """Likeness of two strings, 0-100."""
    try:
        from rapidfuzz.fuzz import ratio
    except ImportError:
        return lambda a, b: 100 * difflib.SequenceMatcher(None, a, b).ratio()
    return ratio
