"""What is owed to the clipboard after a paste: the former contents, which come back a moment after the last read."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

log = logging.getLogger(__name__)


async def paid(owed: Future[None] | None, limit_s: float) -> None:
    """Wait until they are back, ``limit_s`` seconds at most; that they could not be put back is logged, not raised."""
    if owed is None:
        return
    done, _ = await asyncio.wait([asyncio.wrap_future(owed)], timeout=limit_s)
    for future in done:
        if not future.cancelled() and future.exception() is not None:
            log.info("the clipboard was not put back: %s", future.exception())
