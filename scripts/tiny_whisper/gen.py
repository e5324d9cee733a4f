"""Training and validation clips as pickled shards.

    python -m scripts.tiny_whisper.gen OUT SEED SHARDS SIZE [--held] [--multi] [--extra]

One shard is one file OUT/sSEED_NNN.pkl of `synth.Clip`s with float16 log-mels; a shard that exists is left alone, so an
interrupted run goes on where it stopped. Held-out clips also keep their sound as int16, for `evaluate`.
"""

from __future__ import annotations

import argparse
import pickle
import random
import time
from pathlib import Path

import numpy as np

from scripts.tiny_whisper import grammar
from scripts.tiny_whisper.espeak import SAMPLE_RATE, Espeak
from scripts.tiny_whisper.features import log_mel
from scripts.tiny_whisper.noise import nospeech
from scripts.tiny_whisper.synth import Clip, make_clip

Rngs = tuple[random.Random, np.random.Generator]


def draw_clip(es: Espeak, kind: argparse.Namespace, rngs: Rngs) -> Clip:
    """One clip: mostly one sentence, sometimes a cut one, several, scrambled, a word salad, or no speech at all."""
    rng, nrng = rngs
    lang, draw = rng.choice(grammar.LANGUAGES), rng.random()
    if kind.held:
        return make_clip(es, lang, [grammar.sample(lang, rng, heldout=True)], rngs, held=True)
    if draw < 0.04:
        return Clip(lang, [], samples=nospeech(nrng))
    if draw < 0.12:
        return make_clip(es, lang, [grammar.salad(lang, rng)], rngs)
    if kind.extra and draw < 0.45:
        return make_clip(es, lang, [grammar.scrambled(lang, rng)], rngs)
    if draw < 0.22 or (kind.multi and draw < 0.4):
        count = rng.choice([2, 3, 4]) if kind.multi else 2
        return make_clip(es, lang, [grammar.sample(lang, rng) for _ in range(count)], rngs)
    text = grammar.sample(lang, rng)
    return make_clip(es, lang, [text], rngs, cut=len(text.split()) >= 4 and rng.random() < 0.10)


def make_shard(es: Espeak, kind: argparse.Namespace, seed: int, size: int) -> list[Clip]:
    """`size` clips, none longer than 12 s (14 s with --multi)."""
    rngs = random.Random(seed), np.random.default_rng(seed)
    longest = (14 if kind.multi else 12) * SAMPLE_RATE
    clips: list[Clip] = []
    while len(clips) < size:
        clip = draw_clip(es, kind, rngs)
        if clip.samples is None or len(clip.samples) > longest:
            continue
        clip.mel = log_mel(clip.samples).astype(np.float16)
        clip.samples = (clip.samples * 32767).astype(np.int16) if kind.held else None
        clips.append(clip)
    return clips


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make shards of espeak-ng clips.")
    parser.add_argument("out", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("shards", type=int)
    parser.add_argument("size", type=int, help="clips per shard")
    parser.add_argument("--held", action="store_true", help="held-out voices and sentences, with their sound")
    parser.add_argument("--multi", action="store_true", help="more clips of 2 to 4 sentences")
    parser.add_argument("--extra", action="store_true", help="a third of the sentences with scrambled slots")
    parser.add_argument("--bundled", action="store_true", help="espeak-ng of the wheel, not of the system")
    return parser.parse_args()


def main() -> None:
    """Make the missing shards."""
    args = parse()
    args.out.mkdir(parents=True, exist_ok=True)
    es = Espeak.bundled() if args.bundled else Espeak.system()
    for shard in range(args.shards):
        path = args.out / f"s{args.seed}_{shard:03d}.pkl"
        if path.exists():
            continue
        started = time.monotonic()
        clips = make_shard(es, args, args.seed * 1000 + shard, args.size)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(pickle.dumps(clips))
        unfinished.rename(path)
        mean = np.mean([clip.mel.shape[1] / 100 for clip in clips if clip.mel is not None])
        print(f"{path}: {time.monotonic() - started:.1f} s, {mean:.2f} s per clip", flush=True)


if __name__ == "__main__":
    main()
