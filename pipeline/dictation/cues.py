"""What dictation sounds like: you are heard, you are no longer heard, something went wrong.

Short and soft, so that the microphone beside the speaker takes them for no voice. A player that has no speaker is
silent and nothing more: a sound must never cost a word.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from common.audio_host import AudioError
from common.channel import Policy, channel
from common.clock import LiveClock
from pipeline.events import DictationFailed, DictationKept, DictationStarted, DictationStopped
from pipeline.sinks.speaker import Speaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.channel import Receiver, Sender
    from pipeline.events import PipelineEvent
    from tts import Int16

log = logging.getLogger("prism.dictation")

Cue: TypeAlias = Literal["start", "stop", "error"]
NOTES: dict[Cue, tuple[float, ...]] = {
    "start": (660.0, 880.0),
    "stop": (880.0, 660.0),
    "error": (220.0, 196.0, 220.0),
}
"""Hertz of the notes: up, down, and low."""
NOTE_S = 0.045
"""Seconds of a note: two are shorter than what the detector takes for speech."""
FADE_S = 0.008
LEVEL = 0.12
"""Of full scale."""
WAITING = 4


def cue_for(event: PipelineEvent) -> Cue | None:
    """The sound of an event; most have none."""
    match event:
        case DictationStarted():
            return "start"
        case DictationStopped():
            return "stop"
        case DictationFailed() | DictationKept():
            return "error"
        case _:
            return None


@cache
def sound_of(cue: Cue, rate: int) -> Int16:
    """Its samples at a rate in Hz."""
    time = np.arange(int(NOTE_S * rate)) / rate
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / FADE_S)
    notes = [np.sin(2 * np.pi * pitch * time) * fade for pitch in NOTES[cue]]
    return np.asarray(np.concatenate(notes) * LEVEL * 32767, dtype=np.int16)


class Player(Protocol):
    """What is used of a Speaker."""

    sample_rate: int

    async def open(self) -> None: ...
    async def write(self, samples: Int16) -> None: ...
    async def drain(self) -> None: ...
    async def aclose(self) -> None: ...


class CuePlayer:
    """An observer; ``run`` plays what it is told of."""

    def __init__(self, device: str | int | None, make: Callable[[], Player] | None = None) -> None:
        """``device``: as of ``audio.output_device``."""
        self._make = make or (lambda: Speaker(LiveClock(), device, hold_s=2.0))
        ends: tuple[Sender[Cue], Receiver[Cue]] = channel(WAITING, Policy.DROP_OLDEST, name="cues")
        self._sender, self._cues = ends
        self._mute = False

    def notify(self, event: PipelineEvent) -> None:
        """Have the sound of an event played, if it has one."""
        if (cue := cue_for(event)) is not None:
            self._sender.offer(cue)

    async def run(self) -> None:
        """Play until cancelled."""
        async for cue in self._cues:
            try:
                await self._play(cue)
                self._mute = False
            except AudioError as error:
                if not self._mute:
                    log.info("sounds are not played: %s", error)
                self._mute = True

    async def _play(self, cue: Cue) -> None:
        async with AsyncExitStack() as stack:
            speaker = self._make()
            stack.push_async_callback(speaker.aclose)
            await speaker.open()
            await speaker.write(sound_of(cue, speaker.sample_rate))
            await speaker.drain()
