"""``prism talk``: a conversation, by voice, from a recording or in writing."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, UsageError
from ui.cli.options import add_json, add_language, note, settings_of, tell
from ui.cli.progress import fetching

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncGenerator, Callable, Sequence

    from common.clock import Clock
    from config import Settings
    from pipeline import AudioSink, ConversationIO, Metrics, Rooms, SessionReport
    from stt import AudioSource
    from ui.cli.observers import Shown

LINES = 1000
"""Typed lines that may wait for their turn; a faster pipe waits itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``talk [--input FILE|-] [--output WAV] [--text] [--once] [--fast] [--lang ..] [--json] [--no-speculation]``."""
    parser.add_argument(
        "--input", metavar="FILE", help="a recording instead of the microphone; - reads WAV from stdin"
    )
    parser.add_argument(
        "--rate", type=int, metavar="HZ", help="with --input -: raw 16-bit mono samples at this rate"
    )
    parser.add_argument(
        "--output", metavar="WAV", type=Path, help="record the assistant instead of playing it"
    )
    parser.add_argument(
        "--text", action="store_true", help="read one line per turn from stdin instead of listening"
    )
    parser.add_argument("--once", action="store_true", help="end after the first turn")
    parser.add_argument(
        "--fast", action="store_true", help="as fast as the stages allow, not at the speed of speech"
    )
    parser.add_argument(
        "--no-speculation", action="store_true", help="think only when you have finished speaking"
    )
    add_language(parser)
    add_json(parser, "one JSON object per event on stdout")


def run(args: argparse.Namespace) -> int:
    """Talk. Raises the errors of the rooms, UsageError and ConfigError."""
    _check(args)
    flags = {"stt.language": args.lang, "turn.speculate": False if args.no_speculation else None}
    settings = settings_of(args, flags)
    report = asyncio.run(_talk(args, settings))
    if report.timers_left:
        note(f"{report.timers_left} timer{'s' if report.timers_left > 1 else ''} had not rung yet.")
    if args.once and report.failure:
        tell(report.failure)
        return Exit.TURN_FAILED
    return Exit.DONE


def _check(args: argparse.Namespace) -> None:
    if args.text and args.input:
        raise UsageError("--text and --input exclude each other: a turn is either typed or spoken.")
    if args.rate is not None and args.input != "-":
        raise UsageError("--rate belongs to --input -, where raw samples come from stdin.")
    if args.rate is not None and not 1000 <= args.rate <= 384_000:
        raise UsageError("--rate must lie between 1000 and 384000 Hz.")
    if args.fast and not (args.input or args.text):
        raise UsageError("--fast needs --input or --text: a microphone has its own speed.")


async def _talk(args: argparse.Namespace, settings: Settings) -> SessionReport:
    from pipeline import Metrics, run_with_rooms

    async with AsyncExitStack() as owned:
        source = await _source(args, settings)
        owned.push_async_callback(source.aclose)
        metrics = Metrics()
        owned.callback(metrics.close)
        if settings.metrics.port is not None:
            note(f"Metrics: http://127.0.0.1:{metrics.serve(settings.metrics.port)}/metrics")
        shown = _shown(args)
        io = _io(args, source, _sink(args, settings, owned), (shown, metrics))

        async def body(rooms: Rooms) -> SessionReport:
            from pipeline import PipelineOrchestrator

            orchestrator = PipelineOrchestrator(rooms, io, settings)
            if advice := orchestrator.room.duplex.advice:
                note(advice)
            return await orchestrator.run()

        try:
            with fetching() as progress:
                return await run_with_rooms(settings, progress, body)
        except asyncio.CancelledError:
            if shown.failure is not None:
                raise shown.failure from None
            raise


def _shown(args: argparse.Namespace) -> Shown:
    """What writes the conversation on stdout; when it cannot, the conversation ends."""
    from ui.cli.observers import JsonLines, Shown
    from ui.cli.view import ConversationView

    conversation = asyncio.current_task()
    assert conversation is not None, "called by the coroutine that is to be ended"
    return Shown((JsonLines() if args.json else ConversationView()).notify, conversation.cancel)


def _io(
    args: argparse.Namespace,
    source: AudioSource,
    sink: Callable[[Clock], AudioSink],
    observers: Sequence[Shown | Metrics],
) -> ConversationIO:
    from pipeline import ConversationIO
    from ui.cli.observers import EventLog

    lines = _typed_lines() if args.text else None
    return ConversationIO(source, sink, (*observers, EventLog()), lines, fast=args.fast, once=args.once)


async def _source(args: argparse.Namespace, settings: Settings) -> AudioSource:
    from pipeline import BlockSource, NoSource
    from stt import Microphone, audio_blocks, read_audio_stream

    if args.text:
        return NoSource()
    if args.input is None:
        from common.audio_host import find

        find("input", settings.audio.input_device)
        return Microphone(settings.audio.input_device)
    if args.input == "-":
        source = BlockSource(lambda: read_audio_stream(sys.stdin.buffer, args.rate))
    else:
        source = BlockSource(lambda: audio_blocks(Path(args.input), 1.0))
    await source.open()
    return source


def _sink(
    args: argparse.Namespace, settings: Settings, owned: AsyncExitStack
) -> Callable[[Clock], AudioSink]:
    """A file, the speaker, or, for a recording or typed words on a machine without one, nothing to hear.

    The file is made at once, and a whole one even if no conversation ever begins: ``owned`` closes it.
    """
    from common.audio_host import AudioError, find
    from pipeline import RATE, Speaker, TimelineSink, WavWriter

    hold = settings.turn.hold_s
    if args.output is not None:
        writer = WavWriter(args.output, RATE)
        owned.callback(writer.close)
        return lambda clock: TimelineSink(clock, hold_s=hold, record=writer.write, close=writer.close)
    if args.fast:
        return lambda clock: TimelineSink(clock, hold_s=hold)
    try:
        find("output", settings.audio.output_device)
    except AudioError as error:
        if args.input is None and not args.text:
            raise
        note(f"The reply is not played: {error} (--output FILE keeps it.)")
        return lambda clock: TimelineSink(clock, hold_s=hold)
    return lambda clock: Speaker(clock, settings.audio.output_device, hold)


async def _typed_lines() -> AsyncGenerator[str, None]:
    """Lines of stdin. A thread of its own reads them, because no event loop can wait for a terminal everywhere."""
    from common.channel import Policy, Receiver, Sender, SenderClosed, channel

    loop = asyncio.get_running_loop()
    ends: tuple[Sender[str], Receiver[str]] = channel(LINES, Policy.NEVER_FULL, name="stdin")
    sender, lines = ends
    room = threading.Semaphore(LINES)

    def read() -> None:
        with suppress(
            RuntimeError, ValueError, SenderClosed
        ):  # the loop or stdin is gone: so is the reason to read
            for line in sys.stdin:
                room.acquire()
                loop.call_soon_threadsafe(sender.offer, line)
            loop.call_soon_threadsafe(sender.close)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    async for line in lines:
        room.release()
        yield line
