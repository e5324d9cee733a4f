"""The seam between dictation and the desktop it runs on: what is around the cursor. Signatures only.

Without a desktop (a file, a server, a test) there is nothing around, and dictation works all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipeline.desktop.base import Window


class Surroundings(Protocol):
    """Asked once, when a dictation begins; an answer that takes longer than ``LIMIT_S`` counts as None, where there are
    profiles only after some seconds."""

    async def window(self) -> Window | None:
        """The window that has the keyboard, or None where the desktop does not tell."""

    async def before_cursor(self) -> str | None:
        """Some characters before the cursor, at least the last one; empty at the start of a text, None if unknown."""


LIMIT_S = 0.3
"""Seconds that a desktop may take to tell: the words are spoken meanwhile, so nothing is lost by asking."""


class Nowhere:
    """No desktop."""

    async def window(self) -> Window | None:
        """None."""
        return None

    async def before_cursor(self) -> str | None:
        """None."""
        return None
