"""The loudspeaker: the shell of PortAudio round a ``PlaybackRing``.

The stream is opened once and plays silence between turns, so that a reply costs no opening. Its thread takes one
block after the other from the ring and notes when each will be heard; it does nothing else. Everything that waits
(room in the ring, a sample's moment, the end) asks the ring again after each block, and a device that gives no more
blocks is lost: AudioLost, and never a hang.

A stop is as fast as the device's own buffer: what it holds already cannot be called back (``latency``), and is counted
as heard when its time has come.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from common.audio_host import (
    AudioError,
    AudioLost,
    Device,
    close_stream,
    find,
    open_first,
    open_stream,
    portaudio,
    watched,
)
from pipeline.sinks.ring import PlaybackRing

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.audio_host import Stream
    from common.clock import Clock
    from pipeline.sinks.base import Tap
    from tts import Int16

T = TypeVar("T")

RATES = (24_000, 22_050)
"""Hertz, in the order in which they are asked for: the rates of speech engines. Then the device's own."""
BLOCK_S = 0.015
"""Seconds per block: what a pause may be late. Shorter ones keep the processor busier, also while nothing is said."""
LATENCY_S = 0.03
"""Seconds of buffer asked of the device. Measured on PulseAudio: 40 to 50 ms to the ear. Beside three busy processes on
two cores one gap of 10 to 20 ms in ten seconds, and no fewer with 20 ms blocks in 40 ms."""
MAX_DEVICE_DELAY_S = 2.0
"""Hosts that report a longer delay to the ear, or a negative one, report nonsense."""


