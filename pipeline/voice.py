"""The middle stage of a turn: pieces of text to speech chunks."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.channel import Receiver, Sender
    from pipeline.context import TurnContext
    from tts import SpeechChunk, TTSManager


async def voice(
    context: TurnContext, tts: TTSManager, language: str, pieces: Receiver[str], speech: Sender[SpeechChunk]
) -> None:
    """Speak each piece as it comes."""
    with pieces, speech:
        async for piece in pieces:
            async with aclosing(tts.speak(piece, language=language)) as chunks:
                while True:
                    with context.activity.outside():
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    if len(chunk.samples):
                        context.mark("tts_first_chunk")
                    await speech.send(chunk)
