"""Kill and stop the recognizer's child in mid-utterance, again and again: words right, nothing left behind.

    python -m scripts.soak.engine_restarts [--rounds 20]

Prints the time from the blow to the words, and what the process holds before and after: children, file descriptors,
threads and shared memory. Exit code 1 when a word or a resource was lost. Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import sys
import threading
import time
from multiprocessing import active_children
from pathlib import Path

from config import load_settings
from stt import SpeechSegment, create_transcriber, load_audio
from stt.isolation import IsolatedTranscriber

AUDIO = Path(__file__).parents[2] / "tests/audio/fr_16k.wav"
OVERRIDES = ("stt.isolation=process", "stt.model=prism-tiny", "stt.hang_s=1", "stt.language=fr")


def held() -> dict[str, int]:
    """What this process holds."""
    return {
        "children": len(active_children()),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "shared memory": sum(1 for _ in Path("/dev/shm").glob("psm_*")),  # noqa: S108  # only counted
    }


async def run(rounds: int) -> bool:
    """Whether nothing was lost."""
    settings = load_settings(overrides=OVERRIDES)
    engine = create_transcriber(settings.stt)
    if not isinstance(engine, IsolatedTranscriber):
        raise TypeError("stt.isolation=process gave another recognizer")
    samples = load_audio(AUDIO)
    segment = SpeechSegment(1, 0, samples, 0.0, len(samples) / 16_000)
    await engine.warm()
    right = (await engine.transcribe(segment)).text
    before, times, words = held(), [], 0
    for number in range(rounds):
        blow = (signal.SIGKILL, signal.SIGSTOP)[number % 2]
        async with asyncio.TaskGroup() as group:
            decode = group.create_task(engine.transcribe(segment))
            await asyncio.sleep(random.uniform(0.0, 0.1))
            os.kill(engine.pid or 0, blow)
            started = time.monotonic()
        times.append(time.monotonic() - started)
        words += decode.result().text == right
        print(f"{blow.name} {times[-1]:.2f} s, right: {decode.result().text == right}", file=sys.stderr)
    after = held()
    await engine.aclose()
    print(f"{words} of {rounds} right, {engine.restarts} restarts")
    for name, offset in (("SIGKILL", 0), ("SIGSTOP", 1)):
        print(
            f"{name}: median {statistics.median(times[offset::2]):.2f} s, worst {max(times[offset::2]):.2f} s"
        )
    print(f"before {before}\nafter  {after}\nclosed {held()}")
    return words == rounds and all(after[key] <= before[key] for key in before) and not active_children()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    raise SystemExit(not asyncio.run(run(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
