"""Thousands of random conversations on virtual time, against every law that the tests know.

    python -m scripts.soak.conversations [COUNT] [--seed N]

The short form runs with every test run (tests/pipeline/test_random_conversations.py); this is the long one. It ends
with the first conversation that breaks a law, in its smallest form, or with the count and the memory. The generator of
random conversations remembers much itself, so the memory is told of some that are held again and again.
"""

from __future__ import annotations

import argparse
import copy
import gc
import logging
import resource
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.pipeline.test_random_conversations import Case, check_laws, conversations

KEPT, AGAIN = 300, 8


def main() -> None:
    """Run them and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    begun, kept = time.monotonic(), list[Case]()

    @seed(args.seed)
    @settings(
        max_examples=args.count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(conversations())
    def laws(case: Case) -> None:
        if len(kept) < KEPT:
            kept.append(copy.deepcopy(case))
        check_laws(case)

    laws()
    took = time.monotonic() - begun
    print(f"{args.count} conversations kept every law in {took:.0f} s")
    memory = [_again(kept) for _ in range(AGAIN)]
    print(f"{len(kept)} of them {AGAIN} times more, memory after each: {', '.join(memory)}")


def _again(cases: list[Case]) -> str:
    """Hold them all; the memory after that."""
    for case in cases:
        check_laws(copy.deepcopy(case))  # an error that was raised before would keep what it was raised in
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return f"{pages * resource.getpagesize() / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
