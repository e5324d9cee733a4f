"""Server-sent events from bytes: PURE, no network, no JSON.

Theory of operation. Bytes come in pieces cut anywhere; lines end with LF, CR or CRLF and with nothing else
(U+2028 is text, which is why ``str.splitlines`` and ``aiter_lines`` are wrong here); ``data:`` lines of one
event are joined; a blank line, or the end of the stream, completes it. The last point is against the letter
of the standard and on purpose: servers of language models close without the blank line, and the finish
reason would be lost (httpx-sse loses it). A line that is a bare JSON object counts as data, for servers
that forget the field name.

A line and an event are bounded, so that a broken server cannot fill the memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""A longer line or event is not a reply: whole tool calls in one event stay far below."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class SseOverflow(ValueError):
    """A line or an event is longer than MAX_EVENT_BYTES."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event."""

    name: str
    """The ``event:`` field; empty when there was none."""
    data: str
    """The ``data:`` lines, joined with newlines; broken UTF-8 is replaced."""


class SseParser:
    """Feed bytes, get events; ``close`` at the end gives what is still pending."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._after_cr = False
        self._first_line = True
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Events completed by ``chunk``. Raises SseOverflow."""
        if self._after_cr:
            self._after_cr = not chunk
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return []
        self._after_cr = chunk.endswith(b"\r")
        head, *rest = _LINE_END.split(chunk)
        self._extend(head)
        events: list[SseEvent] = []
        for piece in rest:
            self._line(bytes(self._tail), events)
            self._tail.clear()
            self._extend(piece)
        return events

    def close(self) -> list[SseEvent]:
        """The stream ended: the event that no blank line completed."""
        events: list[SseEvent] = []
        self._line(bytes(self._tail), events)
        self._tail.clear()
        self._dispatch(events)
        return events

    def _extend(self, piece: bytes) -> None:
        if len(self._tail) + len(piece) > MAX_EVENT_BYTES:
            raise SseOverflow(f"a line is longer than {MAX_EVENT_BYTES} bytes")
        self._tail += piece

    def _line(self, line: bytes, events: list[SseEvent]) -> None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            self._dispatch(events)
        elif line.startswith(b"{"):
            self._append(line)
        else:
            field, _, value = line.partition(b":")
            self._field(field, value.removeprefix(b" "))

    def _field(self, field: bytes, value: bytes) -> None:
        """Comments have an empty field name; ``id`` and ``retry`` mean nothing here."""
        if field == b"data":
            self._append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace").strip()

    def _append(self, value: bytes) -> None:
        self._size += len(value)
        if self._size > MAX_EVENT_BYTES:
            raise SseOverflow(f"an event is longer than {MAX_EVENT_BYTES} bytes")
        self._data.append(value)

    def _dispatch(self, events: list[SseEvent]) -> None:
        if self._data:
            events.append(SseEvent(self._name, b"\n".join(self._data).decode("utf-8", "replace")))
        self._name, self._data, self._size = "", [], 0
