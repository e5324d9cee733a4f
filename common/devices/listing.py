"""What PortAudio would see if it looked now, found out in a process of its own: ours cannot look while it plays.

As a program it prints its devices as JSON lines ``[name, inputs, outputs]``. Used rarely: while a device is gone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from common.audio_host import AudioError, Device, choose, devices

if TYPE_CHECKING:
    from common.audio_host import Kind

LIMIT_S = 5.0
"""A sound system that takes longer does not answer."""


def look() -> list[Device]:
    """The devices that there are; empty when they cannot be found out. Blocks for some tenths of a second."""
    command = [sys.executable, "-m", "common.devices.listing"]
    try:
        told = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True, text=True)  # noqa: S603  # our own
        return [Device(*json.loads(line)) for line in told.stdout.splitlines()]
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return []


def offers(listed: list[Device], kind: Kind, wanted: str | int | None) -> bool:
    """Whether ``wanted`` is among them."""
    try:
        choose(listed, kind, wanted)
    except AudioError:
        return False
    return True


def main() -> int:
    """Print the list."""
    from dataclasses import astuple

    try:
        listed = devices()
    except AudioError:
        return 1
    sys.stdout.writelines(json.dumps(astuple(device)) + "\n" for device in listed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
