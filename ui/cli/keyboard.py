"""The keyboard of a conversation: typed lines, and the key that silences the assistant.

No event loop can wait for a terminal on every system, so a thread of its own reads stdin. It is a daemon: a terminal
that never gives a line must not keep the process.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ui.cli.options import note

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

LINES = 1000
"""Typed lines that may wait for their turn; a faster pipe waits itself."""


async def typed_lines() -> AsyncGenerator[str, None]:
    """Lines of stdin as they come; ends with it."""
    from common.channel import Policy, Receiver, Sender, SenderClosed, channel

    loop = asyncio.get_running_loop()
    ends: tuple[Sender[str], Receiver[str]] = channel(LINES, Policy.NEVER_FULL, name="stdin")
    sender, lines = ends
    room = threading.Semaphore(LINES)

    def read() -> None:
        with suppress(RuntimeError, SenderClosed):  # the loop is gone: so is the reason to read
            try:
                for line in sys.stdin:
                    room.acquire()
                    loop.call_soon_threadsafe(sender.offer, line)
            except (OSError, ValueError) as error:
                note(f"Standard input cannot be read on: {error}.")
            finally:
                loop.call_soon_threadsafe(sender.close)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    async for line in lines:
        room.release()
        yield line


def on_enter(action: Callable[[], object]) -> bool:
    """Call ``action`` in the event loop each time Enter is pressed; False where nobody sits at a keyboard."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(RuntimeError, OSError, ValueError):  # the loop or the terminal is gone
            for _ in sys.stdin:
                loop.call_soon_threadsafe(action)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return True
