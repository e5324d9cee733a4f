"""The microphone: a live source of frames at 16 kHz, whatever the device gives.

PortAudio's thread only copies blocks and wakes the event loop when they complete a frame; everything else happens
there. A reader that is too slow loses the oldest ones, and they are counted: a live source can never wait. A device is
lost in three ways, of which two come without any error: its stream ends, its blocks cease, or it cannot be opened
again. All end ``frames`` with AudioLost or AudioUnavailable, and none hangs.

``Gatherer`` and ``FrameCutter`` are the pure half: blocks of any length and rate in, frames of one size at 16 kHz out.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from common.audio_host import (
    AudioLost,
    Device,
    close_stream,
    find,
    open_first,
    open_stream,
    portaudio,
    watched,
)
from common.channel import Policy, SenderClosed, channel
from stt.types import SAMPLE_RATE, AudioFrame

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from common.audio_host import Stream
    from common.channel import Receiver, Sender
    from stt.types import Int16

    Block = tuple[Int16, float]
    """Mono samples at the device's rate, and when the last of them was taken (s, monotonic)."""

BLOCK_S = 0.02
"""Seconds per block. Sound servers deal in multiples of 10 ms: blocks as long as a frame would come in fits."""
LATENCY_S = 0.04
"""Seconds that the device may buffer: two blocks."""
USUAL_FRAME = 512
"""Samples at 16 kHz: the frame that is expected of a reader who opens the microphone before it asks for frames."""
RING_BLOCKS = 500
"""At least 10 s of blocks that a slow reader may be behind."""
MAX_CAPTURE_AGE_S = 0.5
"""Hosts that report an older capture time, or one in the future, report nonsense."""


def mono(data: Int16) -> Int16:
    """The mean of all channels (samples x channels); always a copy."""
    return data[:, 0].copy() if data.shape[1] == 1 else data.mean(axis=1).astype(np.int16)


class Gatherer:
    """Holds blocks back until they complete a frame: waking the loop for less would be for nothing."""

    def __init__(self, frame: int) -> None:
        """``frame``: samples at the device's rate."""
        self._frame = frame
        self._taken = 0
        self._held: list[bytes] = []

    def add(self, block: bytes, samples: int) -> bytes:
        """All that is held, this block included; nothing while no frame is complete."""
        self._held.append(block)
        before, self._taken = self._taken, self._taken + samples
        if self._taken // self._frame == before // self._frame:
            return b""
        held, self._held = self._held, []
        return b"".join(held)


class FrameCutter:
    """Cuts blocks into frames of ``size`` samples at 16 kHz, resampled where the device's ``rate`` is another."""

    def __init__(self, size: int, rate: int) -> None:
        self._size = size
        self._rate = rate
        self._pending = np.zeros(0, np.int16)
        self._taken = 0  # samples at the device's rate
        self._cut = 0  # samples at 16 kHz
        self._ended_at = 0.0
        self._resampler: Any = None
        if rate != SAMPLE_RATE:
            import soxr

            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="HQ")

    def feed(self, block: Int16, ended_at: float) -> Iterator[AudioFrame]:
        """The frames that a block completes; its last sample was taken at ``ended_at`` (s)."""
        self._taken += len(block)
        self._ended_at = ended_at
        yield from self._frames(block if self._resampler is None else self._resampler.resample_chunk(block))

    def rest(self) -> Iterator[AudioFrame]:
        """What is left at the end, padded with silence."""
        if self._resampler is not None:
            yield from self._frames(self._resampler.resample_chunk(np.zeros(0, np.int16), last=True))
        if len(self._pending):
            yield from self._frames(np.zeros(self._size - len(self._pending), np.int16))

    def _frames(self, samples: Int16) -> Iterator[AudioFrame]:
        self._pending = np.concatenate((self._pending, samples))
        while len(self._pending) >= self._size:
            frame, self._pending = self._pending[: self._size], self._pending[self._size :]
            self._cut += self._size
            behind = self._taken / self._rate - self._cut / SAMPLE_RATE
            yield AudioFrame(frame, SAMPLE_RATE, self._ended_at - max(0.0, behind))


