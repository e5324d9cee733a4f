"""The marks of Markdown within a line, addresses and emoji, made speakable: PURE, characters in and out.

Emphasis loses its marks, links keep their text, code keeps its letters, addresses are cut to the name of
the site, emoji are dropped with the space that they leave. A star, an underscore or a bracket that is none
of these is text and stays: "3 * 4", "snake_case", "5*". Marks are judged by their neighbors alone, so that
a word need not be held until its closing mark: at most the mark itself, an address, or the text of a
possible link is.
"""

from __future__ import annotations

import re

MAX_LINK = 300
"""Characters that the text or the target of a link may have; what is longer is text in brackets."""
MAX_ADDRESS = 2_000

_EMOJI_RANGES = (
    "\U0001f000-\U0001faff\U000e0020-\U000e007f\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u25aa\u25ab\u25b6"
    "\u25c0\u25fb-\u25fe\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\ufe0f\u20e3"
)
"""Unicode's emoji blocks, dingbats and the marks that turn a letter into an emoji; arrows are text."""

_EMOJI = re.compile(f"[{_EMOJI_RANGES}]")
_GAP = re.compile(f"[ \u00a0\u202f]*(?:[{_EMOJI_RANGES}][\u200d{_EMOJI_RANGES}]*[ \u00a0\u202f]*)*")
_RUN = re.compile(r"\*+|_+|~+|`+")
_ADDRESS_STARTS = ("http://", "https://", "www.")
_ADDRESS = re.compile(r"[^\s<>\"«»“”`|\\^{}]*")
_HOST = re.compile(r"(?:www\.)?([^\W_](?:[\w.-]*[^\W_])?)", re.IGNORECASE)
_LINK_TEXT = re.compile(r"\[((?:[^\[\]\n\\]|\\.|\[[^\[\]\n]*\])*)\]")
_LINK_TARGET = re.compile(r"\(\s*<?(?:[^()\s<>]|\([^()\s]*\))*>?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)")
_LINK_NAME = re.compile(r"\[[^\[\]\n]*\]")
_TAGS = frozenset(
    f"<{slash}{name}>"
    for slash in ("", "/")
    for name in "b i u s em strong p sub sup code mark small".split()
) | {"<br>", "<br/>", "<br />"}
_TAG_STARTS = _TAGS | {f"<{start}" for start in _ADDRESS_STARTS}
_ESCAPABLE = frozenset("\\`*_{}[]()#+-.!|<>~$")
_OPENS_BEFORE = frozenset("«“„\"'‘’(¿¡[<_*~`$€£+#@&…-–—\\")
_CLOSING = frozenset(".,)]…")
_SPACED_IN_FRENCH = frozenset("!?;:»")

_SPACES = " \u00a0\u202f"

_Taken = tuple[int, str, str]
"""Characters used, what is said for them, and what is to be read again in their place."""


class Inline:
    """One reply."""

    def __init__(self) -> None:
        self._pending = ""
        self._before = ""
        self._said = ""
        self._open: dict[str, list[int]] = {"*": [], "_": [], "~": []}
        self._code = 0

    def feed(self, text: str) -> str:
        """What of ``text``, and of what was held, can be said by now."""
        return "".join(piece for character in text for piece in self._step(character))

    def flush(self) -> str:
        """The reply is over: what was held."""
        return "".join(self._drain(final=True))

    def _step(self, character: str) -> list[str]:
        self._pending += character
        return self._drain(final=False)

    def _drain(self, *, final: bool) -> list[str]:
        said: list[str] = []
        while self._pending:
            taken = self._take(self._pending, final=final)
            if taken is None:
                break
            used, text, again = taken
            said.append(text)
            self._said = text[-1:] or self._said
            if not again:
                self._before = self._pending[used - 1]
            self._pending = again + self._pending[used:]
        return said

    def _take(self, text: str, *, final: bool) -> _Taken | None:
        """Decide about the first characters of ``text``; None when more of it is needed."""
        first = text[0]
        if self._code:
            return self._take_code(text, final=final)
        if first == "\n":
            return self._take_newline()
        if first in "*_~`":
            return self._take_run(text, final=final)
        if first in _SPACES or _EMOJI.match(first):
            return self._take_gap(text, final=final)
        if first == "[":
            return _take_link(text, final=final)
        if first == "<":
            return _take_tag(text, final=final)
        if first == "\\":
            return _take_escape(text, final=final)
        if first in "hHwW" and not _in_word(self._before):
            return _take_address(text, final=final)
        return 1, first, ""

    def _take_newline(self) -> _Taken:
        if self._before == "\n":
            for lengths in self._open.values():
                lengths.clear()
        return 1, "\n", ""

    def _take_code(self, text: str, *, final: bool) -> _Taken | None:
        """Letters as they are, until as many backticks as opened it, or the end of the line."""
        if text[0] != "`":
            self._code = 0 if text[0] == "\n" else self._code
            return 1, text[0], ""
        run = len(text) - len(text.lstrip("`"))
        if run == len(text) and not final:
            return None
        if run != self._code:
            return run, "`" * run, ""
        self._code = 0
        return run, "", ""

    def _take_run(self, text: str, *, final: bool) -> _Taken | None:
        found = _RUN.match(text)
        run = found[0] if found else text[0]
        after = text[len(run) : len(run) + 1]
        if not after and not final:
            return None
        if run[0] == "`":
            self._code = len(run) if after.strip() else 0
            return len(run), "" if self._code else run, ""
        mark = self._closes(run, after) or self._opens(run, after)
        return len(run), "" if mark else run, ""

    def _closes(self, run: str, after: str) -> bool:
        """Is this the end of an emphasis? Then forget its beginning."""
        lengths = self._open[run[0]]
        if not self._before.strip() or not lengths or (self._before.isdigit() and after.isdigit()):
            return False
        if run[0] == "_" and _in_word(after):
            return False
        if sum(lengths) == len(run):
            lengths.clear()
            return True
        if len(run) > lengths[-1]:
            return False
        lengths[-1] -= len(run)
        if lengths[-1] == 0:
            lengths.pop()
        return True

    def _opens(self, run: str, after: str) -> bool:
        """Is this the beginning of an emphasis? Then remember it."""
        begins_word = after.isalnum() or after in _OPENS_BEFORE or _EMOJI.match(after) is not None
        if not after or not begins_word or _in_word(self._before) or (run[0] == "~" and len(run) != 2):
            return False
        self._open[run[0]].append(len(run))
        return True

    def _take_gap(self, text: str, *, final: bool) -> _Taken | None:
        """Spaces, and emoji with the spaces round them: one space stays where there were any."""
        found = _GAP.match(text)
        gap = found[0] if found else ""
        after = text[len(gap) : len(gap) + 1]
        if not after and not final:
            return None
        if not _EMOJI.search(gap):
            return len(gap), gap, ""
        if not after or after == "\n" or not self._said.strip() or after in _CLOSING:
            return len(gap), "", ""
        if after in _SPACED_IN_FRENCH:
            return len(gap), gap[-1] if gap[-1] in _SPACES else "", ""
        apart = any(character in _SPACES for character in gap) or (_in_word(self._said) and _in_word(after))
        return len(gap), " " if apart else "", ""


