"""Does a conversation survive its sound hardware? Trouble after trouble in the midst of a reply, in one process.

    python -m scripts.soak.devices [CYCLES]

A real conversation (Silero, the small Whisper, eSpeak, real microphone and speaker) on the virtual sound card. In each
cycle the assistant speaks, and the sound server is killed, or hung for longer than a device may be silent, or a device
is unplugged, or another default is chosen; then it is mended. The loss and the return must be told, and after it
somebody who cuts in must be understood. At the end: threads, file descriptors and memory against the first cycles.
The short form is tests/real/test_devices.py. Needs PulseAudio.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stt import SAMPLE_RATE
from tests.kit.pulse import missing, pulse_server, relist
from tests.kit.room import Live, converse, speak
from tests.kit.settings import settings
from ui.cli.demo_user import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.kit.pulse import PulseServer

ENGINES = {"stt__model": "prism-tiny", "tts__backends": ["espeak"], "audio__headphones": True}
INTO_S = 1.0
"""Seconds of a reply after which the trouble comes."""
HUNG_S = 1.8
QUIET_S = 0.6
"""Seconds without news of a device after which the matter is settled."""
PATIENCE_S = 20.0
WARM = 5
"""Cycles after which leaks are counted from: engines and libraries have taken what they need by then."""
WORDS = "en_time"
BOTH = ("microphone", "speaker")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens to the sound hardware, and how it is mended."""

    name: str
    kinds: tuple[str, ...]
    """Whose loss and return must be told."""
    strike: Callable[[PulseServer], None]
    mend: Callable[[PulseServer], None]


def _unplug_microphone(server: PulseServer) -> None:
    server.control("set-source-mute", "speaker.monitor", "1")  # the only other one; it would hear the reply
    server.remove("mic")


def _plug_microphone(server: PulseServer) -> None:
    server.plug("mic")
    server.control("set-default-source", "mic.monitor")
    server.control("set-source-mute", "speaker.monitor", "0")


def _unplug_speaker(server: PulseServer) -> None:
    server.control("set-sink-mute", "mic", "1")  # the only other one; the microphone would hear the reply
    server.remove("speaker")


def _plug_speaker(server: PulseServer) -> None:
    server.plug("speaker")
    server.control("set-default-sink", "speaker")
    time.sleep(0.2)
    server.control("set-sink-mute", "mic", "0")


def _other_default(server: PulseServer) -> None:
    server.plug("other")
    server.control("set-default-source", "other.monitor")


def _old_default(server: PulseServer) -> None:
    server.control("set-default-source", "mic.monitor")
    server.remove("other")


def _hang(server: PulseServer) -> None:
    server.freeze()
    time.sleep(HUNG_S)


TROUBLES = (
    Trouble("killed", BOTH, lambda server: server.kill(), lambda server: server.restart()),
    Trouble("hung", BOTH, _hang, lambda server: server.thaw()),
    Trouble("microphone unplugged", BOTH[:1], _unplug_microphone, _plug_microphone),
    Trouble("speaker unplugged", BOTH[1:], _unplug_speaker, _plug_speaker),
    Trouble("another default microphone", BOTH[:1], _other_default, _old_default),
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    threads: int
    files: int
    memory_mb: float

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        files = len(list(Path("/proc/self/fd").iterdir()))
        # The loop's own pool grows by one thread at a time, up to its size, while others of it are idle.
        threads = sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())
        return cls(threads, files, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one trouble came to."""

    name: str
    lost_s: float
    """From the trouble until the first loss was told."""
    back_s: float
    """From the mending until all was told to be back."""
    understood: str


async def cycle(live: Live, server: PulseServer, trouble: Trouble, folder: Path) -> Cycle:
    """One trouble in the midst of a reply, and words after it. Raises TimeoutError when something does not come."""
    await live.wait_for("audio.started", live.ask(), PATIENCE_S)
    await asyncio.sleep(INTO_S)
    struck = time.monotonic()
    await asyncio.to_thread(trouble.strike, server)
    lost = await live.wait_for("device.lost", struck, PATIENCE_S)
    mended = time.monotonic()
    await asyncio.to_thread(trouble.mend, server)
    back = await _settled(live, trouble, struck)
    recording = shipped()[WORDS]
    voice = recording.samples[round((recording.onset_s - 0.02) * SAMPLE_RATE) :]
    said = time.monotonic()
    await asyncio.to_thread(speak, server, voice, folder)
    await live.wait_for("transcript.final", said, PATIENCE_S)
    understood = " ".join(event["text"] for event in live.all("transcript.final", said))
    answered = await live.wait_for("audio.started", said, PATIENCE_S)
    live.orchestrator.stop_speaking()
    async with asyncio.timeout(PATIENCE_S):
        while not (live.first("turn.interrupted", answered) or live.first("turn.completed", answered)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return Cycle(trouble.name, lost - struck, back - mended, understood)


async def _settled(live: Live, trouble: Trouble, since: float) -> float:
    """When the last news came after which each kind that was struck has a device and nothing more is told."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            news = [
                (event, at) for event, at in live.told if at >= since and event["event"].startswith("device.")
            ]
            latest = {event["kind"]: event["event"] for event, _ in news}
            last = max((at for _, at in news), default=0.0)
            all_back = all(latest.get(kind) == "device.restored" for kind in trouble.kinds)
            if all_back and set(latest.values()) == {"device.restored"} and time.monotonic() - last > QUIET_S:
                return last
            await asyncio.sleep(0.05)


async def cycles(
    server: PulseServer, troubles: Sequence[Trouble], folder: Path
) -> tuple[list[Cycle], list[Held]]:
    """A conversation with these troubles; what came of each, and what the process held after each."""
    done: list[Cycle] = []
    held: list[Held] = []
    async with converse(settings(**ENGINES)) as live:
        for number, trouble in enumerate(troubles, 1):
            done.append(await cycle(live, server, trouble, folder))
            held.append(Held.now())
            live.told.clear()
            print(f"{number:3} {done[-1]} {held[-1]}", flush=True)
    await asyncio.sleep(0.5)
    held.append(Held.now())
    return done, held


def main() -> int:
    """Run the cycles; 1 when something was not understood or is left behind."""
    parser = argparse.ArgumentParser(description="A conversation whose sound hardware fails again and again.")
    parser.add_argument("cycles", type=int, nargs="?", default=50)
    args = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 3
    troubles = [TROUBLES[number % len(TROUBLES)] for number in range(args.cycles)]
    with pulse_server() as server, tempfile.TemporaryDirectory() as name:
        keys = ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "ALSA_CONFIG_PATH")
        os.environ.update({key: server.environment[key] for key in keys})
        relist()
        done, held = asyncio.run(cycles(server, troubles, Path(name)))
    wrong = [each for each in done if each.understood != shipped()[WORDS].text]
    base, last = held[min(WARM, len(held) - 2)], held[-2]
    print(
        f"{len(done)} cycles, {len(wrong)} misunderstood; then {base}, at the end {last}, closed {held[-1]}"
    )
    return 1 if wrong or last.threads > base.threads or last.files > base.files else 0


if __name__ == "__main__":
    sys.exit(main())
