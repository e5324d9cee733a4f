"""The microphone: a live source of frames at 16 kHz, whatever the device gives, and whether there is one or not.

PortAudio's thread only copies blocks and wakes the event loop when they complete a frame; everything else happens
there. A reader that is too slow loses the oldest ones, and they are counted: a live source can never wait. Devices come
and go (``common/devices``), time does not: while there is none, frames of silence are given in its stead, and what a
new device hears is put where it belongs. Only when none comes back in time does ``frames`` end, with AudioLost.

``Gatherer`` and ``FrameCutter`` are the pure half: blocks of any length and rate in, frames of one size at 16 kHz out.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from common.audio_host import Device, open_first, portaudio
from common.channel import Policy, SenderClosed, channel
from common.devices.kept import RESTORE_S, Kept, Line
from stt.types import SAMPLE_RATE, AudioFrame

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from common.audio_host import Stream
    from common.channel import Receiver, Sender
    from common.devices.rules import Told
    from common.devices.run import Run
    from stt.types import Int16

BLOCK_S = 0.02
"""Seconds per block. Sound servers deal in multiples of 10 ms: blocks as long as a frame would come in fits."""
LATENCY_S = 0.04
"""Seconds that the device may buffer: two blocks."""
USUAL_FRAME = 512
"""Samples at 16 kHz: the frame that is expected of a reader who opens the microphone before it asks for frames."""
RING_BLOCKS = 500
"""At least 10 s of blocks that a slow reader may be behind."""
LOOK_S = 0.25
"""Seconds without a block after which the reader looks whether there is a device at all."""
LAG_S = 0.15
"""Silence is given so late where there is no device: a new one is heard from the middle of that, not after it."""
LONGEST_GAP_S = 60.0
"""Silence that is given at most for one gap: a night of sleep is no hour of frames. The clock follows the source."""
MAX_CAPTURE_AGE_S = 0.5
"""Hosts that report an older capture time, or one in the future, report nonsense."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a device heard."""

    samples: Int16
    """Mono."""
    ended_at: float
    """When the last of them was taken, seconds (monotonic)."""
    rate: int
    """Hertz."""
    run: Run
    """In which life of the stream."""


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
        self._pending = np.zeros(0, np.int16)
        self._given = 0.0  # seconds that came in
        self._cut = 0  # samples at 16 kHz
        self._ended_at = 0.0  # when the last sample that came in was taken, seconds; 0 before the first
        self._begin(rate)

    def _begin(self, rate: int) -> None:
        self._rate = rate
        self._resampler: Any = None
        if rate != SAMPLE_RATE:
            import soxr

            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="HQ")

    def feed(self, block: Int16, ended_at: float) -> Iterator[AudioFrame]:
        """The frames that a block completes; its last sample was taken at ``ended_at`` (s)."""
        self._given += len(block) / self._rate
        self._ended_at = ended_at
        yield from self._frames(block if self._resampler is None else self._resampler.resample_chunk(block))

    def silence(self, until: float) -> Iterator[AudioFrame]:
        """The frames that silence completes, from the last sample, or LONGEST_GAP_S before, to ``until`` (s)."""
        gap = until - self._ended_at if self._ended_at else 0.0  # before the first sample there is none
        missing = round(min(gap, LONGEST_GAP_S) * SAMPLE_RATE)
        if missing > 0:
            yield from self._flushed()
            self._given += missing / SAMPLE_RATE
            self._ended_at = until
            yield from self._frames(np.zeros(missing, np.int16))

    def follow(self, rate: int, since: float) -> Iterator[AudioFrame]:
        """Another device goes on at ``rate``, with a first sample taken at ``since`` (s)."""
        yield from self._flushed()
        yield from self.silence(since)
        self._begin(rate)

    def rest(self) -> Iterator[AudioFrame]:
        """What is left at the end, padded with silence."""
        yield from self._flushed()
        if len(self._pending):
            yield from self._frames(np.zeros(self._size - len(self._pending), np.int16))

    def _flushed(self) -> Iterator[AudioFrame]:
        """What the resampler still holds; after that it begins anew."""
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(np.zeros(0, np.int16), last=True)
            self._begin(self._rate)
            yield from self._frames(rest)

    def _frames(self, samples: Int16) -> Iterator[AudioFrame]:
        self._pending = np.concatenate((self._pending, samples))
        while len(self._pending) >= self._size:
            frame, self._pending = self._pending[: self._size], self._pending[self._size :]
            self._cut += self._size
            behind = self._given - self._cut / SAMPLE_RATE
            yield AudioFrame(frame, SAMPLE_RATE, self._ended_at - max(0.0, behind))


