"""From clips to batches: token sequences with targets and times, augmented features, batches of clips of like length.

The only randomness is that of the generators passed in. Shapes: B clips, T mel frames (even, 10 ms), L = T / 2
encoder positions (20 ms), U tokens.
"""

from __future__ import annotations

import glob
import math
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.tiny_whisper import grammar
from scripts.tiny_whisper.espeak import Span
from scripts.tiny_whisper.synth import Clip
from scripts.tiny_whisper.tokenizer import Tokens

NO_LOSS = -100
"""A target that does not count."""
CTC_LETTERS = " abcdefghijklmnopqrstuvwxyz'àâäçéèêëîïôöùûüœ"


@dataclass(slots=True)
class Row:
    """One row of the decoder: what goes in, what must come out, and when that is spoken."""

    ids: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    spans: list[Span | None] = field(default_factory=list)
    """for each target: where in the sound to listen, s"""

    def add(self, number: int, target: int, span: Span | None = None) -> None:
        """One more step."""
        self.ids.append(number)
        self.targets.append(target)
        self.spans.append(span)


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything a training step needs, as numpy arrays and lists."""

    mel: np.ndarray
    """(B, 80, T) float32"""
    ids: np.ndarray
    """(B, U) int64"""
    targets: np.ndarray
    """(B, U) int64, `NO_LOSS` where nothing counts"""
    guide: np.ndarray
    """(B, U, L) float32: 1 where the guided heads should look"""
    letters: list[list[int]]
    """per clip: the text as CTC symbols (0 is the blank)"""
    lengths: list[int]
    """per clip: encoder positions with sound"""


def _text_steps(tokens: Tokens, text: str, words: Sequence[Span]) -> list[tuple[int, Span | None]]:
    """The tokens of a sentence, each with the span of its word."""
    starts = [0]
    for word in text.split():
        starts.append(starts[-1] + len(word) + 1)  # a token's offsets include the space before the word
    steps: list[tuple[int, Span | None]] = []
    for number, (begin, _) in zip(*tokens.encode(text), strict=True):
        word_index = max(k for k in range(len(words)) if k == 0 or starts[k] <= max(begin, 0))
        steps.append((number, words[word_index]))
    return steps


def _around(time: float, before: float, after: float) -> Span:
    return time - before, time + after


def _transcript(tokens: Tokens, clip: Clip, timestamps: bool) -> list[tuple[int, Span | None]]:
    """Everything from the start token to the end token."""
    steps: list[tuple[int, Span | None]] = [
        (number, None) for number in (tokens.start, tokens.language[clip.lang], tokens.transcribe)
    ]
    if not timestamps:
        steps.append((tokens.no_timestamps, None))
    elif not clip.segs:
        steps.append((tokens.first_timestamp, None))
    for index, (text, start, end, words) in enumerate(clip.segs):
        if timestamps:  # the first one may be at most 1 s: faster-whisper suppresses later ones
            shown = min(start, 1.0) if index == 0 else start
            steps.append((tokens.timestamp(shown), _around(start, 0.1, 0.1)))
        steps += _text_steps(tokens, text, words)
        if timestamps:
            steps.append((tokens.timestamp(end), _around(end, 0.1, 0.1)))
    last = clip.segs[-1][2] if clip.segs else None
    return [*steps, (tokens.end, _around(last, 0.1, 0.2) if last else None)]


def build_sequence(tokens: Tokens, clip: Clip, *, timestamps: bool, prompt: Sequence[int] = ()) -> Row:
    """The decoder row of a clip; a clip without speech must give the no-speech token first."""
    row = Row()
    if prompt:
        for number in (tokens.previous, *prompt):
            row.add(number, NO_LOSS)
    steps = _transcript(tokens, clip, timestamps)
    for k, (number, _) in enumerate(steps[:-1]):
        target, span = steps[k + 1]
        if k == 0 and not clip.segs:
            target = tokens.no_speech
        if k == 1 or target == tokens.no_timestamps:  # the task and the mode are given, never guessed
            target = NO_LOSS
        row.add(number, target, span)
    return row


def load(pattern: str, limit: int | None = None) -> list[Clip]:
    """The clips of all shards that match; the shards are our own pickles."""
    clips: list[Clip] = []
    for path in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
        clips += pickle.loads(Path(path).read_bytes())  # noqa: S301 - made by gen
        if limit and len(clips) >= limit:
            break
    return clips[:limit]


def ctc_letters(clip: Clip) -> list[int]:
    """The text of a clip as CTC symbols."""
    text = " ".join(grammar.normalize(segment[0]) for segment in clip.segs)
    return [CTC_LETTERS.index(letter) + 1 for letter in text if letter in CTC_LETTERS]


def padded(frames: int) -> int:
    """Frames of a batch: few distinct shapes, because the CPU kernels are prepared per shape."""
    return (frames + 4 + 31) // 32 * 32


def frames_of(clip: Clip) -> int:
    """Mel frames of 10 ms."""
    if clip.mel is None:
        raise ValueError("This clip has no features: make the shards with gen.")
    return int(clip.mel.shape[1])


def augment(mel: np.ndarray, rng: random.Random) -> np.ndarray:
    """Another level, and up to two bands and two moments wiped out."""
    bands, frames = mel.shape
    if rng.random() < 0.5:
        mel = mel + rng.uniform(-0.12, 0.12)
    for _ in range(rng.choice([0, 0, 1, 2])):
        width = rng.randint(1, 10)
        low = rng.randint(0, bands - width)
        mel[low : low + width] = mel.mean()
    for _ in range(rng.choice([0, 0, 1, 2])):
        width = rng.randint(1, min(10, frames // 4))
        first = rng.randint(0, frames - width)
        mel[:, first : first + width] = mel.mean()
    return mel


def _prompt(tokens: Tokens, lang: str, rng: random.Random) -> list[int]:
    """One clip in eight continues after other sentences, as with an initial prompt."""
    if rng.random() >= 0.12:
        return []
    return [n for _ in range(rng.randint(1, 3)) for n in tokens.encode(grammar.sample(lang, rng))[0]]


def _pack(tokens: Tokens, rows: Sequence[Row], width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ids, targets, guide) of a batch whose sound has `width` encoder positions."""
    steps = (max(len(row.ids) for row in rows) + 7) // 8 * 8
    ids = np.full((len(rows), steps), tokens.end)
    targets = np.full((len(rows), steps), NO_LOSS)
    guide = np.zeros((len(rows), steps, width), np.float32)
    for b, row in enumerate(rows):
        ids[b, : len(row.ids)] = row.ids
        targets[b, : len(row.targets)] = row.targets
        for u, span in enumerate(row.spans):
            if span is not None:
                first = max(0, int(span[0] * 50) - 2)
                guide[b, u, first : max(first + 1, min(width, math.ceil(span[1] * 50) + 3))] = 1
    return ids, targets, guide


