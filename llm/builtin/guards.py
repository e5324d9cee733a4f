"""Who may talk to the built-in responder. Pure checks of request headers.

It listens on loopback, but any web page in the user's browser can send requests there. A page cannot forge ``Origin``,
and a page that re-binds its own name to 127.0.0.1 still sends that name as ``Host``: both must be loopback names.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from llm.builtin.wire import RequestError

_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_OPEN_PATHS = frozenset({"/health"})
"""Served without a token: whether a server is up is no secret on its own machine."""


def check(headers: Mapping[str, str], path: str, token: str | None) -> None:
    """Raise RequestError if this request may not pass. Header names are lower case."""
    if not _LOOPBACK.fullmatch(headers.get("host", "")):
        raise RequestError(
            "The Host header does not name this computer.", status=HTTPStatus.FORBIDDEN, code="host"
        )
    origin = headers.get("origin")
    if origin is not None and not _local_origin(origin):
        raise RequestError("Requests from web pages are refused.", status=HTTPStatus.FORBIDDEN, code="origin")
    if token and path not in _OPEN_PATHS and not _bears(headers.get("authorization", ""), token):
        raise RequestError(
            "The API key is missing or wrong.", status=HTTPStatus.UNAUTHORIZED, code="invalid_api_key"
        )


def _local_origin(origin: str) -> bool:
    scheme = _SCHEME.match(origin)
    return scheme is not None and _LOOPBACK.fullmatch(origin, scheme.end()) is not None


def _bears(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    same = secrets.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.casefold() == "bearer"
