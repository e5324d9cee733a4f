"""The words of the control socket: one JSON object per line, both ways. Pure, and light enough for ``prism ctl``.

The server speaks first: ``{"hello": "prism", "protocol": 1, "version": ..., "pid": ...}``. A request is
``{"do": VERB}``, with an ``id`` if the asker wants it back. Its one answer is ``{"ok": true, "do": VERB, ...}`` or
``{"ok": false, "error": CODE, "message": SENTENCE}``. After ``events``, lines with an ``event`` come in between. New
verbs, fields and events may be added within a protocol number; nothing is renamed or taken away.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOL = 1
MAX_LINE = 4096
"""Bytes of one request, its end included."""
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of one line of the server: a dictation of an hour is far below it."""

Verb: TypeAlias = Literal[
    "start", "stop", "toggle", "cancel", "status", "paste-last", "retry-last", "events", "ping"
]
VERBS: tuple[Verb, ...] = get_args(Verb)

Scalar: TypeAlias = str | int | float | bool | None
MAX_ID = 200
"""Characters of an id that is a text."""


class Request(NamedTuple):
    """What a peer asks for. A tuple: a dataclass would cost ``prism ctl`` a tenth of its time."""

    verb: Verb
    id: Scalar = None
    """Whatever the asker gave to tell its answers apart."""


class Refused(Exception):
    """A request that cannot be met: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str, asked: Scalar = None) -> None:
        super().__init__(message)
        self.code = code
        self.asked = asked
        """The id of the request, where it could be read."""


def request_of(line: bytes) -> Request:
    """The request on a line. Raises Refused."""
    found = _object(line)
    asked = found.get("id")
    if not isinstance(asked, Scalar) or (isinstance(asked, str) and len(asked) > MAX_ID):
        raise Refused("bad_id", f"An id is a number or a text of at most {MAX_ID} characters.")
    version = found.get("protocol", PROTOCOL)
    if version != PROTOCOL or isinstance(version, bool):
        raise Refused("protocol", f"This is protocol {PROTOCOL}; update the one of us that is older.", asked)
    verb = found.get("do")
    if verb not in VERBS:
        raise Refused("unknown_verb", f"Ask for one of: {', '.join(VERBS)}.", asked)
    return Request(verb, asked)


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, thousands of digits, brackets without end
        found = None
    if not isinstance(found, dict):
        raise Refused("bad_json", 'A request is one JSON object on one line, such as {"do": "status"}.')
    return found


def _no_constant(name: str) -> NoReturn:
    """Python reads and writes NaN and Infinity; JSON has neither."""
    raise ValueError(name)


def hello(version: str, pid: int) -> dict[str, Any]:
    """What the server says first."""
    return {"hello": "prism", "protocol": PROTOCOL, "version": version, "pid": pid}


def answer(request: Request, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The good answer to a request."""
    return {"ok": True, "do": request.verb, **_with_id(request.id), **fields}


def refusal(error: Refused) -> dict[str, Any]:
    """The bad answer."""
    return {"ok": False, "error": error.code, "message": str(error), **_with_id(error.asked)}


def line_of(record: Mapping[str, Any]) -> bytes:
    """A record as it goes over the socket."""
    return (
        json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
        + b"\n"
    )


def _with_id(asked: Scalar) -> dict[str, Any]:
    return {} if asked is None else {"id": asked}
