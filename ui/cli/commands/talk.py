"""``prism talk``: a conversation, by voice, from a recording or in writing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.exits import Exit, UsageError
from ui.cli.keyboard import on_enter, typed_lines
from ui.cli.options import add_json, add_language, note, settings_of, tell
from ui.cli.progress import fetching
from ui.cli.recorded import add_input, check_rate, recorded
from ui.cli.speech_file import checked_output, recording

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from common.clock import Clock
    from config import Settings
    from pipeline import AudioSink, ConversationIO, Metrics, Rooms, SessionReport
    from stt import AudioSource
    from ui.cli.latency_view import LatencyView
    from ui.cli.observers import Shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``talk [--input FILE|-] [--output FILE] [--text] [--once] [--fast] [--lang ..] [--json] [--no-speculation]
    [--resume [ID]]``."""
    add_input(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="record the assistant into this .wav, .flac, .ogg or .mp3 instead of playing it",
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
    parser.add_argument("--latency", action="store_true", help="show after each turn where its time went")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="last",
        metavar="ID",
        help="go on with a saved conversation: the last one, or one that `prism history` lists",
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
    check_rate(args)
    if args.output and args.input and args.output.exists() and _same(Path(args.input), args.output):
        raise UsageError("--output would overwrite the recording that --input reads; name another file.")
    if args.output:
        checked_output(args.output)
    if args.fast and not (args.input or args.text):
        raise UsageError("--fast needs --input or --text: a microphone has its own speed.")


def _same(one: Path, other: Path) -> bool:
    """Whether both name one file on the disk."""
    return one.is_file() and one.samefile(other)


async def _talk(args: argparse.Namespace, settings: Settings) -> SessionReport:
    from pipeline import Metrics, run_with_rooms

    memory = _memory(args, settings)
    async with AsyncExitStack() as owned:
        source = await _source(args, settings)
        owned.push_async_callback(source.aclose)
        metrics = Metrics()
        owned.callback(metrics.close)
        if settings.metrics.port is not None:
            note(f"Metrics: http://127.0.0.1:{metrics.serve(settings.metrics.port)}/metrics")
        shown = _shown(args)
        io = _io(args, source, await _sink(args, settings, owned), (shown, metrics))
        io = replace(io, **memory)

        async def body(rooms: Rooms) -> SessionReport:
            from pipeline import PipelineOrchestrator

            conversation = PipelineOrchestrator(rooms, io, settings)
            if advice := conversation.room.duplex.advice:
                note(advice)
            if not args.text and args.input != "-" and on_enter(conversation.stop_speaking):
                note("Enter silences the assistant; Ctrl-C ends the conversation.")
            return await conversation.run()

        try:
            with fetching() as progress:
                return await run_with_rooms(settings, progress, body)
        except asyncio.CancelledError:
            if shown.failure is not None:
                raise shown.failure from None
            raise


def _memory(args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What was said before, and who writes down what is said from now on."""
    from pipeline import ConversationStore
    from ui.cli.commands.history_command import resumed

    store = ConversationStore()
    saved = resumed(args.resume) if args.resume else None
    if not settings.history.save:
        return {"resumed": saved.entries if saved else ()}
    store.expire(settings.history.keep_days)
    return {
        "resumed": saved.entries if saved else (),
        "record": store.recorder(saved.id if saved else None),
    }


def _shown(args: argparse.Namespace) -> Shown:
    """What writes the conversation on stdout; when it cannot, the conversation ends."""
    from ui.cli.observers import JsonLines, Shown
    from ui.cli.view import ConversationView

    conversation = asyncio.current_task()
    if conversation is None:
        raise RuntimeError("only the task that holds the conversation can be ended")
    return Shown((JsonLines() if args.json else ConversationView()).notify, conversation.cancel)


def _io(
    args: argparse.Namespace,
    source: AudioSource,
    sink: Callable[[Clock], AudioSink],
    observers: Sequence[Shown | Metrics | LatencyView],
) -> ConversationIO:
    from pipeline import ConversationIO
    from ui.cli.latency_view import LatencyView
    from ui.cli.observers import EventLog

    if args.latency:
        observers = [*observers, LatencyView()]
    lines = typed_lines() if args.text else None
    return ConversationIO(source, sink, (*observers, EventLog()), lines, fast=args.fast, once=args.once)


async def _source(args: argparse.Namespace, settings: Settings) -> AudioSource:
    from common.audio_host import located
    from pipeline import NoSource
    from stt import Microphone

    if args.text:
        return NoSource()
    if args.input is not None:
        return await recorded(args)
    await located("input", settings.audio.input_device)
    return Microphone(settings.audio.input_device, settings.audio.restore_s)


async def _sink(
    args: argparse.Namespace, settings: Settings, owned: AsyncExitStack
) -> Callable[[Clock], AudioSink]:
    """A file, the speaker, or, for a recording or typed words on a machine without one, nothing to hear.

    A speaker of a name that there is not is a mistake and raises AudioUnknown, also for a recording.
    The file is made at once, and a whole one even if no conversation ever begins: ``owned`` closes it.
    """
    from common.audio_host import AudioError, AudioUnknown, located
    from pipeline import RATE, Speaker, TimelineSink

    hold = settings.turn.hold_s
    if args.output is not None:
        writer = recording(args.output, RATE)
        owned.callback(writer.close)
        return lambda clock: TimelineSink(clock, hold_s=hold, record=writer.write, close=writer.close)
    if args.fast:
        return lambda clock: TimelineSink(clock, hold_s=hold)
    try:
        await located("output", settings.audio.output_device)
    except AudioError as error:
        if isinstance(error, AudioUnknown) or (args.input is None and not args.text):
            raise
        keep = "" if "--output" in str(error) else " (--output FILE keeps it.)"
        note(f"The reply is not played: {error}{keep}")
        return lambda clock: TimelineSink(clock, hold_s=hold)
    audio = settings.audio
    return lambda clock: Speaker(
        clock, audio.output_device, hold, restore_s=audio.restore_s, volume=audio.volume
    )
