"""Text as it is written, cut into pieces worth speaking: the first one early, then whole sentences.

Pure and streaming: ``feed`` takes text however a model cut it, ``flush`` ends the reply. Three things always hold:
the pieces joined are the input, character for character; they do not depend on how the input was cut; and a piece
has at least one letter or digit (unless the whole input has none). What ends a sentence, for French and English,
is decided here; which words are abbreviations is data at the top. Nothing here rewrites text.

A cut falls after a mark, what closes with it (quotes, guillemets) and the white space that follows. It is decided
when the next letter or digit is known: only then can "3,5", "M. Dupont" or "« Oui. » Ensuite" be told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from tts.openers import is_opener

EARLY_LETTERS = 10
"""Letters and digits from which a clause is worth speaking at once: about half a second of speech."""

LONG_SENTENCE = 300
"""Characters after which a sentence may end at a clause mark: nobody waits 20 s for a voice."""

TITLES = frozenset(
    "MM Mr Mrs Ms Mme Mmes Mlle Mlles Mgr Dr Drs Pr Prof St Ste Sts "
    "Mt Ft Gen Col Sen Gov Rep Capt Lt Sgt Hon Rev".split()
)
"""Before a name, never last in a sentence; as they are written: "Ms. Hall", but "it took 200 ms. Then"."""

NEVER_LAST = frozenset("cf vs viz al p.ex av boul bd".split())
"""Other abbreviations that never end a sentence."""

MAY_BE_LAST = frozenset(
    "etc inc ltd co corp jr sr a.m p.m ph.d approx env min max tél tel ext dept dép "
    "janv févr avr juil sept oct nov déc jan feb mar apr jun jul aug sep dec".split()
)
"""Abbreviations that end a sentence only before a capital."""

BEFORE_NUMBER = frozenset("no nos n num art chap vol sec fig figs pp p".split())
"""Abbreviations only before a number: "No. 5", but "No. I did not"."""

SHORT_WORD = 4
"""A shorter word with a full stop before a small letter is taken for an abbreviation that is not listed."""

SENTENCE_MARKS = ".!?…\n"

_MARK = re.compile(r"[.!?…]+|[;:,—–\n-]")
_CLOSERS = re.compile("[\"'»”’)\\]*_.!?…]*")
_CLOSING_QUOTE = re.compile('["»”]')
_LETTER = re.compile(r"[^\W_]")
_OPENER = re.compile(r"(?<=\s)(?:[«“„‘(\[{¿¡\"'\-–—•*#`_~@$€£§+<&]|[.,](?=[^\W_]))")
_LAST_WORD = re.compile(r"[^\s«“„‘’(\[{\"']*\Z")
_UNSPACED = re.compile(r"\S*\Z")
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)*[^\W\d_]")
_EXAMPLE = re.compile(r"\bp(?:ar|\.)\s*ex\Z", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,3}(?:\.\d{1,2}){0,3}\Z")


class SentenceSplitter:
    """Deltas in, pieces out. ``early`` False waits for whole sentences from the first piece on."""

    def __init__(self, *, early: bool = True) -> None:
        self._early = early
        self._restart()

    def _restart(self) -> None:
        self._text = ""
        self._refused = 0  # characters whose marks are known not to end this piece
        self._first = self._early

    def feed(self, delta: str) -> list[str]:
        """Take more text; give back the pieces that are now certain."""
        self._text += delta
        return self._certain(final=False)

    def flush(self) -> list[str]:
        """The text has ended: give back what is left, and start over."""
        pieces = self._certain(final=True)
        if self._text:
            pieces.append(self._text)
        self._restart()
        return pieces

    def _certain(self, *, final: bool) -> list[str]:
        pieces = []
        while cut := self._next_cut(final=final):
            piece = self._text[:cut]
            pieces.append(piece)
            self._text = self._text[cut:]
            self._refused = 0
            self._first = self._first and is_opener(piece)
        return pieces

    def _next_cut(self, *, final: bool) -> int:
        """Where the next piece ends; 0 when that is not certain yet."""
        for found in _MARK.finditer(self._text, self._refused):
            cut = cut_at(self._text, found.span(), first=self._first, final=final)
            if cut is None:
                self._refused = found.start()
                return 0
            if cut:
                return cut
        self._refused = len(self._text)
        return 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A mark and what stands round it."""

    head: str
    """The text before the mark, from the start of the piece."""
    mark: str
    after: str
    """From the mark and its closers to the next letter or digit."""
    following: str
    """That letter or digit."""

    @property
    def word(self) -> str:
        """What stands directly before the mark, without an opening quote or an elided article."""
        found = _LAST_WORD.search(self.head[-40:])
        return found.group() if found else ""

    @property
    def spaced(self) -> bool:
        """White space parts the mark from what follows, as it must; a long dash needs none."""
        return self.mark in "—\n" or any(character.isspace() for character in self.after)

    @property
    def in_number(self) -> bool:
        """Between two digits of one line: "3, 5", "14 : 30", "10 – 20"."""
        before = self.head.rstrip()[-1:]
        one_line = "\n" not in self.mark + self.after
        return one_line and before.isdigit() and self.following.isdigit()


