"""Small programs that do one thing on a desktop (xdotool, wtype, wl-copy): run without a shell, words by stdin."""

from __future__ import annotations

import asyncio

from pipeline.desktop.base import DesktopError

_PACKAGES = {
    "xdotool": "xdotool",
    "wtype": "wtype",
    "ydotool": "ydotool",
    "wl-copy": "wl-clipboard",
    "wl-paste": "wl-clipboard",
}


async def run(command: tuple[str, ...], text: bytes, limit_s: float, *, mute: bool = False) -> bytes:
    """Run a program to its end; what it printed. ``mute`` is for those that leave a child behind, which would keep our
    end of their output open for ever.

    Raises DesktopError when it is missing, fails, or takes longer than ``limit_s`` seconds.
    """
    name = command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL if mute else asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL if mute else asyncio.subprocess.PIPE,
        )
    except OSError as problem:
        raise DesktopError(
            f"{name} is not installed; install the package {_PACKAGES.get(name, name)}."
        ) from problem
    try:
        async with asyncio.timeout(limit_s):
            out, complaint = await process.communicate(text)
    except TimeoutError as late:
        raise DesktopError(f"{name} did not finish within {limit_s:.0f} s; is the desktop locked?") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        told = (complaint or b"").decode("utf-8", "replace").strip().splitlines()
        reason = told[-1] if told else f"code {process.returncode}"
        raise DesktopError(f"{name} failed: {reason}")
    return out or b""
