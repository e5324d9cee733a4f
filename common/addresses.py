"""Addresses of servers: whether they are this machine, and what of them may be shown. Pure.

A URL may hold a name and a password, and a server may repeat the key that it was given: neither reaches a message, an
event or a log.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Does the URL name this machine? Then no proxy may stand between."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(url: str) -> bool:
    """Does the URL ask for TLS? Without it no certificates need to be loaded, which takes 30 ms."""
    return urlsplit(url).scheme == "https"


def shown_url(url: str) -> str:
    """The URL without a user name, a password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError:  # then nobody knows where a password ends
        return url.partition("://")[0] + "://..."
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def without(text: str, secret: str | None) -> str:
    """A text with stars for ``secret``, if there is one."""
    return text.replace(secret, "********") if secret else text
