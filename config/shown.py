"""What of a configured text may be shown: in a message, in the printed configuration, in a log. Pure.

A URL may hold a name and a password: neither reaches a person's screen or a file.
"""

from __future__ import annotations

import re

STARS = "********"
_USERINFO = re.compile(r"(?<=//)[^/@\s]+(?=@)")


def starred(text: str) -> str:
    """A text with stars for the name and the password of every URL in it."""
    return _USERINFO.sub(STARS, text)


def passwords(text: str) -> list[str]:
    """``NAME:PASSWORD`` of every URL in a text that has both."""
    return [found for found in _USERINFO.findall(text) if ":" in found]
