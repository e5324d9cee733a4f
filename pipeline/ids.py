"""Ids of what is kept: the second at which it began, and a number from the second one within it. Pure.

A conversation's is 20261120-093015 or 20261120-093015-2, a dictation's has a d before it.
"""

from __future__ import annotations

SECOND = len("20261120-093015")


def by_time(name: str) -> tuple[str, int]:
    """What to sort by, the oldest first: -2 before -10, whatever its kind."""
    digits = name.removeprefix("d")
    return digits[:SECOND], int(digits[SECOND + 1 :] or 1)
