"""A long reply on a virtual sound card beside busy processes: gaps between chunks, underflows, abort, pause and resume.

    python -m scripts.soak.playback [--seconds 600] [--busy 2]

The reply is a tone in chunks of 60 to 300 ms, written as a voice would give them. The card's monitor is recorded:
any silence inside the tone is a gap. The short form is tests/real/test_playback.py. Needs PulseAudio.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from common.clock import LiveClock
from pipeline.sinks.speaker import Speaker
from tests.kit.pulse import PulseServer, missing, pulse_server, relist

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tts import Int16

LOUD = 400
"""Sample value above which the monitor counts as sounding: a tone of 10,000 falls below it for less than 0.1 ms."""


GAP_S = 0.005
EDGE = 48
"""Samples to which the edges of a silence are known: playback fades out and in round a pause, none is left out."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the monitor heard of a reply."""

    longest_gap_ms: float
    """Longest silence inside the sound."""
    holes: int
    """Silences of more than ``GAP_S``."""
    sounding_s: float
    underflows: int
    gaps: int
    latency_s: float
    """The device's buffer at the end."""
    changes: list[str]
    """Of that buffer, each with its reason and how often it had run dry until then."""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that take all the processor they get."""
    loop = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(loop) for _ in range(count)]  # noqa: S603  # our own
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@asynccontextmanager
async def opened() -> AsyncIterator[Speaker]:
    """The loudspeaker of the virtual card."""
    speaker = Speaker(LiveClock(), "prism-speaker", hold_s=20.0)
    await speaker.open()
    try:
        yield speaker
    finally:
        await speaker.aclose()


def tone(rate: int, seconds: float) -> Int16:
    count = round(rate * seconds)
    return (10_000 * np.sin(2 * np.pi * 440 * np.arange(count) / rate)).astype(np.int16)


def loud_places(raw: Path) -> npt.NDArray[np.int64]:
    """Samples of the recording that sound."""
    found: npt.NDArray[np.int64] = np.flatnonzero(np.abs(np.fromfile(raw, np.int16).astype(np.int32)) > LOUD)
    return found


async def reply(server: PulseServer, raw: Path, seconds: float) -> Played:
    """Play a reply of that length and look at what was recorded."""
    dice = random.Random(1)
    async with opened() as speaker:
        rate = speaker.sample_rate
        changes: list[str] = []
        speaker.follow_quality(
            lambda _, before, after, why: changes.append(f"{before} to {after}: {why} ({speaker.underflows})")
        )
        sound = tone(rate, seconds)
        with server.recording(raw, rate):
            start = 0
            while start < len(sound):
                size = round(dice.uniform(0.06, 0.3) * rate)
                await speaker.write(sound[start : start + size])
                start += size
            await speaker.drain()
            await asyncio.sleep(0.3)
        speaker.abort()
        places = loud_places(raw)
        longest = float(np.diff(places).max()) if len(places) > 1 else float("inf")
        sounding = float(places[-1] - places[0]) / rate if len(places) else 0.0
        holes = int(np.count_nonzero(np.diff(places) > GAP_S * rate))
        return Played(
            1000 * longest / rate, holes, sounding, speaker.underflows, speaker.gaps, speaker.latency, changes
        )


async def abort_ms(server: PulseServer, raw: Path) -> tuple[float, float]:
    """Milliseconds of sound on the tape after an abort, and of the device's buffer, which is still played."""
    async with opened() as speaker:
        rate = speaker.sample_rate
        with server.recording(raw, rate):
            await speaker.write(tone(rate, 2.0))
            await speaker.reached(round(0.5 * rate))
            await asyncio.sleep(0.05)
            before = len(np.fromfile(raw, np.int16))
            speaker.abort()
            await asyncio.sleep(0.3)
        return 1000 * float(loud_places(raw)[-1] - before) / rate, 1000 * speaker.latency


async def lost_in_pause(server: PulseServer, raw: Path) -> int:
    """Samples that a pause cost: the silence on the tape less the samples by which what follows came later.

    The edges of the silence are known to a few samples only, where the monitor's resampler rings.
    """
    async with opened() as speaker:
        rate = speaker.sample_rate
        noise = np.random.default_rng(1).standard_normal(round(1.2 * rate)) * 9000
        smooth = np.convolve(noise, np.ones(4) / 4, "same").clip(-30_000, 30_000).astype(np.int16)
        with server.recording(raw, rate):
            await speaker.write(smooth)
            await speaker.reached(round(0.5 * rate))
            speaker.pause()
            await asyncio.sleep(0.3)
            speaker.resume()
            await speaker.drain()
            await asyncio.sleep(0.2)
    heard = np.fromfile(raw, np.int16).astype(float)
    part = round(0.3 * rate)
    first, last = (
        int(np.argmax(np.correlate(heard, stretch.astype(float), "valid")))
        for stretch in (smooth[:part], smooth[-part:])
    )
    later = last - first - (len(smooth) - part)
    inside = np.flatnonzero(np.abs(heard[first : last + part]) > 150)
    return int(np.diff(inside).max()) - 1 - later


async def soak(server: PulseServer, folder: Path, seconds: float, processes: int) -> bool:
    """All of it, printed; whether it was good."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with busy(processes):
        played = await reply(server, folder / "reply.raw", seconds)
    aborts = sorted([await abort_ms(server, folder / f"abort{n}.raw") for n in range(10)])
    lost = [await lost_in_pause(server, folder / f"pause{n}.raw") for n in range(5)]
    print(
        f"{played.sounding_s:.1f} s of sound beside {processes} busy processes: longest gap "
        f"{played.longest_gap_ms:.2f} ms, {played.holes} longer than 5 ms, {played.underflows} underflows, "
        f"{played.gaps} gaps, at the end {1000 * played.latency_s:.0f} ms of buffer {played.changes}; "
        f"sound after an abort {aborts[0][0]:.0f} to {aborts[-1][0]:.0f} ms at a buffer of {aborts[-1][1]:.0f}; "
        f"samples lost in five pauses, to the accuracy "
        f"of the monitor: {', '.join(map(str, lost))}"
    )
    return played.longest_gap_ms < 5 and not played.underflows and max(map(abs, lost)) <= EDGE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--busy", type=int, default=2)
    options = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 3
    with pulse_server() as server, tempfile.TemporaryDirectory() as name:
        os.environ.update({key: server.environment[key] for key in ("PULSE_SERVER", "PULSE_RUNTIME_PATH")})
        os.environ.update({key: server.environment[key] for key in ("PULSE_STATE_PATH", "ALSA_CONFIG_PATH")})
        relist()
        begun = time.monotonic()
        good = asyncio.run(soak(server, Path(name), options.seconds, options.busy))
        print(f"{time.monotonic() - begun:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
