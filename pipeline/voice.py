"""The middle stage of a turn: pieces of text to speech chunks.

While little is waiting to be heard, each piece is spoken by itself and at once. When playback is well ahead, what waits
is joined (``tts.Pacing``): fewer calls, and the voice has more to shape. Nothing is ever waited for in order to be
joined, and no filler is.
"""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from tts import Pacing, rest_after

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.channel import Receiver, Sender
    from pipeline.context import TurnContext
    from tts import SpeechChunk, TTSManager

PACING = Pacing(ahead_s=float("inf"))
"""The sink's hold is what keeps speech from being made too far ahead."""
MOST_WAITING = 8
"""Pieces that are looked at for joining."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text for the voice."""

    text: str
    filler: bool = False
    """No part of the reply: said while it is being waited for."""


async def voice(
    context: TurnContext,
    tts: TTSManager,
    language: str,
    pieces: Receiver[Piece],
    speech: Sender[SpeechChunk],
    heard_s: Callable[[], float] | None = None,
) -> None:
    """Speak each piece as it comes. ``heard_s``: seconds of the turn that were heard; without it nothing is joined."""
    made_s = 0.0
    waiting: deque[Piece] = deque()
    with pieces, speech:
        while (piece := await _next(waiting, pieces, made_s - heard_s() if heard_s else 0.0)) is not None:
            async with aclosing(tts.speak(piece.text, language=language)) as chunks:
                while True:
                    with context.activity.outside():
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    if len(chunk.samples) and not piece.filler:
                        context.mark("tts_first_chunk")
                    made_s += chunk.duration
                    await speech.send(replace(chunk, aside=True) if piece.filler else chunk)


async def _next(waiting: deque[Piece], pieces: Receiver[Piece], ahead_s: float) -> Piece | None:
    """The next piece, or those that wait as one when so many seconds are waiting to be heard; None after the last."""
    if not waiting:
        first = await anext(pieces, None)
        if first is None:
            return None
        waiting.append(first)
    while ahead_s >= PACING.comfort_s and len(pieces) and len(waiting) < MOST_WAITING:
        waiting.append(await anext(pieces))
    own = [piece.text for piece in takewhile(lambda piece: not piece.filler, waiting)]
    taken = [waiting.popleft() for _ in range(max(1, PACING.take(own, ahead_s)))]
    return Piece(_joined([piece.text for piece in taken]), taken[0].filler)


def _joined(texts: Sequence[str]) -> str:
    """The texts as one; what ends without a mark (an item of a list) keeps a line of its own."""
    first, *others = texts
    for text in others:
        first += (" " if rest_after(first) else "\n") + text
    return first
