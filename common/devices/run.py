"""One life of a stream on one device: what its callback writes and the keeper reads.

All open runs are known here, because PortAudio cannot be initialized again before each of them is closed. A run is a
``Stream`` of ``audio_host``: it is opened, closed and given up like one. Opening and closing must have PortAudio to
itself (``alone``); what an old run still delivers is stale, and whoever gets it asks ``current``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.audio_host import Stream

_open: set[Run] = set()


class Run:
    """Its stream's callback calls ``beat`` with each block, its end calls ``end``."""

    def __init__(self, device: str, *, home: bool, wake: Callable[[], None]) -> None:
        """``home``: it is the device that was asked for. ``wake`` is called when the stream ends."""
        self.device = device
        self.home = home
        self.place: str | None = None
        """Where the sound server has it, once that is known."""
        self.current = True
        """False once its stream is lost, or another run has taken its place."""
        self.ended = False
        self.alive = False
        """A block has come."""
        self.block_at = time.monotonic()
        """When the last block came, seconds; when it was opened before the first."""
        self.samplerate = 0.0
        """Hertz."""
        self.latency = 0.0
        """Seconds of the device's buffer, as it reports it."""
        self._wake = wake
        self._stream: Stream | None = None

    def __repr__(self) -> str:
        return f"<Run on {self.device!r}{'' if self.current else ', over'}>"

    def begin(self, stream: Stream) -> None:
        """Take over a stream that was started."""
        self._stream = stream
        if not self.alive:  # opening may have taken long
            self.block_at = time.monotonic()
        self.samplerate, self.latency = stream.samplerate, stream.latency
        _open.add(self)

    def beat(self) -> None:
        """A block came. In the audio thread."""
        self.block_at = time.monotonic()
        if not self.alive:
            self.alive = True
            self._wake()

    def end(self) -> None:
        """The stream has ended, by itself or because it was closed. In any thread."""
        self.ended = True
        self._wake()

    def start(self) -> None:
        """It was started when it began."""

    def abort(self) -> None:
        """Stop at once; what the device holds is dropped. Twice is fine."""
        self.current = False
        if self._stream is not None:
            self._stream.abort()

    def close(self) -> None:
        """Give back the device. Twice is fine."""
        self.current = False
        stream, self._stream = self._stream, None
        _open.discard(self)
        if stream is not None:
            stream.close()


def close_all() -> None:
    """Close every run of the process. With PortAudio to itself."""
    for run in tuple(_open):
        run.abort()
        run.close()
        run.ended = True
