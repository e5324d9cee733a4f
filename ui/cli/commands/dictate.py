"""``prism dictate``: speech in, words where they are wanted; from a recording, or from a microphone and the Enter key.

A recording is dictated as it is: no journal, no lock, no recovery, nothing of the user's is touched.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.keyboard import on_enter
from ui.cli.options import add_json, add_language, note, settings_of
from ui.cli.progress import fetching

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from config import Settings
    from pipeline import Dictation, DictationIO, Observer, Profile, Receipt, TextSink
    from stt import AudioSource
    from ui.cli.dictation_view import Outcome
    from ui.cli.observers import Shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``dictate [--input WAV|-] [--sink paste|type|clipboard|stdout|file:PATH] [--once] [--lang ..] [--json]``."""
    parser.add_argument(
        "--input", metavar="FILE", help="a recording instead of the microphone; - reads WAV from stdin"
    )
    parser.add_argument(
        "--rate", type=int, metavar="HZ", help="with --input -: raw 16-bit mono samples at this rate"
    )
    parser.add_argument(
        "--sink",
        metavar="SINK",
        help="where words go: paste, type, clipboard, stdout or file:PATH "
        "(default: dictation.sink; stdout with --input)",
    )
    parser.add_argument("--once", action="store_true", help="end after one dictation")
    add_language(parser)
    add_json(parser, "one JSON object per event on stdout, which the words of the sink stdout are part of")


def run(args: argparse.Namespace) -> int:
    """Dictate. Raises the errors of hearing, UsageError and ConfigError."""
    _check(args)
    flags: dict[str, object] = {"stt.language": args.lang}
    if args.input:
        flags |= {"journal.keep": "off", "dictation.spacing": False}
        args.sink = args.sink or "stdout"
    outcome = asyncio.run(_dictate(args, settings_of(args, flags)))
    return Exit.TURN_FAILED if outcome.failure and (args.once or args.input) else Exit.DONE


def _check(args: argparse.Namespace) -> None:
    if args.rate is not None and args.input != "-":
        raise UsageError("--rate belongs to --input -, where raw samples come from stdin.")
    if args.rate is not None and not 1000 <= args.rate <= 384_000:
        raise UsageError("--rate must lie between 1000 and 384000 Hz.")
    if args.sink is not None:
        _check_sink(args.sink)


def _check_sink(sink: str) -> None:
    from pipeline import TEXT_SINKS, SinkError, create_text_sink

    name, _, argument = sink.partition(":")
    if name not in TEXT_SINKS or bool(argument) != (name == "file"):
        raise UsageError(f"There is no sink {sink}; choose {', '.join(TEXT_SINKS[:-1])} or file:PATH.")
    try:
        create_text_sink(sink)
    except SinkError as error:
        raise Failure(Exit.MISSING, str(error)) from error


async def _dictate(args: argparse.Namespace, settings: Settings) -> Outcome:
    from pipeline import run_with_dictation
    from ui.cli.dictation_view import DictationView, Outcome
    from ui.cli.observers import EventLog

    source = await _recording(args) if args.input else None
    outcome = Outcome()
    shown = _shown(args)
    observers: Sequence[Observer] = [
        shown or DictationView(speaking=source is None),
        outcome,
        EventLog(),
    ]

    async def body(dictation: Dictation) -> None:
        await (_from_recording(dictation) if source is not None else _from_microphone(dictation, args))

    try:
        with fetching() as progress:
            await run_with_dictation(settings, progress, _io(args, settings, source), body, observers)
    except asyncio.CancelledError:
        if shown is not None and shown.failure is not None:
            raise shown.failure from None
        raise
    return outcome


async def _recording(args: argparse.Namespace) -> AudioSource:
    """The recording, read as far as to know that it can be. Raises AudioUnreadable."""
    from pipeline import BlockSource
    from stt import audio_blocks, read_audio_stream

    if args.input == "-":
        source = BlockSource(lambda: read_audio_stream(sys.stdin.buffer, args.rate))
    else:
        source = BlockSource(lambda: audio_blocks(Path(args.input), 1.0))
    await source.open()
    return source


def _io(args: argparse.Namespace, settings: Settings, source: AudioSource | None) -> DictationIO:
    from pipeline import DictationIO, create_text_sink, microphone_of

    make_source, beside = microphone_of(settings) if source is None else ((lambda: source), ())

    def make_sink(profile: Profile) -> TextSink:
        told = args.json and profile.sink == "stdout"
        return _Told() if told else create_text_sink(profile.sink, profile.chord)

    return DictationIO(make_source, make_sink, chosen_sink=args.sink, beside=beside)


def _shown(args: argparse.Namespace) -> Shown | None:
    """What writes JSON lines; when it cannot, the dictation ends."""
    from ui.cli.observers import JsonLines, Shown

    task = asyncio.current_task()
    if not args.json or task is None:
        return None
    return Shown(JsonLines().notify, task.cancel)


async def _from_recording(dictation: Dictation) -> None:
    from pipeline import Start

    dictation.post(Start("input"))
    dictation.finish()
    await dictation.run(recovering=False)


async def _from_microphone(dictation: Dictation, args: argparse.Namespace) -> None:
    """Enter starts and stops; with ``--once`` it starts at once, and the first Enter ends it."""
    from pipeline import Start, Toggle

    def pressed() -> None:
        dictation.post(Toggle("enter"))
        if args.once:
            dictation.finish()

    if not on_enter(pressed):
        raise UsageError("There is no keyboard to start and stop with; use --input FILE.")
    if args.once:
        note("Speak; Enter ends it.")
        dictation.post(Start("enter"))
    else:
        note("Enter starts and stops a dictation; Ctrl-C ends.")
    await dictation.run()


class _Told:
    """The sink stdout of a run with ``--json``: the events hold the words already."""

    name = "stdout"

    async def begin(self) -> str | None:
        """Where the words go."""
        return "standard output"

    async def commit(self, text: str) -> Receipt:  # noqa: ARG002  # dictation.delivered tells it
        """The event that follows is the delivery."""
        from pipeline import Receipt

        return Receipt("confirmed", "standard output")

    async def aclose(self) -> None:
        """Nothing is held."""
