"""How well a model understands recordings, through the real faster-whisper.

    python -m scripts.tiny_whisper.evaluate MODEL DATA [--modes beam5,beam1] [--pad 0.2] [--detect] [--exact]

DATA is a folder with a manifest.json (such as ui/assets/demo) or a pattern of shards made by `gen --held`. The exit
code is 1 when `--exact` is given and any text differs by a letter or a mark. Needs jiwer.
"""

from __future__ import annotations

import argparse
import glob
import json
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.tiny_whisper.espeak import SAMPLE_RATE, Floats
from scripts.tiny_whisper.grammar import LANGUAGES, normalize
from scripts.tiny_whisper.synth import Clip

MODES: dict[str, dict[str, Any]] = {
    "beam5": {"beam_size": 5},
    "beam1": {"beam_size": 1},
    "beam5-plain": {"beam_size": 5, "without_timestamps": True},
    "beam1-plain": {"beam_size": 1, "without_timestamps": True},
    "beam5-words": {"beam_size": 5, "word_timestamps": True},
}


@dataclass(frozen=True, slots=True)
class Item:
    """One recording with what is said in it."""

    name: str
    samples: Floats
    """mono, 16 kHz, -1 to 1"""
    language: str
    text: str
    start: float
    """of the speech, s"""
    end: float
    """of the speech, s"""

    def trimmed(self, pad: float | None) -> Floats:
        """The sound with at most `pad` seconds of quiet on both sides, as a voice detector would cut it."""
        if pad is None:
            return self.samples
        first = max(0, round((self.start - pad) * SAMPLE_RATE))
        return self.samples[first : round((self.end + pad) * SAMPLE_RATE)]


@dataclass(frozen=True, slots=True)
class Result:
    """What the model made of one item."""

    item: Item
    text: str
    language: str
    seconds: float
    """of computing"""
    end_error: float
    """s between the last timestamp and the end of the speech; NaN without a segment"""


def read_folder(folder: Path) -> list[Item]:
    """The recordings of a manifest, whatever their format."""
    import soundfile
    import soxr

    items = []
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        sound, rate = soundfile.read(folder / entry["file"], dtype="float32", always_2d=True)
        samples = soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE)
        times = entry["speech_start_s"], entry["speech_end_s"]
        items.append(Item(entry["file"], samples, entry["language"], entry["text"], *times))
    return items


def read_shards(pattern: str) -> list[Item]:
    """The held-out clips of `gen`; the shards are our own pickles."""
    items = []
    for path in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
        clips: list[Clip] = pickle.loads(Path(path).read_bytes())  # noqa: S301 - made by gen
        for index, clip in enumerate(clips):
            if clip.samples is None:
                raise ValueError(f"{path} has no sound: make it with gen --held.")
            text = " ".join(segment[0] for segment in clip.segs)
            samples = np.multiply(clip.samples, 1 / 32768, dtype=np.float32)
            name = f"{Path(path).name}:{index} {clip.voice}"
            items.append(Item(name, samples, clip.lang, text, clip.segs[0][1], clip.segs[-1][2]))
    return items


class Recognizer:
    """faster-whisper with one mode."""

    def __init__(self, model: str, mode: str, threads: int) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=threads)
        self._options = MODES[mode]

    def hear(self, item: Item, pad: float | None, *, detect: bool) -> Result:
        """Transcribe one item; with `detect` the language is not told."""
        started = time.perf_counter()
        language = None if detect else item.language
        sound = item.trimmed(pad)
        segments, info = self._model.transcribe(sound, language=language, **self._options)
        heard = list(segments)
        text = "".join(segment.text for segment in heard).strip()
        cut = 0.0 if pad is None else max(0.0, item.start - pad)
        error = abs(heard[-1].end + cut - item.end) if heard else float("nan")
        return Result(item, text, info.language, time.perf_counter() - started, error)


def word_error_rate(results: Sequence[Result], language: str) -> float:
    """Percent; NaN when there is nothing in this language."""
    import jiwer

    pairs = [(normalize(r.item.text), normalize(r.text)) for r in results if r.item.language == language]
    if not pairs:
        return float("nan")
    return 100 * float(jiwer.wer([said for said, _ in pairs], [heard for _, heard in pairs]))


def report(mode: str, results: Sequence[Result]) -> bool:
    """Print the figures and every difference; True if all is exact."""
    wrong = [r for r in results if r.text != r.item.text]
    lost = [r for r in results if r.language != r.item.language]
    rates = " ".join(f"{lang} {word_error_rate(results, lang):.2f} %" for lang in LANGUAGES)
    print(
        f"{mode}: word errors {rates}, exact {len(results) - len(wrong)}/{len(results)}, "
        f"wrong language {len(lost)}, median {np.median([r.seconds for r in results]):.3f} s per clip, "
        f"end error {np.nanmedian([r.end_error for r in results]):.2f} s"
    )
    for r in wrong:
        print(f"   {r.item.name}: {r.item.text!r} was heard as {r.text!r} ({r.language})")
    return not wrong


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Word error rate of a CTranslate2 Whisper model.")
    parser.add_argument("model")
    parser.add_argument("data", help="a folder with manifest.json, or a pattern of held-out shards")
    parser.add_argument("--modes", default="beam5,beam1", help=f"some of: {', '.join(MODES)}")
    parser.add_argument("--pad", type=float, help="seconds of quiet to leave round the speech; default: all")
    parser.add_argument("--detect", action="store_true", help="let the model find the language")
    parser.add_argument("--exact", action="store_true", help="exit code 1 unless every text is exact")
    parser.add_argument("--show", action="store_true", help="print every transcript")
    parser.add_argument("--count", type=int, help="only the first so many")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """Evaluate each mode."""
    args = parse()
    folder = Path(args.data)
    items = (read_folder(folder) if folder.is_dir() else read_shards(args.data))[: args.count]
    if not items:
        print(f"There is nothing to evaluate in {args.data}.", file=sys.stderr)
        return 2
    exact = True
    for mode in args.modes.split(","):
        recognizer = Recognizer(args.model, mode, args.threads)
        results = [recognizer.hear(item, args.pad, detect=args.detect) for item in items]
        exact = report(mode, results) and exact
        for r in results if args.show else ():
            print(f"   {r.item.name} [{r.language}] {r.text}")
    return int(args.exact and not exact)


if __name__ == "__main__":
    sys.exit(main())
