"""``prism dictate`` in the background of a session: one for each user, reachable by socket and key, ended by Ctrl-C.

Only the composition for the terminal stands here: the lock, the signals, who is told of events. What runs is
``ui.control.daemon``.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, Failure
from ui.cli.keyboard import on_enter
from ui.cli.options import note, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from config import Progress, Settings
    from pipeline import DictationIO, Hotkey, Observer, Profile, Surroundings, TextSink
    from stt import AudioSource
    from ui.cli.state_line import StateLine
    from ui.control.daemon import Beside, Daemon, Parts


@contextmanager
def only_one() -> Iterator[None]:
    """Be the one daemon of this user while the block runs. Raises Failure when there is one, or can be none."""
    from ui.control.lock import AlreadyRunning, held
    from ui.control.place import PlaceUnsafe, lock_path, private

    with ExitStack() as stack:
        try:
            private(lock_path().parent)
            stack.enter_context(held(lock_path()))
        except AlreadyRunning as running:
            told = f"Prism dictates here already ({running})"
            raise Failure(Exit.FAILED, f"{told}: drive it with prism ctl, or end it first.") from running
        except PlaceUnsafe as error:
            raise Failure(Exit.FAILED, str(error)) from error
        yield


async def serve(parts: Parts, line: StateLine | None = None) -> Exit:
    """Run a daemon to its end, with a line that shows what it does. 130 when a signal ended it."""
    from ui.cli.ending import ended_by_signals
    from ui.control.daemon import Daemon

    daemon = Daemon(parts)
    with ended_by_signals(daemon.end) as ending:
        await daemon.run(lambda: _started(daemon, line))
    return Exit.INTERRUPTED if ending.asked else Exit.DONE


def _started(daemon: Daemon, line: StateLine | None) -> None:
    from pipeline import Toggle

    dictation = daemon.parts.settings.dictation
    ways = ["prism ctl toggle"]
    if on_enter(lambda: daemon.post(Toggle("enter"))):
        ways.insert(0, "Enter")
    if (key := key_of(dictation.key)) is not None:
        ways.insert(0, f"{key} ({dictation.gesture})")
    note(f"Ready: {', '.join(ways[:-1])}{' or ' * bool(ways[:-1])}{ways[-1]}; Ctrl-C ends Prism.")
    if line is not None:
        line.start()


def key_of(key: str | None, platform: str = sys.platform) -> str | None:
    """The key that ``dictation.key`` means on this system; None for none."""
    if key != "auto":
        return key
    return "ctrl+alt+v" if platform == "darwin" else "super+alt+v"


@dataclass(frozen=True, slots=True)
class Words:
    """Where words go."""

    make_sink: Callable[[Profile], TextSink]
    chosen_sink: str | None
    """Given on the command line."""
    surroundings: Surroundings


def parts_of(settings: Settings, words: Words, observers: Sequence[Observer], progress: Progress) -> Parts:
    """A daemon with this machine's microphone, keys and socket."""
    from pipeline import DictationIO, device_of
    from ui.control.daemon import Parts
    from ui.control.listen import usual_listen

    def io(source: Callable[[], AudioSource]) -> DictationIO:
        return DictationIO(source, words.make_sink, words.surroundings, chosen_sink=words.chosen_sink)

    told, beside = _beside(settings)
    return Parts(
        settings=settings,
        microphone=lambda: device_of(settings),
        listen=usual_listen(),
        io=io,
        observers=(*observers, *told),
        beside=beside,
        version=_version(),
        progress=progress,
    )


def _beside(settings: Settings) -> tuple[list[Observer], list[Beside]]:
    """Who is told of events, and what runs, beside dictation."""
    from pipeline import CuePlayer, Notices
    from ui.control.beside import TalonState

    talon = TalonState()
    told: list[Observer] = [talon]
    beside: list[Beside] = [talon.run]
    if settings.dictation.sounds:
        cues = CuePlayer(settings.audio.output_device)
        told.append(cues)
        beside.append(lambda _: cues.run())
    if settings.dictation.notifications:
        notices = Notices()
        told.append(notices)
        beside.append(lambda _: notices.run())
    if (key := key_of(settings.dictation.key)) is not None:
        beside.append(_key_watch(key, settings))
    return told, beside


def _key_watch(key: str, settings: Settings) -> Beside:
    from pipeline import find_hotkey
    from ui.control.beside import KeyWatch

    async def make() -> Hotkey:
        return find_hotkey(key, settings)

    return KeyWatch(make, settings.dictation.gesture, tell).run


@contextmanager
def state_line() -> Iterator[StateLine | None]:
    """A line that shows what is going on, where there is a terminal to show it on."""
    if not sys.stderr.isatty():
        yield None
        return
    from ui.cli.state_line import StateLine

    line = StateLine()
    try:
        yield line
    finally:
        line.close()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("prism-voice")
    except PackageNotFoundError:
        return "not installed"