class Speaker:
    """An AudioSink for a real device. ``open`` it first."""

    live = True

    def __init__(self, clock: Clock, device: str | int | None, hold_s: float) -> None:
        """``device``: number, part of a name, or None for the default. ``hold_s``: seconds that may be queued."""
        self._clock = clock
        self._wanted = device
        self._hold_s = hold_s
        self._stream: Stream | None = None
        self._ring = PlaybackRing(RATES[0])
        self._tap: Tap | None = None
        self._waiters = 0
        self._progress = asyncio.Event()
        self._lost = "the speaker is not open"
        self._over = False
        self.sample_rate = RATES[0]
        """Hertz; what the device really runs at, once it is open."""
        self.underflows = 0
        """Times that the device ran out while there was something to play."""

    def __repr__(self) -> str:
        return f"<Speaker {self._wanted!r} at {self.sample_rate} Hz, {self._ring!r}, {self.underflows} underflows>"

    @property
    def paused(self) -> bool:
        """Whether a pause is in force."""
        return self._ring.paused

    @property
    def gaps(self) -> int:
        """Times that a session ran dry because speech came too late."""
        return self._ring.gaps

    @property
    def latency(self) -> float:
        """Seconds from the ring to the ear, as the device reports it."""
        return self._stream.latency if self._stream else 0.0

    def listen(self, tap: Tap) -> None:
        """Have ``tap`` told, in the audio thread, of every block that the device takes and of when it is heard."""
        self._tap = tap

    async def open(self) -> None:
        """Open the device and play silence. Raises AudioUnavailable or AudioBackendMissing."""
        if self._stream is not None:
            return
        loop = asyncio.get_running_loop()
        self._stream = await open_stream(lambda: self._opened(loop))
        self.sample_rate = round(self._stream.samplerate)
        ring = PlaybackRing(self.sample_rate)
        if self.paused:
            ring.pause()
        self._ring = ring

    async def write(self, samples: Int16) -> None:
        """Queue samples; wait while more than the hold would be queued. Raises AudioLost."""
        self._check_alive()
        hold = int(self._hold_s * self.sample_rate)
        await self._until(
            lambda: True if not self._ring.queued or self._ring.queued + len(samples) <= hold else None
        )
        self._ring.write(samples)

    def pause(self) -> None:
        """Be silent from the next block on; what is queued waits."""
        self._ring.pause()

    def resume(self) -> None:
        """Go on with the very next sample."""
        self._ring.resume()

    async def drain(self) -> None:
        """Return when everything written has been heard. Raises AudioLost."""
        finished_at = await self._until(lambda: self._ring.finished_at)
        await self._sleep_until(finished_at)

    async def reached(self, sample: int) -> float:
        """Wait until that sample of the session is heard; when that is on the clock, seconds.

        Raises AudioLost; AudioError when the session is ended before.
        """
        session = self._ring.session

        def heard_at() -> float | None:
            if self._ring.session != session:
                raise AudioError(f"playback was ended before sample {sample} was heard")
            return self._ring.heard_at(sample)

        return await self._sleep_until(await self._until(heard_at))

    @property
    def played(self) -> int:
        """Samples of the session that have been heard so far."""
        return self._ring.heard(time.monotonic())

    def abort(self) -> int:
        """End the session; how many of its samples have been heard."""
        return self._ring.abort(time.monotonic())

    async def aclose(self) -> None:
        """Give back the device, within CLOSE_LIMIT_S; twice is fine."""
        self._lost = "the speaker is closed"
        self._ended()
        stream, self._stream = self._stream, None
        if stream is not None:
            await close_stream(stream)

    async def _until(self, answer: Callable[[], T | None]) -> T:
        """What ``answer`` says as soon as it is not None; asked again after each block."""
        self._waiters += 1
        try:
            while (said := answer()) is None:
                self._check_alive()
                self._progress.clear()
                await watched(self._progress.wait, self._lost)
            return said
        finally:
            self._waiters -= 1

    def _check_alive(self) -> None:
        if self._over or self._stream is None:
            raise AudioLost(self._lost)

    async def _sleep_until(self, heard_at: float) -> float:
        """Sleep to a moment of the machine's clock; that moment on ours."""
        when = self._clock.now() + (heard_at - time.monotonic())
        await self._clock.sleep_until(when)
        return when

    def _opened(self, loop: asyncio.AbstractEventLoop) -> Stream:
        device = find("output", self._wanted)
        self._lost = (
            f"the speaker {device.name!r} was lost: connect it again or choose another (prism devices)"
        )
        forms = [(rate, min(2, device.outputs)) for rate in (*RATES, device.default_rate)]
        return open_first(lambda rate, count: self._stream_of(device, rate, count, loop), forms, device.name)

    def _stream_of(self, device: Device, rate: int, count: int, loop: asyncio.AbstractEventLoop) -> Stream:
        silence = np.zeros(round(rate * BLOCK_S), np.int16)

        def callback(out: Any, samples: int, when: Any, status: Any) -> None:  # noqa: ANN401  # PortAudio's types
            delay = when.outputBufferDacTime - when.currentTime
            heard_at = time.monotonic() + (delay if 0.0 <= delay < MAX_DEVICE_DELAY_S else LATENCY_S)
            ring = self._ring
            self.underflows += bool(status.output_underflow) and ring.expected
            if ring.idle and samples == len(silence):
                block = silence
                out[:] = bytes(len(out))
            else:
                block = ring.take(samples, heard_at)
                out[:] = np.repeat(block, count).tobytes()
            if self._tap:
                self._tap(block, rate, heard_at)
            if self._waiters:
                loop.call_soon_threadsafe(self._progress.set)

        def finished() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(self._ended)

        # Raw: wrapping each block into an array costs as much as all the rest of a silent one.
        return portaudio().RawOutputStream(  # type: ignore[no-any-return]  # the library has no types
            device=device.index,
            samplerate=rate,
            channels=count,
            dtype="int16",
            blocksize=round(rate * BLOCK_S),
            latency=LATENCY_S,
            callback=callback,
            finished_callback=finished,
        )

    def _ended(self) -> None:
        self._over = True
        self._progress.set()