class Microphone:
    """An AudioSource. One reader; it opens the device on its first step."""

    live = True

    def __init__(self, device: str | int | None = None, restore_s: float = RESTORE_S) -> None:
        """``device``: number, a part of its name, or None for the default one. ``restore_s``: patience without one."""
        self._kept = Kept(Line("input", device, self._start, restore_s=restore_s))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._frame = USUAL_FRAME
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
        return f"<Microphone {self._kept!r} {state}, {self.dropped} blocks dropped>"

    @property
    def dropped(self) -> int:
        """Blocks, gathered or single ones, lost because the reader was too slow."""
        return self._blocks.dropped

    def follow_device(self, told: Callable[[Told], None]) -> None:
        """Have ``told`` called in the event loop whenever the device is lost or another one goes on."""
        self._kept.listener = told

    async def open(self, frame: int = USUAL_FRAME) -> None:
        """Open the device for frames of so many samples. Raises AudioUnavailable or AudioBackendMissing."""
        if self._kept.run is not None or self._closed:
            return
        self._frame = frame
        self._loop = asyncio.get_running_loop()
        await self._kept.open()
        if self._closed:  # while it was being opened
            await self.aclose()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of ``size`` samples until the microphone is closed.

        Raises AudioUnavailable or AudioBackendMissing when it cannot be opened, AudioLost when it went away and nothing
        came in its place.
        """
        await self.open(size)
        run = self._kept.run
        if run is None:
            return
        cutter = FrameCutter(size, round(run.samplerate))
        while True:
            try:
                block = await self._block()
            except StopAsyncIteration:
                break
            if block is None:
                self._kept.check()
                bridged = cutter.silence(time.monotonic() - LAG_S) if self._kept.lost else ()
                for frame in bridged:
                    yield frame
                continue
            self.ready.set()
            if block.run is not run:
                run = block.run
                for frame in cutter.follow(block.rate, block.ended_at - len(block.samples) / block.rate):
                    yield frame
            for frame in cutter.feed(block.samples, block.ended_at):
                yield frame
        for frame in cutter.rest():
            yield frame

    async def aclose(self) -> None:
        """Give back the device, within some seconds; twice is fine."""
        self._closed = True
        self._sender.close()
        await self._kept.close()

    async def _block(self) -> Block | None:
        """The next block; None when there was none for a while. Raises StopAsyncIteration when closed."""
        limit = self._frame / SAMPLE_RATE if self._kept.lost else LOOK_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                return await anext(self._blocks)
        return None

    def _start(self, device: Device, run: Run) -> Stream:
        forms = [
            (rate, count)
            for rate in (SAMPLE_RATE, device.default_rate)
            for count in (1, min(2, device.inputs))
        ]
        return open_first(lambda rate, count: self._stream_of(device, rate, count, run), forms, device.name)

    def _stream_of(self, device: Device, rate: int, count: int, run: Run) -> Stream:
        library, loop = portaudio(), self._loop
        # A resampler holds samples back: there a frame is complete at no block that could be foreseen.
        gatherer = Gatherer(self._frame if rate == SAMPLE_RATE else 1)

        def callback(data: Any, samples: int, when: Any, status: Any) -> None:  # noqa: ANN401  # PortAudio's types
            run.beat()
            self.overflows += bool(status.input_overflow)
            gathered = gatherer.add(bytes(data), samples)
            if not gathered or loop is None:
                return
            age = when.currentTime - when.inputBufferAdcTime - samples / rate
            ended_at = time.monotonic() - (age if 0.0 < age < MAX_CAPTURE_AGE_S else 0.0)
            try:
                loop.call_soon_threadsafe(self._arrived, gathered, count, (ended_at, rate, run))
            except RuntimeError:  # the loop has been closed without closing the microphone
                raise library.CallbackAbort from None

        # Raw: wrapping each block into an array in PortAudio's thread costs as much as all the rest there.
        return library.RawInputStream(  # type: ignore[no-any-return]  # the library has no types
            device=device.index,
            samplerate=rate,
            channels=count,
            dtype="int16",
            blocksize=round(rate * BLOCK_S),
            latency=LATENCY_S,
            callback=callback,
            finished_callback=run.end,
        )

    def _arrived(self, data: bytes, channels: int, origin: tuple[float, int, Run]) -> None:
        ended_at, rate, run = origin
        if not self._kept.takes(run):
            return
        block = mono(np.frombuffer(data, np.int16).reshape(-1, channels))
        with contextlib.suppress(SenderClosed):  # the last blocks of a stream that is being closed
            self._sender.offer(Block(block, ended_at, rate, run))
