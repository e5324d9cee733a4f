"""The loudspeaker: the shell of PortAudio round a ``PlaybackRing``.

The stream is opened once and plays silence between turns, so that a reply costs no opening. Its thread takes one
block after the other from the ring and notes when each will be heard; it does nothing else. Everything that waits
(room in the ring, a sample's moment, the end) asks the ring again after each block. A device that is lost
(``common/devices``) gives back what it did not play, and the next one goes on with exactly that; only when none comes
in time, whoever waits gets AudioLost, and never a hang.

A stop is as fast as the device's own buffer: what it holds already cannot be called back (``latency``), and is counted
as heard when its time has come. How large that is follows from how often it ran dry (``cushion``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from common.audio_host import AudioError, AudioLost, Device, open_first, portaudio
from common.devices.kept import RESTORE_S, Kept, Line
from pipeline.sinks.convert import Converter
from pipeline.sinks.cushion import Cushion
from pipeline.sinks.ring import PlaybackRing

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.audio_host import Stream
    from common.clock import Clock
    from common.devices.rules import Told
    from common.devices.run import Run
    from pipeline.quality import Told as ToldOfQuality
    from pipeline.sinks.base import Tap
    from pipeline.sinks.cushion import Change
    from tts import Int16

T = TypeVar("T")

RATES = (24_000, 22_050)
"""Hertz, in the order in which they are asked for: the rates of speech engines. Then the device's own."""
LOOK_S = 0.25
"""Seconds without a block after which whoever waits looks whether there is a device at all."""
MAX_DEVICE_DELAY_S = 2.0
"""Hosts that report a longer delay to the ear, or a negative one, report nonsense."""


