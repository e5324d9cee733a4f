"""``prism dictate``: speech in, words where they are wanted; in the background of a session, or from a recording.

A recording is dictated as it is: no journal, no lock, no recovery, nothing of the user's is touched. With ``--once``
there is one dictation, ended by Enter, beside a daemon that may run. What runs in the background is another file.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.keyboard import on_enter
from ui.cli.options import add_json, add_language, note, settings_of
from ui.cli.progress import fetching
from ui.cli.recorded import add_input, check_rate, recorded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from config import Settings
    from pipeline import (
        Dictation,
        DictationIO,
        Observer,
        PipelineEvent,
        Profile,
        Receipt,
        SharedDesk,
        TextSink,
    )
    from stt import AudioSource
    from ui.cli.dictation_view import Outcome
    from ui.cli.observers import Shown

    T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``dictate [--input WAV|-] [--sink paste|type|clipboard|talon|stdout|file:PATH] [--hold KEY | --toggle KEY]
    [--once] [--lang ..] [--json]``."""
    parser.epilog = (
        "Without --input it runs in the background of your session until Ctrl-C. How to start it with the session, "
        "the keys, prism ctl and Talon: docs/control.md."
    )
    add_input(parser)
    parser.add_argument(
        "--sink",
        metavar="SINK",
        help="where words go: paste, type, clipboard, talon, stdout or file:PATH "
        "(default: dictation.sink; stdout with --input)",
    )
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument(
        "--hold", metavar="KEY", help="dictate while this key is held (f9, right_ctrl, ctrl+alt+d)"
    )
    keys.add_argument("--toggle", metavar="KEY", help="this key starts and stops a dictation")
    parser.add_argument("--once", action="store_true", help="end after one dictation")
    add_language(parser)
    add_json(parser, "one JSON object per event on stdout, which the words of the sink stdout are part of")


def run(args: argparse.Namespace) -> int:
    """Dictate. Raises the errors of hearing, UsageError and ConfigError."""
    _check(args)
    flags: dict[str, object] = {"stt.language": args.lang, **_key_flags(args)}
    if args.input:
        flags |= {"journal.keep": "off", "dictation.spacing": False}
        args.sink = args.sink or "stdout"
    settings = settings_of(args, flags)
    if not args.input and not args.once:
        _check_key(settings)
        return _in_background(args, settings)
    outcome = asyncio.run(_dictate(args, settings))
    return Exit.TURN_FAILED if outcome.failure and (args.once or args.input) else Exit.DONE


def _key_flags(args: argparse.Namespace) -> dict[str, object]:
    """The key of this run and what it does; empty when none was given."""
    gesture = "hold" if args.hold else "toggle" if args.toggle else None
    return {"dictation.key": args.hold or args.toggle, "dictation.gesture": gesture}


def _in_background(args: argparse.Namespace, settings: Settings) -> int:
    from ui.cli.dictation_daemon import only_one

    with only_one():
        return asyncio.run(_serve(args, settings))


async def _serve(args: argparse.Namespace, settings: Settings) -> Exit:
    from pipeline import SharedDesk
    from ui.cli import dictation_daemon as background
    from ui.cli.dictation_view import DictationView
    from ui.cli.observers import EventLog

    shown = _shown(args)
    observers: list[Observer] = [shown or DictationView(speaking=True), EventLog()]
    async with AsyncExitStack() as stack:
        desk = SharedDesk(settings)
        stack.push_async_callback(desk.aclose)
        _check_words(args.sink or settings.dictation.sink, desk)
        words = background.Words(_sink_maker(args, desk), args.sink, desk)
        progress = stack.enter_context(fetching())
        line = stack.enter_context(background.state_line())
        observers += [line] if line is not None else []
        parts = background.parts_of(settings, words, observers, progress)
        return await _ended(background.serve(parts, line), shown)


async def _ended(work: Awaitable[T], shown: Shown | None) -> T:
    """What ``work`` gives; when it was ended because nobody takes what it shows, that is the reason."""
    try:
        return await work
    except asyncio.CancelledError:
        if shown is not None and shown.failure is not None:
            raise shown.failure from None
        raise


