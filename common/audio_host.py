"""The sound hardware, as far as microphone and speaker share it: one library, one list of devices, one way to fail.

    AudioError
    ├── AudioUnavailable        none at all, busy, or the sound system does not answer
    │   ├── AudioUnknown        there are devices, but none of that name
    │   └── AudioLost           a device that worked has gone
    └── AudioBackendMissing     PortAudio or its binding is not installed; the message names the install command

PortAudio is loaded on first use and never on the event loop's time: with a hung sound server, opening and closing
block for seconds, so both run in a thread of their own under a time limit. The library is not thread-safe there, hence
one lock; a call that never returns keeps it, and later ones then say that the sound system does not answer.
PortAudio lists devices once: ``relist`` has it look again, which ends every stream. Who does that, and when, is decided
in ``common/devices``. Nothing here knows what the sound is for.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import logging
import os
import sys
import threading
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

log = logging.getLogger(__name__)

OPEN_LIMIT_S = 5.0
CLOSE_LIMIT_S = 2.0

SILENT = "the sound system does not answer: restart the sound server and try again"
"""What the user is told about a hung sound server."""

_FORMAT_REFUSED = {-9998, -9997, -9994}
"""PortAudio's paInvalidChannelCount, paInvalidSampleRate and paSampleFormatNotSupported."""

_portaudio_lock = threading.RLock()  # a factory looks for its device inside

Kind = Literal["input", "output"]


class AudioError(Exception):
    """Something about the sound hardware failed."""


class AudioUnavailable(AudioError):
    """There is no such device, or it cannot be used now."""


class AudioUnknown(AudioUnavailable):
    """There are devices, but none that is called so."""


class AudioLost(AudioUnavailable):
    """A device that worked has gone."""


class AudioBackendMissing(AudioError):
    """PortAudio or its binding is not installed."""


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio lists it."""

    index: int
    name: str
    host_api: str
    inputs: int
    """Channels that can be recorded."""
    outputs: int
    """Channels that can be played."""
    default_rate: int
    """Hertz."""
    is_default_input: bool
    is_default_output: bool

    def channels(self, kind: Kind) -> int:
        return self.inputs if kind == "input" else self.outputs

    def is_default(self, kind: Kind) -> bool:
        return self.is_default_input if kind == "input" else self.is_default_output


class Stream(Protocol):
    """What is used of a PortAudio stream."""

    samplerate: float
    latency: float

    def start(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


T = TypeVar("T")
StreamT = TypeVar("StreamT", bound=Stream)
Form = tuple[int, int]
"""Hertz and channels."""


def portaudio() -> ModuleType:
    """The sounddevice module. Raises AudioBackendMissing; AudioUnavailable when the sound system refuses."""
    _hush()
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # the binding lacks, or the library behind it
        raise AudioBackendMissing(
            "microphone and speaker need PortAudio: install it with 'sudo apt install libportaudio2' (Debian, Ubuntu) "
            "or 'brew install portaudio' (macOS); on Windows run 'pip install --force-reinstall sounddevice'"
        ) from error
    return sounddevice  # type: ignore[no-any-return]  # the library has no types


def devices() -> list[Device]:
    """All devices, in PortAudio's order. Empty without sound hardware."""
    with _portaudio_lock:
        library = portaudio()
        with translated("list the sound devices"):
            apis = library.query_hostapis()
            listed = library.query_devices()
            default_input, default_output = library.default.device
    return [_device(entry, apis, default_input, default_output) for entry in listed]


def _device(
    entry: dict[str, Any], apis: Sequence[dict[str, Any]], default_input: int, default_output: int
) -> Device:
    return Device(
        index=entry["index"],
        name=entry["name"],
        host_api=apis[entry["hostapi"]]["name"],
        inputs=entry["max_input_channels"],
        outputs=entry["max_output_channels"],
        default_rate=int(entry["default_samplerate"]),
        is_default_input=entry["index"] == default_input,
        is_default_output=entry["index"] == default_output,
    )


def find(kind: Kind, wanted: str | int | None) -> Device:
    """The device that ``wanted`` names: its number, a part of its name, or None for the default one.

    Raises AudioUnavailable with a sentence that lists what there is.
    """
    return choose(devices(), kind, wanted)


def choose(listed: Sequence[Device], kind: Kind, wanted: str | int | None) -> Device:
    """Like ``find``, on a given list. A whole name beats a part of one; then the default beats the first."""
    role = "microphone" if kind == "input" else "speaker"
    usable = [device for device in listed if device.channels(kind) > 0]
    if not usable:
        raise AudioUnavailable(f"no {role} was found: connect one, or use --{kind} FILE")
    matching = usable if wanted is None else _matching(usable, wanted)
    if not matching:
        names = ", ".join(f"{device.index} {device.name!r}" for device in usable)
        raise AudioUnknown(f"there is no {role} {wanted!r}: choose one of {names}")
    return next((device for device in matching if device.is_default(kind)), matching[0])


def _matching(usable: Iterable[Device], wanted: str | int) -> list[Device]:
    """Devices of that number, else of exactly that name, else with it in their name and host API."""
    text = str(wanted).strip().casefold()
    tests: tuple[Callable[[Device], bool], ...] = (
        lambda device: str(device.index) == text,
        lambda device: device.name.casefold() == text,
        lambda device: text in f"{device.name}, {device.host_api}".casefold(),
    )
    steps = tests[:1] if isinstance(wanted, int) else tests
    return next((hits for test in steps if (hits := [device for device in usable if test(device)])), [])


