"""One microphone for many dictations: opened ahead, or when it is needed and kept for a while after.

Opening a device takes tenths of a second in which words are lost, so it stays open between dictations as long as the
user wants (``dictation.keep_open_s``: seconds, 0 for not at all, null for always). While it is open and nobody
dictates, the last third of a second is held in memory and nothing else: who speaks in the very moment of the key is
heard from the first word. Whoever asks for a source gets one of its own; a device that is lost ends the sources of that
moment with its error and is opened again for the next one.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np

from common.audio_host import AudioError
from common.channel import Policy, channel
from stt import SAMPLE_RATE, AudioFrame, Microphone

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from common.channel import Receiver, Sender
    from config import Settings
    from pipeline.dictation.io import Beside
    from stt import AudioSource

log = logging.getLogger("prism.dictation")

FRAME = 512
"""Samples that are read at a time: 32 ms."""
HELD_FRAMES = 10
"""Frames kept from before a dictation: 0.32 s."""
RING_FRAMES = 1024
"""Frames that a slow reader may be behind: half a minute."""
RETRY_S = 3.0
"""Seconds between two tries to open a microphone that is to be always open."""
BRIDGE_S = 2.0
"""A device that is back within so many seconds costs a dictation silence; after that it ends, and what was heard is
written: who holds a key must not speak to nobody for as long as a conversation bears (``audio.restore_s``)."""
METER_FRAMES = 3
"""Frames of which a level is told: 0.1 s."""
SILENCE_DB = -96.0
"""A level of 16-bit samples that are all zero."""


class Meter:
    """Tells how loud it is."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._energy, self._frames = 0.0, 0

    def add(self, frame: AudioFrame) -> None:
        """Take in a frame, and tell the level of the last few."""
        samples = frame.samples.astype(np.float32) / 32768
        self._energy, self._frames = self._energy + float(np.mean(samples**2)), self._frames + 1
        if self._frames >= METER_FRAMES:
            mean, self._energy, self._frames = self._energy / self._frames, 0.0, 0
            self._tell(max(SILENCE_DB, 10 * math.log10(mean)) if mean > 0 else SILENCE_DB)


class KeptMicrophone:
    """Owns the device while ``run`` runs."""

    def __init__(
        self,
        make: Callable[[], AudioSource],
        keep_open_s: float | None,
        level: Callable[[float], None] = lambda _: None,
    ) -> None:
        """``make`` gives a microphone that has not been opened yet.

        ``level`` is told ten times a second how loud a dictation is, in dB of full scale.
        """
        self._make = make
        self._meter = Meter(level)
        self._keep_open_s = keep_open_s
        self._sources: set[_Source] = set()
        self._held: deque[AudioFrame] = deque(maxlen=HELD_FRAMES)
        self._wanted = asyncio.Event()
        self._free_since = 0.0
        self._told = ""
        self.is_open = False
        """Whether sound is coming in: what a visible light should show."""

    def __repr__(self) -> str:
        return f"<KeptMicrophone {'open' if self.is_open else 'closed'}, {len(self._sources)} sources>"

    def source(self) -> AudioSource:
        """The sound from now on, and from just before where the device is open already."""
        return _Source(self._join, self._leave)

    async def run(self) -> None:
        """Open, keep and close the device as it is needed, until cancelled."""
        while True:
            while self._keep_open_s is not None and not self._sources:
                self._wanted.clear()
                await self._wanted.wait()
            try:
                await self._listen()
            except AudioError as error:
                if str(error) != self._told:  # one that is to be always open is tried again and again
                    log.warning("the microphone: %s", error)
                self._told = str(error)
                self._end_all(error)
            if self._keep_open_s is None:
                await self._rest()

    async def _rest(self) -> None:
        """Do not try again at once, unless somebody asks."""
        self._wanted.clear()
        try:
            async with asyncio.timeout(RETRY_S):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        microphone = self._make()
        try:
            async with aclosing(microphone.frames(FRAME)) as frames:
                async for frame in frames:
                    self.is_open = True
                    self._hand_out(frame)
                    if self._is_free_too_long():
                        return
        finally:
            self.is_open = False
            self._held.clear()
            await microphone.aclose()
        self._end_all(None)

    def _hand_out(self, frame: AudioFrame) -> None:
        if not self._sources:
            self._held.append(frame)
        else:
            self._meter.add(frame)
        for source in self._sources:
            source.give(frame)

    def _is_free_too_long(self) -> bool:
        if self._sources or self._keep_open_s is None:
            return False
        return asyncio.get_running_loop().time() - self._free_since >= self._keep_open_s

    def _end_all(self, error: AudioError | None) -> None:
        for source in list(self._sources):
            source.end(error)

    def _join(self, source: _Source) -> None:
        self._sources.add(source)
        for frame in self._held:
            source.give(frame)
        self._held.clear()
        self._wanted.set()

    def _leave(self, source: _Source) -> None:
        self._sources.discard(source)
        self._free_since = asyncio.get_running_loop().time()


def device_of(settings: Settings) -> Microphone:
    """The device as a dictation wants it: it ends soon after its loss rather than give silence."""
    return Microphone(settings.audio.input_device, min(BRIDGE_S, settings.audio.restore_s))


def microphone_of(settings: Settings) -> tuple[Callable[[], AudioSource], tuple[Beside, ...]]:
    """What makes the source of each dictation, and what must run beside all of them (``DictationIO.beside``)."""
    kept = KeptMicrophone(lambda: device_of(settings), settings.dictation.keep_open_s)
    return kept.source, (kept.run,)


class _Source:
    """An AudioSource: what one dictation hears. One reader."""

    live = True

    def __init__(self, join: Callable[[_Source], None], leave: Callable[[_Source], None]) -> None:
        self._join = join
        self._leave = leave
        self._error: AudioError | None = None
        ends: tuple[Sender[AudioFrame], Receiver[AudioFrame]] = channel(
            RING_FRAMES, Policy.DROP_OLDEST, name="sound of a dictation"
        )
        self._sender, self._frames = ends

    def give(self, frame: AudioFrame) -> None:
        """The next frame; never waits."""
        if self._sender.is_open:
            self._sender.offer(frame)

    def end(self, error: AudioError | None) -> None:
        """No more will come, because of this."""
        self._error = self._error or error
        self._leave(self)
        self._sender.close()

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames of ``size`` samples until the source is closed. Raises AudioUnavailable or AudioLost."""
        self._join(self)
        left, at = np.zeros(0, np.int16), 0.0
        async for frame in self._frames:
            left, at = np.concatenate((left, frame.samples)), frame.captured_at
            while len(left) >= size:
                cut, left = left[:size], left[size:]
                yield AudioFrame(cut, SAMPLE_RATE, at - len(left) / SAMPLE_RATE)
        if self._error is not None:
            raise self._error
        if len(left):
            yield AudioFrame(np.concatenate((left, np.zeros(size - len(left), np.int16))), SAMPLE_RATE, at)

    async def aclose(self) -> None:
        """Hear no more; twice is fine."""
        self.end(None)
