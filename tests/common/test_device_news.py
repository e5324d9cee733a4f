"""What ``pactl`` prints, and what a look from another process sees."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from common.devices.listing import look, offers
from common.devices.news import Places, PulseNews, place
from tests.kit.pulse import PulseServer, private_sound  # noqa: F401  # a fixture

if TYPE_CHECKING:
    from collections.abc import Sequence

SINKS = "1\tmic\tmodule-null-sink.c\ts16le 1ch 48000Hz\tRUNNING\n2\tspeaker\tmodule-null-sink.c\ts16le 2ch\tIDLE\n"


def sink_input(number: int, sink: int, process: int) -> str:
    """As PulseAudio 16 prints it, shortened."""
    return (
        f"Sink Input #{number}\n\tDriver: protocol-native.c\n\tOwner Module: 1\n\tClient: 7\n\tSink: {sink}\n"
        "\tVolume: mono: 65536 / 100% / 0.00 dB\n\tProperties:\n"
        f'\t\tmedia.name = "Sink: 2"\n\t\tapplication.process.id = "{process}"\n\n'
    )


@pytest.mark.parametrize(
    ("streams", "found"),
    [
        ([], None),
        ([(3, 2, 100)], "speaker"),
        ([(3, 1, 99), (4, 2, 100), (5, 1, 1000)], "speaker"),
        ([(3, 1, 100), (4, 2, 100)], None),
        ([(3, 9, 100)], None),
    ],
)
def test_where_our_only_stream_is(streams: Sequence[tuple[int, int, int]], found: str | None) -> None:
    assert place("".join(sink_input(*stream) for stream in streams), SINKS, 100) == found


@pytest.mark.parametrize("streams", ["", "nonsense", "Sink Input #1\n", "Sink Input #1\n\tSink: n/a\n"])
def test_what_cannot_be_read_is_nowhere(streams: str) -> None:
    assert place(streams, "", 100) is None


@pytest.mark.real
def test_a_change_of_devices_is_heard_and_a_new_server_too(pulse: PulseServer) -> None:
    heard: list[Places] = []
    came = threading.Semaphore(0)

    def told(places: Places) -> None:
        heard.append(places)
        came.release()

    news = PulseNews(told)
    assert news.start()
    try:
        assert came.acquire(timeout=5)
        pulse.plug("other")
        assert came.acquire(timeout=5)
        pulse.kill()
        pulse.restart()
        assert came.acquire(timeout=5)
    finally:
        news.stop()
    assert [places.anew for places in heard[:3]] == [True, True, True]
    assert heard[0] == Places(None, None, anew=True)


@pytest.mark.real
def test_a_look_from_outside_sees_what_there_is(pulse: PulseServer) -> None:
    listed = look()
    assert offers(listed, "input", "prism-mic")
    assert offers(listed, "output", None)
    assert not offers(listed, "input", "nope")
    pulse.kill()
    assert not offers(look(), "input", "prism-mic")
