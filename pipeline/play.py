"""The last stage of a turn: speech chunks to the sink, and the truth about what was heard of them.

It runs beside itself: ``run`` feeds the sink, ``watch`` waits until the first audible sample leaves it. Whoever fed
the sink only after that moment would let it run dry, because a first chunk is as short as the device's own buffer.

``Player`` owns the session of the speaker: whoever cancels it gets the count, because its ``end`` aborts the sink.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from pipeline.events import AudioFinished, AudioStarted
from pipeline.heard import PlayedPiece, begun, heard_text, piece_at
from tts import is_opener

if TYPE_CHECKING:
    import soxr

    from common.channel import Receiver
    from pipeline.context import TurnContext
    from pipeline.playback import Playback
    from tts import Int16, SpeechChunk

AUDIBLE = 300
"""Amplitude (of 32767, about -40 dBFS) from which a sample counts as audible: engines begin with digital silence."""

RECENT = 4
"""Pieces of which an echo may still be transcribed: an utterance rarely spans more."""


class Player:
    """Plays one turn."""

    def __init__(self, context: TurnContext, playback: Playback, lead_s: float = 0.0) -> None:
        """``lead_s``: seconds of speech that must be ready before the first is heard."""
        self._context = context
        self._playback = playback
        self._rate = playback.sink.sample_rate
        self._pieces: list[PlayedPiece] = []
        self._resampler: tuple[int, soxr.ResampleStream] | None = None
        self._lead_s = lead_s
        self._written = 0
        self._first_at: int | None = None  # the first sample that is heard, of a filler too
        self._sounds_at: int | None = None  # the same of the reply
        self._begun = asyncio.Event()
        self._known = asyncio.Event()
        self._watched = asyncio.Event()
        self._heard: str | None = None
        self.heard_s = 0.0
        """Seconds that were heard, once the session has ended."""
        self.starved = False
        """Whether the speaker ran dry before the end."""
        self.audible = False
        """Whether any audible sample of the reply left the device; a filler is none of it."""
        self.sounding = False
        """The same, of a filler too."""

    @property
    def last_heard(self) -> str:
        """The piece that is being heard, or was last."""
        return piece_at(self._pieces, self._playback.sink.played / self._rate)

    @property
    def spoken(self) -> str:
        """The last pieces that were begun, joined: what a room may still carry."""
        return " ".join(begun(self._pieces, self._playback.sink.played / self._rate)[-RECENT:])

    def heard_so_far(self) -> float:
        """Seconds of the turn that have left the device."""
        return self._playback.sink.played / self._rate

    async def run(self, chunks: Receiver[SpeechChunk]) -> None:
        """Play all chunks to their end."""
        try:
            with chunks:
                for chunk in await self._lead(chunks):
                    await self._play(chunk)
                async for chunk in chunks:
                    await self._play(chunk)
            await self._playback.sink.drain()
        finally:
            self._begun.set()
            self._known.set()
        await self._watched.wait()
        if self.audible:
            self._context.publish(AudioFinished, {})

    async def watch(self) -> None:
        """Publish the moment at which the first audible sample leaves. Ends with ``run`` when there is none."""
        try:
            await self._begun.wait()
            if self._first_at is None:
                return
            await self._playback.sink.reached(self._first_at)
            self.sounding = True
            self._playback.started()
            await self._known.wait()
            if self._sounds_at is None:
                return
            at = await self._playback.sink.reached(self._sounds_at)
            self.audible = True
            self._context.timeline.mark("first_audio", at)
            self._context.publish(AudioStarted, {}, at=at)
        finally:
            self._watched.set()

    async def _lead(self, chunks: Receiver[SpeechChunk]) -> list[SpeechChunk]:
        """The first chunks, as many as make up the lead, or all that there are."""
        first: list[SpeechChunk] = []
        while self._lead_s > sum(chunk.duration for chunk in first):
            chunk = await anext(chunks, None)
            if chunk is None:
                break
            if chunk.aside:
                await self._play(chunk)
            else:
                first.append(chunk)
        return first

    async def _play(self, chunk: SpeechChunk) -> None:
        samples = self._resample(chunk)
        if len(samples) and self.audible and self._playback.sink.played >= self._written:
            self.starved |= not is_opener(self._pieces[-1].text)
        self._account(chunk, len(samples))
        await self._playback.sink.write(samples)
        self._notice_sound(samples, aside=chunk.aside)

    def end(self) -> str:
        """End the session; the text that was heard. Synchronous, and twice is fine."""
        if self._heard is None:
            played = self._playback.end()
            self.heard_s = played / self._rate
            self._heard = heard_text(self._pieces, self.heard_s)
            # Cancelled while waiting for the first sample to leave: the count knows whether it did.
            self.audible = self.audible or (self._sounds_at is not None and played > self._sounds_at)
        return self._heard

    def _account(self, chunk: SpeechChunk, count: int) -> None:
        duration = count / self._rate
        last = self._pieces[-1] if self._pieces else None
        if last and not last.complete and last.text == chunk.text:
            self._pieces.pop()
            duration += last.duration
        self._pieces.append(PlayedPiece(chunk.text, duration, chunk.last_of_sentence))

    def _notice_sound(self, samples: Int16, *, aside: bool) -> None:
        """Find the first audible sample, and that of the reply."""
        start, self._written = self._written, self._written + len(samples)
        if self._sounds_at is not None:
            return
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
        if not len(loud):
            return
        if self._first_at is None:
            self._first_at = start + int(loud[0])
            self._begun.set()
        if not aside:
            self._sounds_at = start + int(loud[0])
            self._known.set()

    def _resample(self, chunk: SpeechChunk) -> Int16:
        """The chunk at the sink's rate. A piece is one stream, unless its engine and rate change within it."""
        rest = np.zeros(0, np.int16)
        if self._resampler is not None and self._resampler[0] != chunk.sample_rate:
            rest = self._flush()
        if chunk.sample_rate == self._rate:
            return np.concatenate([rest, chunk.samples])
        if self._resampler is None:
            self._resampler = (chunk.sample_rate, _resampler(chunk.sample_rate, self._rate))
        samples = self._resampler[1].resample_chunk(chunk.samples, last=chunk.last_of_sentence)
        if chunk.last_of_sentence:
            self._resampler = None
        return np.concatenate([rest, samples]) if len(rest) else samples

    def _flush(self) -> Int16:
        """What the resampler still holds."""
        if self._resampler is None:
            return np.zeros(0, np.int16)
        rest: Int16 = self._resampler[1].resample_chunk(np.zeros(0, np.int16), last=True)
        self._resampler = None
        return rest


def _resampler(source: int, target: int) -> soxr.ResampleStream:
    """A stream from ``source`` to ``target`` Hz."""
    import soxr

    return soxr.ResampleStream(source, target, 1, dtype="int16")
