"""Lines without a final mark, given one: headings, items of a list, table rows. Pure.

To an engine the end of a line is a space, and a list would be said in one breath. A long line without a mark is
probably a sentence that was wrapped, and so is one that goes on in small letters: it gets no more than a comma.
"""

from __future__ import annotations

import re

WRAPPED = 60
"""Letters from which a line is probably a wrapped one."""

_BARE_END = re.compile(r"(?<=[^\W_])([\"'»”’)\]%°€$£+*_ \t\u00a0\u202f]*+)(?=\r?\n\s*(\S)|\s*\Z)")


def with_stops(text: str) -> str:
    """``text`` with a mark at the end of each line that had none; words and white space stay."""

    def closed(found: re.Match[str]) -> str:
        ending = found[1]
        start = text.rfind("\n", 0, found.start()) + 1
        goes_on = found.start() - start > WRAPPED or (found[2] or "").islower()
        kept = ending.rstrip(" \t\u00a0\u202f")
        return kept + ("," if goes_on else ".") + ending[len(kept) :]

    return _BARE_END.sub(closed, text)
