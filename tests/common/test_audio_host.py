"""The sound hardware: choosing a device (a table), time limits, translated errors, and the real host."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from common.audio_host import (
    AudioBackendMissing,
    AudioUnavailable,
    Device,
    Kind,
    choose,
    close_stream,
    devices,
    find,
    open_first,
    open_stream,
    portaudio,
)
from tests.kit.pulse import PulseServer, missing, private_sound, pulse_server  # noqa: F401  # a fixture

ROOT = Path(__file__).parents[2]

LISTED = [
    Device(0, "HDA Analog", "ALSA", 2, 2, 48_000, False, False),
    Device(1, "HDMI", "ALSA", 0, 8, 44_100, False, False),
    Device(2, "USB Mic", "ALSA", 1, 0, 48_000, False, False),
    Device(3, "default", "ALSA", 32, 32, 44_100, True, True),
    Device(4, "USB Mic 2", "JACK", 1, 0, 48_000, False, False),
]


@pytest.mark.parametrize(
    ("kind", "wanted", "index"),
    [
        ("input", None, 3),
        ("output", None, 3),
        ("input", 2, 2),
        ("input", "2", 2),
        ("input", "usb mic", 2),
        ("input", "usb mic 2", 4),
        ("input", "mic 2", 4),
        ("input", "jack", 4),
        ("output", "hdmi", 1),
        ("output", "hd", 0),
        ("output", "alsa", 3),
    ],
)
def test_a_device_is_chosen_by_number_name_or_default(
    kind: Kind, wanted: str | int | None, index: int
) -> None:
    assert choose(LISTED, kind, wanted).index == index


@pytest.mark.parametrize(
    ("listed", "kind", "wanted", "sentence"),
    [
        ([], "input", None, "no microphone was found"),
        (LISTED[2:3], "output", None, "no speaker was found"),
        (LISTED, "input", "headset", "no microphone 'headset': choose one of 0 'HDA Analog', 2 'USB Mic'"),
        (LISTED, "input", 1, "no microphone 1: choose one of"),
        (LISTED, "output", 99, "no speaker 99: choose one of 0 'HDA Analog', 1 'HDMI', 3 'default'"),
    ],
)
def test_an_unknown_device_is_answered_with_what_there_is(
    listed: list[Device], kind: Kind, wanted: str | int | None, sentence: str
) -> None:
    with pytest.raises(AudioUnavailable, match=sentence.replace("[", r"\[")):
        choose(listed, kind, wanted)


class LocalStream:
    """A stream of no device; ``gate`` decides when closing returns."""

    samplerate = 16_000.0
    latency = 0.0

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.closed = threading.Event()

    def start(self) -> None: ...

    def abort(self) -> None:
        self.gate.wait(5)

    def close(self) -> None:
        self.closed.set()


async def test_a_stream_is_opened_off_the_loop() -> None:
    stream = LocalStream()
    opener: list[int] = []

    def factory() -> LocalStream:
        opener.append(threading.get_ident())
        return stream

    assert await open_stream(factory) is stream
    assert opener != [threading.get_ident()]
    assert await close_stream(stream)
    assert stream.closed.is_set()


async def test_a_stream_that_comes_too_late_is_closed_again() -> None:
    stream, may_open = LocalStream(), threading.Event()

    def factory() -> LocalStream:
        may_open.wait(5)
        return stream

    with pytest.raises(AudioUnavailable, match="does not answer"):
        await open_stream(factory, limit_s=0.01)
    assert not stream.closed.is_set()
    may_open.set()
    assert await asyncio.to_thread(stream.closed.wait, 5)


async def test_cancelling_while_a_stream_is_opened_closes_it() -> None:
    stream, may_open = LocalStream(), threading.Event()

    def factory() -> LocalStream:
        may_open.wait(5)
        return stream

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await open_stream(factory)
    may_open.set()
    assert await asyncio.to_thread(stream.closed.wait, 5)


async def test_a_close_that_hangs_is_left_behind_and_later_opens_say_so() -> None:
    stream = LocalStream()
    stream.gate.clear()
    assert not await close_stream(stream, limit_s=0.01)
    with pytest.raises(AudioUnavailable, match="does not answer"):
        await open_stream(LocalStream, limit_s=0.01)
    stream.gate.set()
    assert await asyncio.to_thread(stream.closed.wait, 5)
    assert await close_stream(await open_stream(LocalStream))


async def test_what_a_factory_raises_arrives() -> None:
    def factory() -> LocalStream:
        raise AudioUnavailable("busy")

    with pytest.raises(AudioUnavailable, match="busy"):
        await open_stream(factory)


def test_without_portaudio_the_sentence_says_how_to_install_it() -> None:
    """In a process of its own, to which ctypes tells that there is no such library."""
    script = (
        "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
        "from common.audio_host import AudioBackendMissing, devices\n"
        "try: devices()\n"
        "except AudioBackendMissing as error: print(error)"
    )
    if sys.platform != "linux":
        pytest.skip("the wheels of other systems bring PortAudio along")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "apt install libportaudio2" in done.stdout


def test_the_next_form_is_tried_only_when_the_device_refuses_the_format() -> None:
    try:
        library = portaudio()
    except AudioBackendMissing as error:
        pytest.skip(str(error))
    asked: list[tuple[int, int]] = []

    def make(rate: int, channels: int) -> LocalStream:
        asked.append((rate, channels))
        if rate == 16_000:
            raise library.PortAudioError("Error opening: Invalid sample rate", -9997)
        if channels == 1:
            raise library.PortAudioError("Error opening: Device unavailable", -9985)
        return LocalStream()

    assert open_first(make, [(16_000, 1), (48_000, 2)], "x").samplerate
    assert asked == [(16_000, 1), (48_000, 2)]
    with pytest.raises(AudioUnavailable, match=r"could not open 'x' \(Device unavailable\)"):
        open_first(make, [(16_000, 1), (48_000, 1), (48_000, 2)], "x")
    with pytest.raises(AudioUnavailable, match="Invalid sample rate"):
        open_first(make, [(16_000, 1)], "x")


@pytest.mark.real
def test_the_private_devices_are_listed(pulse: PulseServer) -> None:
    names = {device.name for device in devices()}
    assert {"prism-mic", "prism-speaker", "default"} <= names
    assert find("input", None).is_default_input
    assert find("output", "prism-speak").name == "prism-speaker"
    assert pulse.process.poll() is None


NOISY = """
import asyncio, logging, os, signal, sys
from common.audio_host import portaudio, find
logging.basicConfig(level=sys.argv[1])
library = portaudio()
stream = library.InputStream(device=find("input", "prism-mic").index, samplerate=16000, channels=1)
stream.start(); library.sleep(200)
os.kill(int(sys.argv[2]), signal.SIGKILL); library.sleep(500)
stream.abort(); stream.close()
try: library.OutputStream(device=find("output", "prism-speaker").index, channels=64)
except library.PortAudioError: pass
print("Python still speaks", file=sys.stderr)
"""


@pytest.mark.real
@pytest.mark.parametrize(("level", "noisy"), [("WARNING", False), ("DEBUG", True)])
def test_the_noise_of_c_libraries_reaches_the_terminal_only_with_v(level: str, noisy: bool) -> None:
    """A daemon that dies in mid-stream makes PortAudio's own thread print."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    if not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
        pytest.skip("only with glibc")
    with pulse_server() as server:
        done = subprocess.run(
            [sys.executable, "-c", NOISY, level, str(server.process.pid)],
            env=server.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert "Python still speaks" in done.stderr
    assert ("Expression" in done.stderr) == noisy


@pytest.mark.real
def test_a_program_whose_device_hangs_can_still_end() -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)
    script = (
        "import asyncio, os, signal, sys\n"
        "from stt.microphone import Microphone\n"
        "async def main():\n"
        "    microphone = Microphone('prism-mic')\n"
        "    await microphone.open()\n"
        "    os.kill(int(sys.argv[1]), signal.SIGSTOP)\n"
        "    await microphone.aclose()\n"
        "asyncio.run(main())\n"
        "print('ended')"
    )
    with pulse_server() as server:
        done = subprocess.run(
            [sys.executable, "-c", script, str(server.process.pid)],
            env=server.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    assert done.stdout.strip() == "ended", done.stderr
    assert "Traceback" not in done.stderr
    assert os.waitstatus_to_exitcode(done.returncode) == 0