def cut_at(text: str, span: tuple[int, int], *, first: bool, final: bool) -> int | None:
    """Where the piece at the start of ``text`` ends if the mark at ``span`` ends it: 0 if not, None if unknown yet.

    An answer that is not None does not change with more text.
    """
    start, end = span
    head, mark = text[:start], text[start:end]
    if end == len(text) and not final:
        return None
    if not _worth(head, mark, first=first) or not _stands(text, span):
        return 0
    closers = _CLOSERS.match(text, end) if mark not in "—–-\n" else None
    closed = closers.end() if closers else end
    letter = _LETTER.search(text, closed)
    if letter is None:
        return 0 if final else None
    place = _Place(head, mark, text[closed : letter.start()], letter.group())
    if not place.spaced or place.in_number or not _ends(place, first=first):
        return 0
    cut = _start_of_next(text, closed, letter.start())
    quoted = mark[0] in SENTENCE_MARKS and _CLOSING_QUOTE.search(text, end, cut)
    return 0 if quoted and place.following.islower() else cut


def _worth(head: str, mark: str, *, first: bool) -> bool:
    """Whether the text before this kind of mark is enough for a piece."""
    if first and mark[0] in SENTENCE_MARKS and is_opener(head):
        return True
    if first:
        return len(list(islice(_LETTER.finditer(head), EARLY_LETTERS))) == EARLY_LETTERS
    if mark[0] in SENTENCE_MARKS:
        return _LETTER.search(head) is not None
    return len(head) >= LONG_SENTENCE


def _stands(text: str, span: tuple[int, int]) -> bool:
    """A short dash is a mark only between spaces; in "peut-être" it is part of the word."""
    start, end = span
    if text[start] not in "–-":
        return True
    return text[start - 1 : start].isspace() and text[end : end + 1].isspace()


def _ends(place: _Place, *, first: bool) -> bool:
    """Whether a mark of the right kind really ends something here."""
    if place.mark == ".":
        return _full_stop_ends(place)
    if place.mark[0] in ".…" and not first:
        return not place.following.islower() or any(mark in place.mark for mark in "!?")
    return True


def _full_stop_ends(place: _Place) -> bool:
    """Whether this full stop ends a sentence rather than an abbreviation, an initial or a list number."""
    word, following = place.word, place.following
    plain = word.lower()
    if (
        word in TITLES
        or plain in NEVER_LAST
        or _EXAMPLE.search(place.head)
        or _LIST_NUMBER.search(place.head)
    ):
        return False
    if plain in BEFORE_NUMBER and following.isdigit():
        return False
    if plain in MAY_BE_LAST or (len(word) == 1 and word.islower()):
        return following.isupper()
    if _INITIALS.fullmatch(word):
        return False
    return not (following.islower() and len(word) < SHORT_WORD)


def _start_of_next(text: str, closed: int, letter: int) -> int:
    """Between a mark and the next letter: what opens goes with the letter, all else stays with the mark."""
    opener = _OPENER.search(text, closed, letter + 1)
    if opener:
        return opener.start()
    unspaced = _UNSPACED.search(text[closed:letter])
    return closed + (unspaced.start() if unspaced else 0)
