"""From recognized words to what is written at the cursor: what was taken back, spaces, capitals. PURE.

``scratched`` drops what the speaker takes back; ``fitted`` joins the words to what stands before the cursor. Marks and
vocabulary are the recognizer room's (``polish``). Who edits this: nothing is ever invented, and only a spoken command
drops words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SCRATCH: Mapping[str, tuple[str, ...]] = {
    "en": ("scratch that", "delete that", "strike that"),
    "fr": ("annule ça", "annule cela", "annulez ça", "efface ça", "effacez ça"),
}
"""Said after a sentence, they take it back."""
_END = re.compile(r"[.!?…]+[»”\"')\]]*\s+|\n+")
_OPENING = "([{«“‘'’\"-/@#_\u00a0\u202f"
"""After these a word follows without a space."""
_CLOSING = ",.;:!?…)]}»”’\u00a0\u202f"
"""Before these stands no space of ours."""
_SENTENCE_END = ("\n", ".", "!", "?", "…")
_SPACES = " \t\u00a0\u202f"


def scratched(text: str, language: str) -> str:
    """The text without what its speaker took back: for each command the sentence before it.

    A command counts where it stands by itself: at the end of the text or before a mark or a new sentence.
    """
    phrases = SCRATCH.get(language, ())
    if not phrases:
        return text
    said = "|".join(re.escape(phrase).replace("ç", "[çc]") for phrase in phrases)
    alone = r"(?=\s*(?:[,.;:!?…\n]|$)|\s+[A-ZÀ-Ý])[,.;:!?…]*"
    command = re.compile(rf"[\s,;:.!?…]*(?<!\w)(?i:{said})(?!\w){alone}")
    while match := command.search(text):
        before, after = text[: match.start()], text[match.end() :]
        text = f"{_without_last_sentence(before)}{after.lstrip() if not after.startswith(chr(10)) else after}"
    return text.strip(" ")


def fitted(text: str, before: str | None) -> str:
    """The text with the space and the first letter that suit what stands before the cursor; None: not known."""
    if before is None or not text:
        return text
    begins = not before.strip(_SPACES) or before.rstrip(_SPACES + '»”)]"').endswith(_SENTENCE_END)
    text = _capital(text) if begins else _small(text)
    joined = (
        not before
        or before[-1].isspace()
        or before[-1] in _OPENING
        or text[0] in _CLOSING
        or text[0].isspace()
    )
    return text if joined else f" {text}"


def word_count(text: str) -> int:
    """Words, for comparison."""
    return len(re.findall(r"[^\W_]+(?:['’\-][^\W_]+)*", text))


def _without_last_sentence(text: str) -> str:
    ends = [match.end() for match in _END.finditer(text)]
    inner = [end for end in ends if end < len(text)]
    return text[: inner[-1]] if inner else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str) -> str:
    """The recognizer begins every dictation with a capital; in mid-sentence it goes, unless the word has it anyway."""
    first = re.match(r"[^\W\d_]+", text)
    word = first.group() if first else ""
    if word == "I" or word[1:] != word[1:].lower():
        return text
    return text[:1].lower() + text[1:]
