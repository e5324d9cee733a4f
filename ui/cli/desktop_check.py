"""``prism doctor`` on the desktop: whether a key can be watched and words can be pasted. Talking needs neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.cli.checks import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config import Settings


async def desktop(settings: Settings) -> AsyncIterator[Finding]:
    """Every look at the desktop."""
    from pipeline import examine_desktop
    from ui.cli.dictation_daemon import key_of

    async for found in examine_desktop(settings, key_of(settings.dictation.key)):
        yield Finding(found.name, "ok" if found.works else "warn", found.detail)
