"""Thousands of random conversations on virtual time, against every law that the tests know.

    python -m scripts.soak.conversations [COUNT] [--seed N]

The short form runs with every test run (tests/pipeline/test_random_conversations.py); this is the long one. It ends
with the first conversation that breaks a law, in its smallest form, or with the count and the memory that it took.
"""

from __future__ import annotations

import argparse
import logging
import resource
import time

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.pipeline.test_random_conversations import Case, check_laws, conversations


def main() -> None:
    """Run them and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    begun, before = time.monotonic(), _peak_mb()

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
        check_laws(case)

    laws()
    took = time.monotonic() - begun
    print(
        f"{args.count} conversations kept every law in {took:.0f} s; peak memory {before} -> {_peak_mb()} MB"
    )


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