def collate(tokens: Tokens, clips: Sequence[Clip], rng: random.Random, *, train: bool) -> Batch:
    """One batch; with `train`, features and prompts vary."""
    mel = np.zeros((len(clips), 80, padded(max(map(frames_of, clips)))), np.float32)
    rows = []
    for b, clip in enumerate(clips):
        features = np.array(clip.mel, np.float32)
        mel[b, :, : frames_of(clip)] = augment(features, rng) if train else features
        prompt = _prompt(tokens, clip.lang, rng) if train else []
        rows.append(build_sequence(tokens, clip, timestamps=rng.random() < 0.5, prompt=prompt))
    ids, targets, guide = _pack(tokens, rows, mel.shape[2] // 2)
    lengths = [(frames_of(clip) + 1) // 2 for clip in clips]
    return Batch(mel, ids, targets, guide, [ctc_letters(clip) for clip in clips], lengths)


def batches(clips: Sequence[Clip], rng: random.Random, max_frames: int) -> Iterator[list[Clip]]:
    """All clips once, in shuffled batches of clips of like length with at most `max_frames` frames each."""
    order = list(range(len(clips)))
    rng.shuffle(order)
    out: list[list[Clip]] = []
    for begin in range(0, len(order), 2000):
        by_length = {i: frames_of(clips[i]) + rng.random() * 20 for i in order[begin : begin + 2000]}
        current: list[Clip] = []
        longest = 0
        for i in sorted(by_length, key=by_length.__getitem__):
            frames = padded(frames_of(clips[i]))
            if current and max(longest, frames) * (len(current) + 1) > max_frames:
                out.append(current)
                current, longest = [], 0
            current.append(clips[i])
            longest = max(longest, frames)
        out.append(current)
    rng.shuffle(out)
    yield from out