class Speaker:
    """An AudioSink for a real device. ``open`` it first."""

    live = True

    def __init__(
        self,
        clock: Clock,
        device: str | int | None,
        hold_s: float,
        *,
        restore_s: float = RESTORE_S,
        volume: float = 1.0,
    ) -> None:
        """``device``: number, part of a name, or None for the default. ``hold_s``: seconds that may be queued.

        ``restore_s``: seconds for which there may be no device. ``volume``: 0 to 1.
        """
        self._clock = clock
        self._hold_s = hold_s
        self._kept = Kept(Line("output", device, self._start, self._busy, self._rewind, restore_s))
        self._cushion = Cushion(_load())
        self._told_of_quality: ToldOfQuality | None = None
        self._urgent = False  # to be opened anew in the midst of a reply
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ring = PlaybackRing(RATES[0], volume)
        self._tap: Tap | None = None
        self._waiters = 0
        self._progress = asyncio.Event()
        self._open = False
        self.sample_rate = RATES[0]
        """Hertz; what the first device really runs at, once it is open."""
        self.underflows = 0
        """Times that the device ran out while there was something to play."""

    def __repr__(self) -> str:
        return (
            f"<Speaker {self._kept!r} at {self.sample_rate} Hz, {self._ring!r}, {self.underflows} underflows>"
        )

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
        return self._kept.run.latency if self._kept.run else 0.0

    @property
    def stalled(self) -> bool:
        """Whether there is no device now: what is queued waits for one."""
        return self._kept.lost

    def follow_device(self, told: Callable[[Told], None]) -> None:
        """Have ``told`` called in the event loop whenever the device is lost or another one goes on."""
        self._kept.listener = told

    def follow_quality(self, told: ToldOfQuality) -> None:
        """Have ``told`` called in the event loop whenever the device's buffer is made larger or smaller."""
        self._told_of_quality = told

    def listen(self, tap: Tap) -> None:
        """Have ``tap`` told, in the audio thread, of every block that the device takes and of when it is heard."""
        self._tap = tap

    async def open(self) -> None:
        """Open the device and play silence. Raises AudioUnavailable or AudioBackendMissing."""
        if self._open:
            return
        self._loop = asyncio.get_running_loop()
        run = await self._kept.open()
        self.sample_rate = round(run.samplerate)
        ring = PlaybackRing(self.sample_rate, self.volume)
        if self.paused:
            ring.pause()
        self._ring, self._open = ring, True

    async def write(self, samples: Int16) -> None:
        """Queue samples; wait while more than the hold would be queued. Raises AudioLost."""
        self._check()
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
        finished_at = None
        while finished_at != (finished_at := await self._until(lambda: self._ring.finished_at)):
            await self._sleep_until(finished_at)  # a device that was lost meanwhile has given some back

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

    @property
    def volume(self) -> float:
        """Share of full loudness, 0 to 1; a change is heard with the next block."""
        return self._ring.volume

    @volume.setter
    def volume(self, level: float) -> None:
        self._ring.volume = level

    def duck(self, gain: float) -> None:
        """Play speech softer from now on (0 to 1), until it is told otherwise or the session ends."""
        self._ring.duck(gain)

    def overlay(self, sound: Int16) -> None:
        """Lay a short sound at ``sample_rate`` over whatever is played from now on."""
        self._ring.overlay(sound)

    def abort(self) -> int:
        """End the session; how many of its samples have been heard."""
        now = time.monotonic()
        heard = self._ring.abort(now)
        self._resize(self._cushion.silent(now, _load()))
        return heard

    async def aclose(self) -> None:
        """Give back the device, within some seconds; twice is fine."""
        self._open = False
        self._progress.set()
        await self._kept.close()

    async def _until(self, answer: Callable[[], T | None]) -> T:
        """What ``answer`` says as soon as it is not None; asked again after each block. Raises AudioLost."""
        self._waiters += 1
        try:
            while (said := answer()) is None:
                self._check()
                self._progress.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._progress.wait()
            return said
        finally:
            self._waiters -= 1

    def _check(self) -> None:
        if not self._open:
            raise AudioLost("the speaker is not open")
        self._kept.check()

    def _busy(self) -> bool:
        return not (self._ring.idle or self._urgent)

    def _ran_dry(self) -> None:
        self._resize(self._cushion.ran_dry(time.monotonic()))

    def _resize(self, change: Change | None) -> None:
        """Have the device opened with another buffer, in the next silence unless that is urgent."""
        if change is None or not self._open:
            return
        self._urgent = change.urgent
        self._kept.refresh()
        if self._told_of_quality is not None:
            self._told_of_quality("buffer", str(change.before), str(change.after), change.reason)

    def _rewind(self, at: float) -> None:
        self._ring.rewind(at)

    async def _sleep_until(self, heard_at: float) -> float:
        """Sleep to a moment of the machine's clock; that moment on ours."""
        when = self._clock.now() + (heard_at - time.monotonic())
        await self._clock.sleep_until(when)
        return when

    def _start(self, device: Device, run: Run) -> Stream:
        self._urgent = False
        known = (self.sample_rate,) if self._open else ()
        forms = [(rate, min(2, device.outputs)) for rate in (*known, *RATES, device.default_rate)]
        return open_first(lambda rate, count: self._stream_of(device, rate, count, run), forms, device.name)

    def _stream_of(self, device: Device, rate: int, count: int, run: Run) -> Stream:
        size, loop = self._cushion.size, self._loop
        silence = np.zeros(round(rate * size.block_s), np.int16)
        converter = Converter(self.sample_rate, rate) if self._open and rate != self.sample_rate else None

        def tell(what: Callable[[], None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                if loop is not None:
                    loop.call_soon_threadsafe(what)

        def callback(out: Any, samples: int, when: Any, status: Any) -> None:  # noqa: ANN401  # PortAudio's types
            run.beat()
            if not self._kept.takes(run):
                out[:] = bytes(len(out))
                return
            delay = when.outputBufferDacTime - when.currentTime
            heard_at = time.monotonic() + (delay if 0.0 <= delay < MAX_DEVICE_DELAY_S else size.latency_s)
            ring = self._ring
            if status.output_underflow and ring.expected:
                self.underflows += 1
                tell(self._ran_dry)
            if converter is not None:
                block = ring.take(converter.wants(samples), heard_at + converter.ahead_s)
                out[:] = np.repeat(converter.feed(block, samples), count).tobytes()
            elif ring.idle and samples == len(silence):
                block = silence
                out[:] = bytes(len(out))
            else:
                block = ring.take(samples, heard_at)
                out[:] = np.repeat(block, count).tobytes()
            if self._tap:
                self._tap(block, rate if converter is None else self.sample_rate, heard_at)
            if self._waiters:
                tell(self._progress.set)

        # Raw: wrapping each block into an array costs as much as all the rest of a silent one.
        return portaudio().RawOutputStream(  # type: ignore[no-any-return]  # the library has no types
            device=device.index,
            samplerate=rate,
            channels=count,
            dtype="int16",
            blocksize=round(rate * size.block_s),
            latency=size.latency_s,
            callback=callback,
            finished_callback=run.end,
        )


def _load() -> float:
    """Processes that want to run, per core; 0 where that is not known."""
    with contextlib.suppress(AttributeError, OSError):  # not on Windows
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    return 0.0
