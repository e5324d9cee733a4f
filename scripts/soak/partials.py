"""Ten minutes of speech through LiveTranscript: its cost, its memory, and whether its words stay and are right.

    python -m scripts.soak.partials AUDIO_FOLDER [--minutes 10]

The folder holds recordings and a manifest.json with their texts (tests/audio has the form). One minute of them, with
pauses of 0.2 to 1.2 s, is heard again and again. Prints a line for each minute. Exit code 1 when a committed word
changed or the last minute cost more than 1.2 times the first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from config import load_settings
from stt import SAMPLE_RATE, Int16, STTManager, load_audio

BLOCK = SAMPLE_RATE // 10
PAUSE_S = 1.2
"""Longest pause between two recordings."""


@dataclass(slots=True)
class Report:
    """What was seen."""

    costs: list[float] = field(default_factory=list)
    """Seconds of processor time for each minute of audio: detector, decoding and all."""
    changed: int = 0
    """Committed words that changed."""
    held_s: float = 0.0
    """Most seconds of audio in memory."""
    partials: int = 0
    text: str = ""
    truth: str = ""


def joined(folder: Path, minutes: int, seed: int = 1) -> tuple[Int16, str]:
    """One minute of recordings in random order with pauses, again and again, and what is said in it."""
    draw = random.Random(seed)
    items = json.loads((folder / "manifest.json").read_text("utf-8"))
    sounds = [(load_audio(folder / item["file"]), item["text"]) for item in items]
    minute = np.zeros(60 * SAMPLE_RATE, np.int16)
    texts: list[str] = []
    at = 0
    while True:
        samples, text = draw.choice(sounds)
        if at + len(samples) + PAUSE_S * SAMPLE_RATE > len(minute):
            return np.tile(minute, minutes), " ".join(texts * minutes)
        minute[at : at + len(samples)] = samples
        texts.append(text)
        at += len(samples) + round(draw.uniform(0.2, PAUSE_S) * SAMPLE_RATE)


async def measure(manager: STTManager, samples: Int16, truth: str) -> Report:
    """Feed it in blocks, a step after each."""
    live, report, before, spent = manager.live(), Report(truth=truth), "", time.process_time()
    for at in range(0, len(samples), BLOCK):
        live.feed(samples[at : at + BLOCK])
        partial = await live.step()
        if partial is not None:
            report.partials += 1
            report.changed += not partial.committed.startswith(before)
            before = partial.committed
        report.held_s = max(report.held_s, live.held_s)
        if (at + BLOCK) % (60 * SAMPLE_RATE) == 0:
            report.costs.append(time.process_time() - spent)
            spent = time.process_time()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"minute {len(report.costs)}: {report.costs[-1]:.2f} s of processor, peak memory {peak} MiB"
            )
    report.text = await live.finish()
    report.changed += not report.text.startswith(before)
    return report


async def run(folder: Path, minutes: int) -> bool:
    settings = load_settings(overrides=("stt.model=prism-tiny", "stt.window=auto"))
    manager = STTManager.from_settings(settings)
    await manager.warm()
    report = await measure(manager, *joined(folder, minutes))
    await manager.aclose()
    ratio = report.costs[-1] / report.costs[0]
    wrong = word_error_rate(report.truth, report.text)
    print(f"{report.partials} partials, {report.changed} changed; last minute {ratio:.2f} x the first")
    print(f"at most {report.held_s:.1f} s of audio held; word error rate {wrong:.3f}")
    return report.changed == 0 and ratio <= 1.2


def word_error_rate(truth: str, heard: str) -> float:
    import jiwer

    return float(jiwer.wer(truth.casefold(), heard.casefold()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=int, default=10)
    args = parser.parse_args()
    raise SystemExit(not asyncio.run(run(args.folder, args.minutes)))


if __name__ == "__main__":
    main()