def open_first(make: Callable[[int, int], StreamT], forms: Sequence[Form], name: str) -> StreamT:
    """The first of ``forms`` that the device takes: made by ``make(rate, channels)`` and started.

    Raises AudioUnavailable. To be called in the factory of ``open_stream``.
    """
    library = portaudio()
    with translated(f"open {name!r}"):
        for form in forms[:-1]:
            try:
                return _started(make(*form))
            except library.PortAudioError as error:
                if len(error.args) < 2 or error.args[1] not in _FORMAT_REFUSED:
                    raise
        return _started(make(*forms[-1]))


def _started(stream: StreamT) -> StreamT:
    try:
        stream.start()
    except BaseException:
        stream.close()
        raise
    return stream


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what PortAudio raises into AudioUnavailable."""
    library = portaudio()
    try:
        yield
    except (library.PortAudioError, ValueError, OSError) as error:
        raise AudioUnavailable(
            f"could not {doing} ({_detail(error)}): see that it is connected and not used by another program, "
            "and that the sound server runs"
        ) from error


def _detail(error: Exception) -> str:
    """The host's own words where PortAudio has them, else PortAudio's."""
    if len(error.args) > 2:
        return str(error.args[2][2])
    return str(error.args[0] if error.args else error).rpartition(": ")[2]


async def open_stream(factory: Callable[[], StreamT], limit_s: float = OPEN_LIMIT_S) -> StreamT:
    """Run ``factory`` (find, open, start) off the event loop. A stream that comes too late is closed again.

    Raises what the factory raises, and AudioUnavailable after ``limit_s`` seconds.
    """
    try:
        return await off_loop(lambda: alone(factory), limit_s, undo=shut)
    except TimeoutError as error:
        leave_behind()
        raise AudioUnavailable(SILENT) from error


async def located(kind: Kind, wanted: str | int | None, limit_s: float = OPEN_LIMIT_S) -> Device:
    """``find`` off the event loop. Raises what it raises, and AudioUnavailable after ``limit_s`` seconds."""
    try:
        return await off_loop(lambda: find(kind, wanted), limit_s, undo=lambda _: None)
    except TimeoutError as error:
        leave_behind()
        raise AudioUnavailable(SILENT) from error


async def close_stream(stream: Stream, limit_s: float = CLOSE_LIMIT_S) -> bool:
    """Close a stream off the event loop, what it still holds unplayed. False when that took too long; it goes on."""
    try:
        await off_loop(lambda: shut(stream), limit_s, undo=lambda _: None)
    except TimeoutError:
        leave_behind()
        log.warning("the sound system does not answer: a device could not be closed within %.1f s", limit_s)
        return False
    return True


def leave_behind() -> None:
    """A hung sound system must not keep the program from ending: the binding would close all streams at the exit."""
    handler = getattr(sys.modules.get("sounddevice"), "_exit_handler", None)
    if handler is not None:
        atexit.unregister(handler)


def alone(job: Callable[[], T]) -> T:
    """Do something with PortAudio while nobody else does."""
    with _portaudio_lock:
        return job()


def shut(stream: Stream) -> None:
    """Close a stream, what it still holds unplayed. Blocks for as long as the sound system hangs."""
    with _portaudio_lock:
        stream.abort()
        stream.close()


def relist() -> None:
    """Have PortAudio look for devices anew. All streams must have been closed. Raises AudioUnavailable."""
    with _portaudio_lock:
        library = portaudio()
        with translated("look for sound devices"):
            if library._initialized:  # noqa: SLF001  # the binding has no other way to do all this
                library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001


async def off_loop(job: Callable[[], T], limit_s: float, undo: Callable[[T], None]) -> T:
    """The result of a blocking job; ``undo`` is given a result that nobody waits for any more.

    A daemon thread, unlike an executor's: a call that never returns must not keep the program from ending.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            result = job()
        except BaseException as error:  # noqa: BLE001  # carried over to the waiting task, whatever it is
            with contextlib.suppress(InvalidStateError):
                outcome.set_exception(error)
            return
        try:
            outcome.set_result(result)
        except InvalidStateError:
            undo(result)

    threading.Thread(target=work, name="audio host", daemon=True).start()
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.wrap_future(outcome)
    except BaseException:
        # Cancelled in the very step in which the result came: nobody else has it.
        if not outcome.cancel() and outcome.exception() is None:
            threading.Thread(target=undo, args=(outcome.result(),), name="audio host", daemon=True).start()
        raise


@cache
def _hush() -> None:
    """Keep what PortAudio and ALSA print (``Expression ... failed``, ``ALSA lib ...``) off the user's terminal.

    They print from C, and when a device dies from a thread of their own at any moment, so that a redirection of
    descriptor 2 round our calls would not do, and would swallow our own lines. Instead C's ``stderr`` is pointed at
    the null device, for good. Limits: other C libraries' prints go too; Python, C++ streams and crash messages use the
    descriptor and stay. Only glibc and macOS (on musl the pointer is read-only, on Windows PortAudio is silent).
    With debug logging (-v) all is left as it is.
    """
    if sys.platform == "win32" or log.isEnabledFor(logging.DEBUG):
        return
    c = ctypes.CDLL(None)
    if sys.platform == "darwin" or hasattr(c, "gnu_get_libc_version"):
        c.fopen.restype = ctypes.c_void_p
        null = c.fopen(os.devnull.encode(), b"w")
        if null:
            ctypes.c_void_p.in_dll(c, "__stderrp" if sys.platform == "darwin" else "stderr").value = null
