"""What earlier runs left behind: understood, and offered or delivered, once.

A run that died while it recorded left sound without words; one that died later left words that nobody has. Each is
taken care of when nothing else is going on. What may already have arrived is offered and never delivered by itself.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.dictation.journal import JournalError
from pipeline.dictation.messages import PasteLast
from pipeline.dictation.words import whole_recording, written
from pipeline.events import DictationFailed, DictationRecovered
from stt import STTError

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import Settings
    from pipeline.dictation.journal import Journal
    from pipeline.dictation.ledger import Dictated, LedgerState
    from pipeline.dictation.messages import Request
    from pipeline.dictation.take import Desk
    from stt import STTManager

log = logging.getLogger("prism.dictation")


async def recover(desk: Desk, post: Callable[[Request], bool]) -> None:
    """Take care of all that is unfinished, the oldest first, and let go of what has become too old."""
    journal = desk.journal
    if journal.on_disk and journal.settings.recover != "off":
        left: list[Dictated] = []
        for one in journal.newest():
            if one.unfinished and not journal.known(one.id):
                left.append(one)
            await asyncio.sleep(0)  # there may be thousands, and somebody presses the key
        for dictated in reversed(left):
            await desk.quiet.wait()
            with suppress(JournalError):  # somebody has deleted it
                if journal.claim(dictated.id):
                    await _one(desk, post, journal.load(dictated.id))
    await journal.tidy()


async def understood_again(dictated: Dictated, journal: Journal, stt: STTManager, settings: Settings) -> str:
    """The words of a kept recording once more, which the journal has from then on. Raises STTError or JournalError."""
    if not journal.claim(dictated.id):
        raise JournalError(f"The dictation {dictated.id} is in work right now; wait until it is over.")
    heard = await whole_recording(stt, lambda: journal.sound(dictated.id))
    text = written(heard, stt, settings)
    state: LedgerState = "recovered" if dictated.unfinished else dictated.state
    if text:
        await journal.note(dictated.id, state, text=text, language=heard.language, where=dictated.where)
    return text


async def _one(desk: Desk, post: Callable[[Request], bool], dictated: Dictated) -> None:
    journal, name = desk.journal, dictated.id
    if not dictated.unfinished:  # another process has been quicker
        journal.release(name)
        return
    found = (dictated.text, dictated.language) if dictated.text else await _understood(desk, dictated)
    if found is None:
        return
    text, language = found
    seconds = journal.seconds(name)
    deliver = journal.settings.recover == "deliver" and not dictated.sent
    await journal.note(name, "transcribed" if deliver else "recovered", text=text, language=language)
    desk.emit(
        DictationRecovered(
            t=desk.clock.now(),
            id=name,
            text=text,
            language=language,
            seconds=seconds,
            uncertain=dictated.sent,
        )
    )
    if deliver:
        post(PasteLast(name))


async def _understood(desk: Desk, dictated: Dictated) -> tuple[str, str] | None:
    """Text and language of what was only recorded; None when there are no words."""
    journal, name = desk.journal, dictated.id
    if not journal.seconds(name):
        await journal.note(name, "empty")
        return None
    # Written first: a recording that kills the recognizer must not do so at every start.
    await journal.note(name, "recovering")
    try:
        heard = await whole_recording(desk.stt, lambda: journal.sound(name))
    except STTError as error:
        log.warning("the dictation %s could not be recovered: %s", name, error)
        await journal.note(name, "failed", reason=str(error))
        desk.emit(DictationFailed(t=desk.clock.now(), id=name, stage="stt", error=str(error)))
        return None
    text = written(heard, desk.stt, desk.settings)
    if not text.strip():
        await journal.note(name, "empty")
        return None
    return text, heard.language