def _check(args: argparse.Namespace) -> None:
    check_rate(args)
    if args.sink is not None:
        _check_sink(args.sink)


def _check_sink(sink: str) -> None:
    from pipeline import TEXT_SINKS

    name, _, argument = sink.partition(":")
    if name not in TEXT_SINKS or bool(argument) != (name == "file"):
        raise UsageError(f"There is no sink {sink}; choose {', '.join(TEXT_SINKS[:-1])} or file:PATH.")


def _check_key(settings: Settings) -> None:
    """Raise UsageError when the hotkey is none on any machine."""
    from pipeline import DesktopError, parse_chord
    from ui.cli.dictation_daemon import key_of

    key = key_of(settings.dictation.key)
    try:
        if key is not None:
            parse_chord(key)
    except DesktopError as error:
        raise UsageError(str(error)) from error


def _check_words(sink: str, desk: SharedDesk) -> None:
    """Raise Failure when words could go nowhere, before anybody speaks."""
    from pipeline import SinkError, create_text_sink

    try:
        create_text_sink(sink, desk=desk)
    except SinkError as error:
        raise Failure(Exit.MISSING, str(error)) from error


async def _dictate(args: argparse.Namespace, settings: Settings) -> Outcome:
    from pipeline import SharedDesk

    async with AsyncExitStack() as stack:
        desk = SharedDesk(settings)
        stack.push_async_callback(desk.aclose)
        _check_words(args.sink or settings.dictation.sink, desk)
        return await _dictated(args, settings, desk)


async def _dictated(args: argparse.Namespace, settings: Settings, desk: SharedDesk) -> Outcome:
    from pipeline import run_with_dictation
    from ui.cli.dictation_view import DictationView, Outcome
    from ui.cli.observers import EventLog

    source = await recorded(args) if args.input else None
    outcome = Outcome()
    shown = _shown(args)
    observers: Sequence[Observer] = [
        shown or DictationView(speaking=source is None),
        outcome,
        EventLog(),
    ]

    async def body(dictation: Dictation) -> None:
        await (_from_recording(dictation) if source is not None else _from_microphone(dictation))

    with fetching() as progress:
        io = _io(args, settings, source, desk)
        await _ended(run_with_dictation(settings, progress, io, body, observers), shown)
    return outcome


def _io(
    args: argparse.Namespace, settings: Settings, source: AudioSource | None, desk: SharedDesk
) -> DictationIO:
    from pipeline import DictationIO, Nowhere, microphone_of

    sink = _sink_maker(args, desk)
    if source is not None:
        return DictationIO(lambda: source, sink, Nowhere(), chosen_sink=args.sink)
    make_source, beside = microphone_of(settings)
    return DictationIO(make_source, sink, desk, chosen_sink=args.sink, beside=beside)


def _sink_maker(args: argparse.Namespace, desk: SharedDesk) -> Callable[[Profile], TextSink]:
    from pipeline import create_text_sink

    def make_sink(profile: Profile) -> TextSink:
        told = args.json and profile.sink == "stdout"
        return _Told() if told else create_text_sink(profile.sink, profile.chord, desk)

    return make_sink


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


async def _from_microphone(dictation: Dictation) -> None:
    """It starts at once; Enter ends it, or whatever else ends its recording (the microphone is gone)."""
    from pipeline import Start, Stop

    def pressed() -> None:
        dictation.post(Stop())

    if not on_enter(pressed):
        raise UsageError("There is no keyboard to end a dictation with; use --input FILE.")
    note("Speak; Enter ends it.")
    dictation.observe(_UntilRecorded(dictation))
    dictation.post(Start("enter"))
    await dictation.run()


class _UntilRecorded:
    """Lets a run end after the recording that it was for."""

    def __init__(self, dictation: Dictation) -> None:
        self._dictation = dictation

    def notify(self, event: PipelineEvent) -> None:
        """See whether that was its end."""
        from pipeline import DictationFailed, DictationStopped

        if isinstance(event, DictationStopped | DictationFailed):
            self._dictation.finish()


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
