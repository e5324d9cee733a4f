"""The event parser: a table, independence of the cuts, and bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.sse import MAX_EVENT_BYTES, SseEvent, SseOverflow, SseParser


def parsed(*chunks: bytes) -> list[tuple[str, str]]:
    parser = SseParser()
    events = [event for piece in chunks for event in parser.feed(piece)] + parser.close()
    assert parser.close() == []
    return [(event.name, event.data) for event in events]


TABLE: list[tuple[bytes, list[tuple[str, str]]]] = [
    (b"", []),
    (b"data: a\n\n", [("", "a")]),
    (b"data:a\n\n", [("", "a")]),
    (b"data:  a\n\n", [("", " a")]),
    (b"data: a", [("", "a")]),
    (b"data: a\ndata: b\n\ndata: c\n", [("", "a\nb"), ("", "c")]),
    (b"data\n\n", [("", "")]),
    (b"event: error\ndata: a\n\ndata: b\n\n", [("error", "a"), ("", "b")]),
    (b"event: error\n\ndata: b\n\n", [("", "b")]),
    (b": comment\n\n:\n\ndata: a\n\n", [("", "a")]),
    (b"id: 1\nretry: 2\nother: 3\ndata: a\n\n", [("", "a")]),
    (b"data: a\r\n\r\ndata: b\r\r", [("", "a"), ("", "b")]),
    (b"data: a\r\ndata: b\r\n\r\n", [("", "a\nb")]),
    (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
    (b"data: \xef\xbb\xbf\n\n", [("", "\ufeff")]),
    ("data: a\u2028b\u0085c\x1cd\n\n".encode(), [("", "a\u2028b\u0085c\x1cd")]),
    (b"data: \xff\n\n", [("", "\ufffd")]),
    (b'{"a": 1}\n\n', [("", '{"a": 1}')]),
]


@pytest.mark.parametrize(("stream", "events"), TABLE)
def test_a_stream(stream: bytes, events: list[tuple[str, str]]) -> None:
    assert parsed(stream) == events
    assert parsed(*(bytes([byte]) for byte in stream)) == events


@given(
    st.lists(
        st.sampled_from([b"data: ", b"a", b"\n", b"\r", b"\r\n", b":", b"event: x", "é".encode(), b"{"])
    ),
    st.lists(st.integers(0, 60)),
)
def test_cuts_do_not_matter(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    bounds = sorted({0, *(min(cut, len(stream)) for cut in cuts), len(stream)})
    assert parsed(*(stream[a:b] for a, b in pairwise(bounds))) == parsed(stream)


def test_an_event_comes_as_soon_as_its_blank_line_begins() -> None:
    assert SseParser().feed(b"data: a\r\n\r") == [SseEvent("", "a")]


@pytest.mark.parametrize("line", [b"x" * 65_536, b"data: " + b"x" * 65_530 + b"\n"])
def test_no_stream_fills_the_memory(line: bytes) -> None:
    parser = SseParser()
    for _ in range(MAX_EVENT_BYTES // len(line) - 1):
        parser.feed(line)
    with pytest.raises(SseOverflow):
        parser.feed(line * 3)