class Microphone:
    """An AudioSource. One reader; it opens the device on its first step."""

    live = True

    def __init__(self, device: str | int | None = None) -> None:
        """``device``: its number, a part of its name, or None for the default one."""
        self._wanted = device
        self._stream: Stream | None = None
        self._frame = USUAL_FRAME
        self._lost = "the microphone is not open"
        ends: tuple[Sender[Block], Receiver[Block]] = channel(
            RING_BLOCKS, Policy.DROP_OLDEST, name="microphone"
        )
        self._sender, self._blocks = ends
        self._closed = False
        self.ready = asyncio.Event()
        """Set once the first real block has come: only now is anybody heard."""
        self.overflows = 0
        """Times that the host reported samples lost before we were given them."""

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ready" if self.ready.is_set() else "not ready"
        return f"<Microphone {self._wanted!r} {state}, {self.dropped} blocks dropped>"

    @property
    def dropped(self) -> int:
        """Blocks, gathered or single ones, lost because the reader was too slow."""
        return self._blocks.dropped

    async def open(self, frame: int = USUAL_FRAME) -> None:
        """Open the device for frames of so many samples. Raises AudioUnavailable or AudioBackendMissing."""
        if self._stream is not None or self._closed:
            return
        self._frame = frame
        loop = asyncio.get_running_loop()
        self._stream = await open_stream(lambda: self._opened(loop))
        if self._closed:  # while it was being opened
            await self.aclose()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of ``size`` samples until the microphone is closed.

        Raises AudioUnavailable or AudioBackendMissing when it cannot be opened, AudioLost when it goes away.
        """
        await self.open(size)
        if self._stream is None:
            return
        cutter = FrameCutter(size, round(self._stream.samplerate))
        while True:
            try:
                block, ended_at = await watched(self._blocks.__anext__, self._lost)
            except StopAsyncIteration:
                break
            self.ready.set()
            for frame in cutter.feed(block, ended_at):
                yield frame
        if not self._closed:
            raise AudioLost(self._lost)
        for frame in cutter.rest():
            yield frame

    async def aclose(self) -> None:
        """Give back the device, within CLOSE_LIMIT_S; twice is fine."""
        self._closed = True
        self._sender.close()
        stream, self._stream = self._stream, None
        if stream is not None:
            await close_stream(stream)

    def _opened(self, loop: asyncio.AbstractEventLoop) -> Stream:
        device = find("input", self._wanted)
        self._lost = (
            f"the microphone {device.name!r} was lost: connect it again or choose another (prism devices)"
        )
        forms = [
            (rate, count)
            for rate in (SAMPLE_RATE, device.default_rate)
            for count in (1, min(2, device.inputs))
        ]
        return open_first(lambda rate, count: self._stream_of(device, rate, count, loop), forms, device.name)

    def _stream_of(self, device: Device, rate: int, count: int, loop: asyncio.AbstractEventLoop) -> Stream:
        library = portaudio()
        # A resampler holds samples back: there a frame is complete at no block that could be foreseen.
        gatherer = Gatherer(self._frame if rate == SAMPLE_RATE else 1)

        def callback(data: Any, samples: int, when: Any, status: Any) -> None:  # noqa: ANN401  # PortAudio's types
            self.overflows += bool(status.input_overflow)
            gathered = gatherer.add(bytes(data), samples)
            if not gathered:
                return
            age = when.currentTime - when.inputBufferAdcTime - samples / rate
            ended_at = time.monotonic() - (age if 0.0 < age < MAX_CAPTURE_AGE_S else 0.0)
            try:
                loop.call_soon_threadsafe(self._arrived, gathered, count, ended_at)
            except RuntimeError:  # the loop has been closed without closing the microphone
                raise library.CallbackAbort from None

        def finished() -> None:
            with contextlib.suppress(RuntimeError):  # as above
                loop.call_soon_threadsafe(self._sender.close)

        # Raw: wrapping each block into an array in PortAudio's thread costs as much as all the rest there.
        return library.RawInputStream(  # type: ignore[no-any-return]  # the library has no types
            device=device.index,
            samplerate=rate,
            channels=count,
            dtype="int16",
            blocksize=round(rate * BLOCK_S),
            latency=LATENCY_S,
            callback=callback,
            finished_callback=finished,
        )

    def _arrived(self, data: bytes, channels: int, ended_at: float) -> None:
        block = mono(np.frombuffer(data, np.int16).reshape(-1, channels))
        with contextlib.suppress(SenderClosed):  # the last blocks of a stream that is being closed
            self._sender.offer((block, ended_at))
