"""What the manager costs over faster-whisper itself: the same recordings, the same model, the same options.

    python -m scripts.soak.manager_ratio AUDIO_FOLDER [--rounds 5]

The two take turns, recording by recording, and the language is given to both, so that neither is spared an encode.
Prints the medians and the ratio of the sums of the best times, and whether the texts are the same; in a thread also the
ratio of processor time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path

import numpy as np

from config import find_model, load_settings
from stt import SpeechSegment, STTManager, load_audio


async def run(folder: Path, rounds: int, isolation: str) -> bool:
    """Whether the texts are the same."""
    from faster_whisper import WhisperModel

    settings = load_settings(
        overrides=("stt.model=prism-tiny", "stt.cache=0", f"stt.isolation={isolation}", "stt.device=cpu")
    )
    manager = STTManager.from_settings(settings)
    await manager.warm()
    direct = WhisperModel(
        str(find_model("prism-tiny").bundled_path), "cpu", compute_type="int8", cpu_threads=1
    )
    items = json.loads((folder / "manifest.json").read_text("utf-8"))
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    same = True
    spent = [0.0, 0.0]  # seconds of processor: ours, theirs
    for _ in range(rounds):
        for item in items:
            samples = load_audio(folder / item["file"])
            segment = SpeechSegment(1, 0, samples, 0.0, len(samples) / 16_000)
            started, before = time.perf_counter(), time.process_time()
            heard = await manager.transcribe(segment, language=item["language"])
            ours.setdefault(item["file"], []).append(time.perf_counter() - started)
            spent[0] += time.process_time() - before
            started, before = time.perf_counter(), time.process_time()
            found, _info = direct.transcribe(
                samples.astype(np.float32) / 32768,
                language=item["language"],
                beam_size=settings.stt.beam_size,
                temperature=settings.stt.temperatures,
                condition_on_previous_text=False,
            )
            text = " ".join(part.text.strip() for part in found)
            theirs.setdefault(item["file"], []).append(time.perf_counter() - started)
            spent[1] += time.process_time() - before
            same = same and text == heard.text
    await manager.aclose()
    best = [sum(min(times) for times in side.values()) for side in (ours, theirs)]
    medians = [statistics.median(t for times in side.values() for t in times) for side in (ours, theirs)]
    print(
        f"{isolation}: manager {medians[0] * 1000:.0f} ms, faster-whisper {medians[1] * 1000:.0f} ms (median)"
    )
    if isolation == "thread":
        print(f"ratio of processor time {spent[0] / spent[1]:.3f}")
    print(f"ratio of the sums of the best times {best[0] / best[1]:.3f}; same texts: {same}")
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    same = [asyncio.run(run(args.folder, args.rounds, isolation)) for isolation in ("thread", "process")]
    raise SystemExit(not all(same))


if __name__ == "__main__":
    main()
