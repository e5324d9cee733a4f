"""Leaving the clipboard behind: under X11 its contents end with the program that owns them.

A clipboard manager that runs is asked to take them over (the CLIPBOARD_MANAGER selection); without one, a small process
of ours stays and keeps the promise until somebody copies something else. ``main`` is that process: contents come in as
one line of JSON, and it returns once they are owned, leaving its child behind.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.desktop.contents import Item
from pipeline.desktop.programs import run
from pipeline.desktop.x11.clipboard import Clipboard
from pipeline.desktop.x11.connection import Connection
from pipeline.desktop.x11.selection import CLIPBOARD

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGER_S = 2.0
"""How long a clipboard manager may take to fetch everything."""
START_S = 10.0
"""How long the process that stays may take to own the contents."""
LOOK_S = 2.0
"""How often that process looks whether it still owns anything."""
_START = """
import sys, types
package = types.ModuleType("pipeline")
package.__path__ = [sys.argv[1]]
sys.modules["pipeline"] = package
from pipeline.desktop.x11.leave import main
sys.exit(main())
"""
"""This room without its face, which would load every engine: somebody waits for the end."""


async def leave_behind(connection: Connection, clipboard: Clipboard) -> None:
    """See to it that what we own can be read after our end."""
    held = await connection.call(clipboard.held)
    if not held:
        return
    if CLIPBOARD in held and await connection.call(_manager_takes, connection):
        return
    await run((sys.executable, "-c", _START, str(Path(__file__).parents[2])), packed(held), START_S)


def packed(held: Mapping[str, Mapping[str, Item]]) -> bytes:
    """Contents of selections as a line of JSON."""
    plain = {
        name: [
            [kind, item.type, item.width, base64.b64encode(item.data).decode()]
            if isinstance(item.data, bytes)
            else [kind, item.type, item.width, list(item.data)]
            for kind, item in contents.items()
        ]
        for name, contents in held.items()
    }
    return json.dumps(plain).encode() + b"\n"


def unpacked(line: bytes) -> dict[str, dict[str, Item]]:
    """The contents again."""
    return {
        name: {
            kind: Item(of, width, base64.b64decode(data) if isinstance(data, str) else tuple(data))
            for kind, of, width, data in items
        }
        for name, items in json.loads(line).items()
    }


def _manager_takes(connection: Connection) -> bool:
    """Ask the clipboard manager, when there is one, to fetch everything (freedesktop's clipboard-manager)."""
    from Xlib import X

    display = connection.display
    manager = connection.atom("CLIPBOARD_MANAGER")
    if not display.get_selection_owner(manager):
        return False
    prop = connection.atom("PRISM_SAVE")
    saved: list[bool] = []

    def notified(event: object) -> None:
        if getattr(event, "selection", None) == manager:
            saved.append(bool(getattr(event, "property", 0)))

    connection.on(X.SelectionNotify, notified)
    stamp = connection.server_time()
    connection.window.convert_selection(manager, connection.atom("SAVE_TARGETS"), prop, stamp)
    return connection.pump(lambda: bool(saved), MANAGER_S) and saved[0]


def _stay(held: Mapping[str, Mapping[str, Item]], ready: int) -> None:
    """Own these contents until others own them all; ``ready`` is a file that is closed when they are owned."""
    connection = Connection("stay")
    clipboard = Clipboard(connection, budget=0)
    connection.post(clipboard.hold, held).result()
    os.write(ready, b".")
    os.close(ready)
    while connection.post(clipboard.held).result():
        time.sleep(LOOK_S)
    connection.close()


def main() -> int:
    """Leave a child that stays; 1 when it could not own the contents."""
    held = unpacked(sys.stdin.buffer.readline())
    told, ready = os.pipe()
    if os.fork():
        os.close(ready)
        return 0 if os.read(told, 1) else 1
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.setsid()
    _stay(held, ready)
    return 0