def _in_word(character: str) -> bool:
    """Is it a letter or digit of a script that writes spaces between words?"""
    return character.isalnum() and character < "\u2e80"


def _take_escape(text: str, *, final: bool) -> _Taken | None:
    if len(text) < 2:
        return (1, text, "") if final else None
    return (2, text[1], "") if text[1] in _ESCAPABLE else (1, "\\", "")


def _take_tag(text: str, *, final: bool) -> _Taken | None:
    """HTML for looks is dropped; ``<https://...>`` loses its brackets when the address is read."""
    tag = text[: text.find(">") + 1].lower()
    if tag in _TAGS:
        return len(tag), "\n" if tag.startswith("<br") else "", ""
    if _opens_address(tag[1:]) and not re.search(r"\s", tag):
        return len(tag), "", text[1 : len(tag) - 1]
    if _opens_address(text[1:]):
        undecided = not tag and not re.search(r"\s", text) and len(text) < MAX_ADDRESS
    else:
        undecided = any(known.startswith(text.lower()) for known in _TAG_STARTS)
    return None if undecided and not final else (1, "<", "")


def _take_link(text: str, *, final: bool) -> _Taken | None:
    """``[text](target)`` and ``[text][name]`` are read as their text, a footnote as nothing."""
    words = _LINK_TEXT.match(text)
    if words is None:
        over = final or "\n" in text or len(text) > MAX_LINK
        return (1, "[", "") if over else None
    if words[1].startswith("^") and " " not in words[1]:
        return words.end(), "", ""
    rest = text[words.end() :]
    if not rest:
        return (1, "[", "") if final else None
    if rest[0] not in "([":
        return 1, "[", ""
    target = (_LINK_TARGET if rest[0] == "(" else _LINK_NAME).match(rest)
    if target:
        return words.end() + target.end(), "", words[1]
    closed = rest.count(")") >= rest.count("(") if rest[0] == "(" else "]" in rest
    over = final or closed or "\n" in rest or len(rest) > MAX_ADDRESS
    return (1, "[", "") if over else None


def _opens_address(text: str) -> bool:
    return text.lower().startswith(_ADDRESS_STARTS)


def _take_address(text: str, *, final: bool) -> _Taken | None:
    """``https://www.example.com/a/b?c`` is read as ``example.com``."""
    if not _opens_address(text):
        undecided = any(start.startswith(text.lower()) for start in _ADDRESS_STARTS)
        return None if undecided and not final else (1, text[0], "")
    found = _ADDRESS.match(text)
    address = found[0] if found else ""
    if len(address) == len(text) and not final and len(text) < MAX_ADDRESS:
        return None
    address = _without_punctuation(address)
    scheme, separator, rest = address.partition("://")
    site = re.split(r"[/?#]", rest if separator else scheme, maxsplit=1)[0].partition("@")
    host = _HOST.fullmatch((site[2] or site[0]).partition(":")[0])
    return (len(address), host[1].lower(), "") if host else (1, text[0], "")


def _without_punctuation(address: str) -> str:
    """The address without what belongs to the sentence round it."""
    while address and (address[-1] in ".,;:!?'’*_~…" or (address[-1] in ")]" and not _balanced(address))):
        address = address[:-1]
    return address


def _balanced(address: str) -> bool:
    return address.count("(") >= address.count(")") and address.count("[") >= address.count("]")
