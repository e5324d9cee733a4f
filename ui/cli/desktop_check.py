"""``prism doctor`` on the desktop: whether a key can be watched and words can be pasted. Talking needs neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.cli.checks import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config import Settings

KEY = "super+alt+v"
"""The key that is tried."""


async def desktop(settings: Settings) -> AsyncIterator[Finding]:
    """Every look at the desktop."""
    from pipeline import examine_desktop

    async for found in examine_desktop(settings, KEY):
        yield Finding(found.name, "ok" if found.works else "warn", found.detail)
