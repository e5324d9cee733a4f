"""A microphone that stays open between dictations, so that the next one hears its first word.

Opening a device takes tens of milliseconds, half a second with Bluetooth; who presses and speaks at once loses that. So
the device stays open for a while after a dictation, and what it hears meanwhile is thrown away but for the last moment,
which the next dictation begins with. The system shows that the microphone is open; how long is the user's choice.
Devices that go away end the dictation that hears them and nothing else; the next one opens them anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING

from common.audio_host import AudioError, AudioLost
from common.channel import Policy, Receiver, Sender, channel
from stt import Microphone

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from config import Settings
    from pipeline.dictation.io import Beside
    from stt import AudioFrame, AudioSource

PREROLL_S = 0.2
"""Sound from before the key that a dictation begins with: fingers are later than tongues."""
WAITING = 512
"""Frames that a dictation may be behind: 16 s of Silero's."""


class OpenEar:
    """One microphone for many dictations, one after the other. ``run`` it; each dictation gets a ``source``."""

    def __init__(self, make: Callable[[], AudioSource], keep_open_s: float | None) -> None:
        """``keep_open_s``: how long the device stays open without a dictation; None is for ever."""
        self._make = make
        self._keep_open_s = keep_open_s
        self._wanted = asyncio.Event()
        self._listener: _Listener | None = None
        self._size = 0

    def __repr__(self) -> str:
        return f"<OpenEar {'listened to' if self._listener else 'idle'}>"

    def source(self) -> AudioSource:
        """For one dictation."""
        return _Listener(self)

    async def run(self) -> None:
        """Open the device when it is wanted, close it when it has not been for long; until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._hear()

    def listen(self, listener: _Listener, size: int) -> None:
        """``listener`` gets every frame from now on, of ``size`` samples; whoever did before gets no more."""
        if self._listener is not None:
            self._listener.end()
        self._listener, self._size = listener, size
        self._wanted.set()

    def leave(self, listener: _Listener) -> None:
        """It gets no more."""
        if self._listener is listener:
            self._listener = None

    async def _hear(self) -> None:
        """The device, from when it is opened to when nobody has wanted it for long."""
        source, idle_s, size = self._make(), 0.0, self._size
        recent: deque[AudioFrame] = deque()
        try:
            async with aclosing(source.frames(size)) as frames:
                async for frame in frames:
                    if self._listener is None or self._size != size:
                        recent.append(frame)
                        if len(recent) * frame.duration > PREROLL_S:
                            recent.popleft()
                        idle_s += frame.duration
                        if self._keep_open_s is not None and idle_s >= self._keep_open_s:
                            return
                        continue
                    self._wanted.clear()
                    while recent:
                        self._listener.hear(recent.popleft())
                    self._listener.hear(frame)
                    idle_s = 0.0
            self._fail(AudioLost("The microphone has ended by itself: connect it again."))
        except AudioError as error:
            self._fail(error)
        finally:
            await source.aclose()

    def _fail(self, error: AudioError) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.end(error)


class _Listener:
    """An AudioSource: what the ear hears during one dictation."""

    live = True

    def __init__(self, ear: OpenEar) -> None:
        self._ear = ear
        ends: tuple[Sender[AudioFrame], Receiver[AudioFrame]] = channel(
            WAITING, Policy.DROP_OLDEST, name="ear"
        )
        self._sender, self._frames = ends
        self._error: AudioError | None = None

    async def frames(self, size: int) -> AsyncGenerator[AudioFrame, None]:
        """Frames until it is closed. Raises AudioError when the device cannot be opened, or goes away."""
        if not self._sender.is_open:
            return
        self._ear.listen(self, size)
        with self._frames:
            async for frame in self._frames:
                yield frame
        if self._error is not None:
            raise self._error

    def hear(self, frame: AudioFrame) -> None:
        """The next frame."""
        if self._sender.is_open and self._frames.is_open:
            self._sender.offer(frame)

    def end(self, error: AudioError | None = None) -> None:
        """No more will come; because of ``error``, if there was one."""
        self._error = error
        self._sender.close()

    async def aclose(self) -> None:
        """Let others have the device; twice is fine."""
        self._ear.leave(self)
        self._sender.close()


def microphone_of(settings: Settings) -> tuple[Callable[[], AudioSource], tuple[Beside, ...]]:
    """What makes the source of each dictation, and what must run beside all of them (``DictationIO.beside``)."""

    def make() -> AudioSource:
        return Microphone(settings.audio.input_device, settings.audio.restore_s)

    keep_open_s = settings.dictation.keep_open_s
    if keep_open_s == 0:
        return make, ()
    ear = OpenEar(make, keep_open_s)
    return ear.source, (ear.run,)
