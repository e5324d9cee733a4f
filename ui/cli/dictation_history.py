"""What ``prism history`` does with a dictation: show it, play it, understand it again, insert its words.

Each works without a running Prism, on the journal alone.
"""

from __future__ import annotations

import asyncio
from itertools import chain, islice
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.options import emit, note
from ui.cli.progress import fetching

if TYPE_CHECKING:
    import argparse

    from config import Settings
    from pipeline import Dictated, Journal


def is_one(name: str) -> bool:
    """Whether an id is a dictation's."""
    return name.startswith("d")


def record(dictated: Dictated) -> dict[str, object]:
    """A dictation as a JSON object; what is not known is left out."""
    facts = {
        "id": dictated.id,
        "kind": "dictation",
        "began": dictated.began,
        "state": dictated.state,
        "seconds": dictated.seconds,
        "text": dictated.text,
        "raw": dictated.raw,
        "language": dictated.language or None,
        "where": dictated.where,
        "reason": dictated.reason,
        "doubt": dictated.doubt,
    }
    return {key: value for key, value in facts.items() if value is not None}


def tell_line(args: argparse.Namespace, dictated: Dictated, about: int) -> None:
    """One line of the list."""
    if args.json:
        emit(record(dictated))
        return
    length = f"{dictated.seconds:4.0f} s" if dictated.seconds is not None else "      "
    words = " ".join((dictated.text or "").split())[:about]
    print(f"{dictated.id}  {length}  {dictated.state:11}  {words}")


def show(args: argparse.Namespace, dictated: Dictated) -> None:
    """All of one: its words on stdout, what became of it beside."""
    if args.json:
        emit(record(dictated))
        return
    print(dictated.text or "")
    told = [
        dictated.state,
        f"in {dictated.where}" if dictated.where else "",
        dictated.reason or "",
        dictated.doubt or "",
    ]
    note(f"{dictated.id}: {', '.join(filter(None, told))}")


def use(args: argparse.Namespace, journal: Journal, settings: Settings) -> None:
    """``play``, ``retry`` or ``paste``. Raises UsageError, Failure, JournalError and what the rooms raise."""
    if args.id is not None and args.id != "last" and not is_one(args.id):
        raise UsageError(f"history {args.action} takes a dictation: an id that begins with d, or last.")
    dictated = journal.load(args.id or "last")
    work = {"play": _play, "retry": _retry, "paste": _paste}[args.action]
    asyncio.run(work(args, dictated, journal, settings))


async def _play(_args: argparse.Namespace, dictated: Dictated, journal: Journal, settings: Settings) -> None:
    import numpy as np
    import soxr

    from common.clock import LiveClock
    from pipeline import Speaker
    from stt import SAMPLE_RATE

    blocks = journal.sound(dictated.id)
    first = list(islice(blocks, 1))  # where there is no sound, none is opened
    speaker = Speaker(LiveClock(), settings.audio.output_device, settings.turn.hold_s)
    try:
        await speaker.open()
        stream = soxr.ResampleStream(SAMPLE_RATE, speaker.sample_rate, 1, dtype="int16", quality="HQ")
        for block in chain(first, blocks):
            await speaker.write(stream.resample_chunk(block))
        await speaker.write(stream.resample_chunk(np.zeros(0, np.int16), last=True))
        await speaker.drain()
    finally:
        await speaker.aclose()


async def _retry(args: argparse.Namespace, dictated: Dictated, journal: Journal, settings: Settings) -> None:
    """Understand the sound again, with whatever model is set now; the words on stdout and in the journal."""
    from pipeline import understood_again
    from stt import STTManager

    with fetching() as progress:
        stt = STTManager.from_settings(settings, progress=progress)
        try:
            await stt.warm()
            text = await understood_again(dictated, journal, stt, settings)
        finally:
            await stt.aclose()
            await journal.aclose()
    if args.json:
        emit(record(journal.load(dictated.id)))
    else:
        print(text)


async def _paste(args: argparse.Namespace, dictated: Dictated, journal: Journal, settings: Settings) -> None:
    """Put the words where the cursor is."""
    from pipeline import SharedDesk, SinkError, create_text_sink

    if not dictated.text:
        raise UsageError(f"The dictation {dictated.id} has no words yet: prism history retry {dictated.id}")
    desk = SharedDesk(settings)
    try:
        sink = create_text_sink(args.sink or settings.dictation.sink, desk=desk)
        try:
            await sink.begin()
            receipt = await sink.commit(dictated.text)
        finally:
            await sink.aclose()
    except SinkError as error:
        raise Failure(Exit.FAILED, str(error)) from error
    finally:
        await desk.aclose()
    if receipt.delivery != "kept":
        await journal.note(dictated.id, "delivered", where=receipt.where)
    await journal.aclose()
    note(f"{'Kept in' if receipt.delivery == 'kept' else 'Written to'} {receipt.where}.")
