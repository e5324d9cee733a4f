"""What of a configured address may be shown: in a message, an event, a log. Pure.

A URL may hold a name and a password, and a server may repeat the key that it was given: neither reaches a person's
screen or a file.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

STARS = "********"
_USERINFO = re.compile(r"(?<=//)[^/@\s]+(?=@)")


def shown_url(url: str) -> str:
    """The URL without a user name, a password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError:  # then nobody knows where a password ends
        return url.partition("://")[0] + "://..."
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def starred(text: str) -> str:
    """A text with stars for the name and the password of every URL in it."""
    return _USERINFO.sub(STARS, text)


def passwords(text: str) -> list[str]:
    """``NAME:PASSWORD`` of every URL in a text that has both."""
    return [found for found in _USERINFO.findall(text) if ":" in found]


def without(text: str, secret: str | None) -> str:
    """A text with stars for ``secret``, if there is one."""
    return text.replace(secret, STARS) if secret else text
