"""Watches a hotkey and hands on what its gesture means, also when the desktop loses a release.

While the key counts as down its true state is asked for ten times a second; where the desktop does not tell (a portal),
only edges count.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from common.channel import Policy, channel
from pipeline.desktop.base import DesktopError, KeyEdge

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.channel import Receiver, Sender
    from pipeline.desktop.base import Hotkey
    from pipeline.dictation.gestures import Gesture, Intent

log = logging.getLogger("prism.dictation")

POLL_S = 0.1
"""Seconds between two looks at a key that is down."""
EDGES = 64
"""Edges that may wait to be read: nobody presses so fast, and a backend that would waits."""


async def follow_key(
    hotkey: Hotkey, gesture: Gesture, act: Callable[[Intent], object], listening: Callable[[], bool]
) -> None:
    """Call ``act`` for each intent until there are no more edges. Raises DesktopError when it cannot be watched."""
    ends: tuple[Sender[KeyEdge], Receiver[KeyEdge]] = channel(EDGES, Policy.WAIT, name="key edges")
    sender, edges = ends
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(hotkey, sender))
        await _follow(edges, hotkey, gesture, act, listening)
    if (error := watching.result()) is not None:
        raise error


async def _watch(hotkey: Hotkey, sender: Sender[KeyEdge]) -> DesktopError | None:
    """Pass edges on; an error is a result, so that the edges before it are still followed."""
    with sender:
        try:
            async with aclosing(hotkey.edges()) as edges:
                async for edge in edges:
                    await sender.send(edge)
        except DesktopError as error:
            return error
    return None


async def _follow(
    edges: Receiver[KeyEdge],
    hotkey: Hotkey,
    gesture: Gesture,
    act: Callable[[Intent], object],
    listening: Callable[[], bool],
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            async with asyncio.timeout_at(_next_look(gesture, loop.time())):
                edge = await anext(edges)
        except TimeoutError:
            for intent in gesture.due(loop.time()):
                act(intent)
            if gesture.is_down and gesture.deadline is None and await _is_up(hotkey):
                edge = KeyEdge(down=False, at=loop.time())
            else:
                continue
        except StopAsyncIteration:
            return
        for intent in gesture.edge(edge, listening=listening()):
            act(intent)


async def _is_up(hotkey: Hotkey) -> bool:
    """Whether the key is certainly up; a desktop that fails to answer may still tell edges."""
    try:
        return await hotkey.is_down() is False
    except DesktopError as error:
        log.info("the state of the key is not known: %s", error)
        return False


def _next_look(gesture: Gesture, now: float) -> float | None:
    if gesture.deadline is not None:
        return gesture.deadline
    return now + POLL_S if gesture.is_down else None
