"""A private sound system for tests: one PulseAudio daemon with two null sinks and no hardware.

What is played into the sink ``mic`` is what the microphone hears (its monitor is the default source); what Prism
plays goes to the sink ``speaker``, whose monitor can be recorded. A daemon is up in about 40 ms, so each test gets
its own and may kill it. Only processes that were started here are touched.

``norewinds=1`` is essential: without it a null sink's monitor delivers nothing until some client plays, and then
about a second of sound is missing.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec")
START_LIMIT_S = 5.0

MODULES = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=mic rate=48000 channels=1 norewinds=1
load-module module-null-sink sink_name=speaker rate=48000 channels=2 norewinds=1
set-default-source mic.monitor
set-default-sink speaker
"""

ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.!default {{ type pulse server "unix:{socket}" hint {{ show on description "Default" }} }}
pcm.prism-mic {{ type pulse server "unix:{socket}" device "mic.monitor" hint {{ show on description "Mic" }} }}
pcm.prism-speaker {{ type pulse server "unix:{socket}" device "speaker" hint {{ show on description "Speaker" }} }}
"""


@dataclass
class PulseServer:
    """A running daemon."""

    folder: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def play(self, wav: Path) -> subprocess.Popen[bytes]:
        """Start to play a WAV file to the microphone."""
        return subprocess.Popen(["paplay", "--device=mic", str(wav)], env=self.environment)

    @contextmanager
    def recording(self, raw: Path, rate: int) -> Iterator[None]:
        """Record what the speaker plays into ``raw`` (mono int16 at ``rate``) while the block runs."""
        command = ["parec", "--device=speaker.monitor", "--format=s16le", "--channels=1", f"--rate={rate}"]
        with raw.open("wb") as target:
            recorder = subprocess.Popen([*command, "--latency-msec=10"], env=self.environment, stdout=target)
            try:
                _wait_until(lambda: raw.stat().st_size > 0, "parec did not begin to record")
                yield
            finally:
                recorder.terminate()
                recorder.wait(START_LIMIT_S)

    def freeze(self) -> None:
        """Hang the daemon: it stays connected and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the daemon at once; twice is fine."""
        self.process.kill()
        self.process.wait(START_LIMIT_S)

    def restart(self) -> None:
        """Start another daemon in the place of one that was killed."""
        (self.folder / "native").unlink(missing_ok=True)
        self.process = _start(self.folder, self.environment)
        _wait_until(lambda: _answers(self.environment), "PulseAudio did not start again")

    def control(self, *words: str) -> str:
        """What ``pactl`` says to these words."""
        asked = subprocess.run(
            ["pactl", *words], env=self.environment, check=True, capture_output=True, text=True
        )
        return asked.stdout.strip()

    def remove(self, sink: str) -> None:
        """Unplug a device: ``mic`` or ``speaker``."""
        listed = [line.split("\t") for line in self.control("list", "short", "modules").splitlines()]
        for row in listed:
            if f"sink_name={sink} " in f"{row[2]} ":
                self.control("unload-module", row[0])

    def plug(self, sink: str) -> None:
        """Plug a device in."""
        self.control("load-module", "module-null-sink", f"sink_name={sink}", "rate=48000", "norewinds=1")


def missing() -> str | None:
    """Why no private sound system can be had here; None when it can."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: pulseaudio pulseaudio-utils libasound2-plugins)"
    if not Path("/usr/share/alsa/alsa.conf").exists():
        return "ALSA's configuration is not installed (Debian: libasound2-data)"
    try:
        import sounddevice  # noqa: F401
    except (ImportError, OSError) as error:
        return f"no PortAudio: {error}"
    return None


@contextmanager
def pulse_server() -> Iterator[PulseServer]:
    """A daemon of its own, gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="prism-pulse-") as name:
        folder = Path(name)  # short: a socket's path may have 107 characters
        socket = folder / "native"
        (folder / "test.pa").write_text(MODULES.format(socket=socket))
        (folder / "asound.conf").write_text(ALSA.format(socket=socket))
        environment = {
            **os.environ,
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_RUNTIME_PATH": name,
            "PULSE_STATE_PATH": name,
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        server = PulseServer(folder, _start(folder, environment), environment)
        try:
            _wait_until(lambda: _answers(environment), "PulseAudio did not start")
            yield server
        finally:
            server.thaw()
            server.kill()


@pytest.fixture(name="pulse")
def private_sound(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    """The private sound system as the only one that this process sees; skips with the reason where it cannot be."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with pulse_server() as server:
        for key in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "ALSA_CONFIG_PATH"):
            monkeypatch.setenv(key, server.environment[key])
        relist()
        yield server


def note(figures: str) -> None:
    """Figures of a real run, for whoever asks: pytest --log-cli-level=INFO."""
    log.info("%s", figures)


def relist() -> None:
    """Have PortAudio look for devices again: it does so only when it is initialized."""
    import sounddevice

    sounddevice._terminate()
    sounddevice._initialize()


def _start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    flags = [
        "-n",
        "--daemonize=no",
        "--system=no",
        "--use-pid-file=no",
        "--disable-shm=yes",
        "--exit-idle-time=-1",
    ]
    return subprocess.Popen(
        ["pulseaudio", *flags, f"--log-target=file:{folder / 'log'}", "-F", str(folder / "test.pa")],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _answers(environment: dict[str, str]) -> bool:
    asked = subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False)
    return asked.returncode == 0


def _wait_until(true: Callable[[], bool], complaint: str) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError(complaint)
        time.sleep(0.02)
