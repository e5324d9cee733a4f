"""Trying the desktop out: whether the hotkey can be watched, and whether a paste really arrives.

On X11 words are pasted into a window of our own. Elsewhere the parts are looked for: a portal would ask the user, and
nothing of theirs is touched for a check.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.desktop import find_desk, find_hotkey, kind_of
from pipeline.desktop.base import DesktopError
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import SinkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config import Settings

WORDS = "Prism : déjà vu, à 20 € 🎉"
GRAB_S = 1.0
"""A key that is refused is refused at once; one that is silent for so long is being watched."""
ARRIVE_S = 3.0


@dataclass(frozen=True, slots=True)
class Examined:
    """What one look at the desktop found."""

    name: str
    works: bool
    detail: str
    """One sentence: what works, or why not and what to do."""


async def examine_desktop(settings: Settings, key: str | None) -> AsyncIterator[Examined]:
    """Try the hotkey ``key`` and the paste of this desktop, each as far as it can be tried without asking the user."""
    try:
        kind = kind_of(sys.platform, os.environ)
    except DesktopError as problem:
        yield Examined("desktop", works=False, detail=str(problem))
        return
    if kind == "wayland":
        async for found in _portals():
            yield found
        yield _programs()
        return
    if key is not None:
        yield await _hotkey(settings, key)
    yield await (_paste(settings) if kind == "x11" else _rights(settings))


async def _hotkey(settings: Settings, key: str) -> Examined:
    try:
        hotkey = find_hotkey(key, settings)
        try:
            async with asyncio.timeout(GRAB_S), aclosing(hotkey.edges()) as edges:
                await anext(edges, None)
        except TimeoutError:
            pass
        finally:
            await hotkey.aclose()
    except DesktopError as problem:
        return Examined("hotkey", works=False, detail=str(problem))
    return Examined("hotkey", works=True, detail=f"{key} can be watched")


async def _paste(settings: Settings) -> Examined:
    """Paste into a window of our own."""
    from pipeline.desktop.x11.trial import TrialWindow

    try:
        desk = find_desk(settings)
        window = TrialWindow()
    except DesktopError as problem:
        return Examined("paste", works=False, detail=str(problem))
    sink = PasteSink(desk, settings.paste)
    loop = asyncio.get_running_loop()
    try:
        await window.shown(desk)
        await sink.begin()
        began = loop.time()
        receipt = await sink.commit(WORDS)
        took = (loop.time() - began) * 1000
        arrived = await window.pasted(ARRIVE_S)
    except (DesktopError, SinkError) as problem:
        return Examined("paste", works=False, detail=str(problem))
    finally:
        await sink.aclose()
        await window.aclose()
    if receipt.delivery != "confirmed" or arrived != WORDS:
        reason = receipt.reason or "other words arrived than were sent"
        return Examined("paste", works=False, detail=f"A paste into a window of our own failed: {reason}")
    return Examined("paste", works=True, detail=f"{desk.name}: into a window of our own in {took:.0f} ms")


async def _rights(settings: Settings) -> Examined:
    """What a system would forbid."""
    try:
        desk = find_desk(settings)
        try:
            obstacle = await desk.obstacle()
        finally:
            await desk.aclose()
    except DesktopError as problem:
        return Examined("paste", works=False, detail=str(problem))
    return Examined("paste", works=obstacle is None, detail=obstacle or f"{desk.name}: keys may be pressed")


async def _portals() -> AsyncIterator[Examined]:
    from pipeline.desktop.wayland.bus import Bus

    bus = Bus()
    try:
        await bus.open()
    except DesktopError as problem:
        yield Examined("portals", works=False, detail=str(problem))
        return
    try:
        for name, portals in (
            ("hotkey", ("GlobalShortcuts",)),
            ("paste", ("RemoteDesktop", "Clipboard")),
        ):
            try:
                versions = [f"{portal} {await bus.do(bus.version(portal))}" for portal in portals]
            except DesktopError as problem:
                yield Examined(name, works=False, detail=str(problem))
            else:
                yield Examined(name, works=True, detail=f"portal: {', '.join(versions)}")
    finally:
        await bus.aclose()


def _programs() -> Examined:
    has = {name for name in ("wtype", "ydotool", "wl-copy", "wl-paste") if shutil.which(name)}
    works = {"wl-copy", "wl-paste"} <= has and bool(has & {"wtype", "ydotool"})
    if works:
        return Examined("programs", works=True, detail=", ".join(sorted(has)))
    advice = "for a desktop without portals install wl-clipboard, and wtype or ydotool."
    return Examined("programs", works=False, detail=f"{', '.join(sorted(has)) or 'None'} found; {advice}")
