"""What decoding pieces of a file together brings on this machine: the same recording with `stt.file_batch` 1, 2, 4, 8.

    python -m scripts.soak.file_batches AUDIO_FOLDER [--language fr] [--repeat 3] [--device cpu]

The folder's recordings of one language, with a second of silence between them, are one file. Prints the time of each
batch size over that of 1, the best of all repeats, and whether the texts are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

import numpy as np
import soundfile

from config import load_settings
from stt import SAMPLE_RATE, STTManager, load_audio

SIZES = (1, 2, 4, 8)


def one_file(folder: Path, language: str, path: Path) -> float:
    """Write them all to ``path``; the seconds."""
    items = json.loads((folder / "manifest.json").read_text("utf-8"))
    pause = np.zeros(SAMPLE_RATE, np.int16)
    parts = [
        part
        for item in items
        if item["language"] == language
        for part in (load_audio(folder / item["file"]), pause)
    ]
    samples = np.concatenate(parts)
    soundfile.write(path, samples, SAMPLE_RATE)
    return len(samples) / SAMPLE_RATE


async def heard(manager: STTManager, path: Path) -> tuple[str, float]:
    """The text and the seconds it took."""
    started = time.perf_counter()
    async with aclosing(manager.transcribe_file(path)) as pieces:
        text = " ".join([piece.text async for _, piece in pieces])
    return text, time.perf_counter() - started


async def run(folder: Path, language: str, repeat: int, device: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "all.wav"
        seconds = one_file(folder, language, path)
        managers = {}
        for size in SIZES:
            overrides = [
                "stt.model=prism-tiny",
                "stt.cache=0",
                f"stt.language={language}",
                f"stt.device={device}",
            ]
            settings = load_settings(None, [*overrides, f"stt.file_batch={size}"], {})
            managers[size] = STTManager.from_settings(settings)
            await managers[size].warm()
        times: dict[int, list[float]] = {size: [] for size in SIZES}
        texts = {}
        for _ in range(repeat):
            for size, manager in managers.items():
                texts[size], took = await heard(manager, path)
                times[size].append(took)
        for size, manager in managers.items():
            best = min(times[size])
            same = "the same text" if texts[size] == texts[1] else "another text"
            print(
                f"{size} at once: {best:.2f} s for {seconds:.0f} s, {best / min(times[1]):.2f} x one by one, {same}"
            )
            await manager.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="fr")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    asyncio.run(run(args.folder, args.language, args.repeat, args.device))


if __name__ == "__main__":
    main()
