"""A million random texts through the sentence splitter: pieces joined are the input, however it was cut.

    python -m scripts.soak.splitter [--count 1000000] [--seed 1]

Prints the count, the seconds and the longest time for one text. The short form is in tests/tts/test_sentences.py.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from itertools import pairwise

from tts import SentenceSplitter

WORDS = (
    "a é Z le un M. Dr. etc. p. ex. 3 12 3,5 14 h 30 1er . , ; : ! ? … ... — – - « » “ ” \" ' ’ ( ) [ ] * _ # \n \n\n "
    "https://a.b/c 5 € $5 20 % e.g. i.e. U.S. J.-C. Bonjour Hello peut-être 1. 2) A. etc… ?! 😀 中"
)
PARTS = [*WORDS.split(" "), " ", " ", " ", "\u202f", "\u00a0", "\n"]


def made(dice: random.Random) -> str:
    """A text of up to 40 parts."""
    return "".join(dice.choice(PARTS) + dice.choice(["", " "]) for _ in range(dice.randint(0, 40)))


def split(deltas: list[str], *, early: bool) -> list[str]:
    """What comes out when the text comes in so."""
    splitter = SentenceSplitter(early=early)
    pieces = [piece for delta in deltas for piece in splitter.feed(delta)]
    return [*pieces, *splitter.flush()]


def wrong(text: str, dice: random.Random) -> str | None:
    """What does not hold for this text; None when all does."""
    early = dice.random() < 0.5
    places = sorted(dice.randint(0, len(text)) for _ in range(dice.randint(0, 6)))
    deltas = [text[start:end] for start, end in pairwise([0, *places, len(text)])]
    pieces = split([text], early=early)
    if "".join(pieces) != text:
        return "the pieces are not the text"
    if split(deltas, early=early) != pieces:
        return f"another cut gives other pieces: {deltas}"
    if any(before[-1].isalnum() and after[0].isalnum() for before, after in pairwise(pieces)):
        return "a cut inside a word"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    begun, slowest = time.monotonic(), 0.0
    for number in range(options.count):
        text = made(dice)
        started = time.perf_counter()
        if fault := wrong(text, dice):
            print(f"text {number}: {fault}\n{text!r}")
            return 1
        slowest = max(slowest, time.perf_counter() - started)
    print(
        f"{options.count} texts in {time.monotonic() - begun:.0f} s, the slowest took {slowest * 1000:.1f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
