"""The task between the ears and the conversation: pauses in, words out.

Decodes belong to the conversation, not to a turn: a pause that turns out to be none makes its decode stale, never
cancelled. A failure of the engine is news like a transcript, so that nobody waits for words that cannot come.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from common.worker import cancelled_from_below
from pipeline.floor import Decoded
from stt import STTError

if TYPE_CHECKING:
    from common.channel import Sender
    from common.clock import Clock
    from pipeline.decodes import DecodeQueue
    from pipeline.stepping import Activity
    from stt import SpeechPaused, STTManager

log = logging.getLogger("prism.understand")

CUT = "The recognizer was closed in the middle of its work; say it again."


async def understand(
    stt: STTManager, decodes: DecodeQueue, news: Sender[Decoded], clock: Clock, activity: Activity
) -> None:
    """Decode what is offered, one at a time, until the queue is closed."""
    async for pause in decodes:
        with activity.outside():
            words = await _decode(stt, pause, clock)
        news.offer(words)


async def _decode(stt: STTManager, pause: SpeechPaused, clock: Clock) -> Decoded:
    segment = pause.segment
    key = (segment.utterance, segment.revision, segment.ended_at)
    started = clock.now()
    try:
        transcript = await stt.transcribe(segment)
    except STTError as error:
        log.warning("utterance %d could not be decoded: %s", segment.utterance, error)
        return Decoded(*key, transcript=None, error=str(error))
    except asyncio.CancelledError:
        if not cancelled_from_below():
            raise
        log.exception("the decode of utterance %d was cancelled", segment.utterance)
        return Decoded(*key, transcript=None, error=CUT)
    marks = (("pause", pause.at), ("stt_started", started), ("stt_done", clock.now()))
    return Decoded(*key, transcript=transcript, rejected=stt.judge(transcript), marks=marks)
