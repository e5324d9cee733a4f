"""Does Prism interrupt itself, and can it be interrupted? A long conversation in a room that echoes.

    python -m scripts.soak.echo [MINUTES] [--level -24 -11 0]

For each level of echo on the virtual sound card (dB below what is played): the assistant speaks for so many minutes,
10 unless given, without anybody answering; every onset, pause, word and interruption is its own doing and counts as a
failure. Then somebody says "What time is it?" into each of several replies: how long after the first sound of the voice
the reply falls silent, how long until the words end it, and what was understood. Needs PulseAudio and ``[echo]``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.pulse import missing, pulse_server, relist
from tests.kit.room import LOUDNESS, converse, cut_in, echo, listen_to_itself, self_inflicted
from tests.kit.settings import settings

if TYPE_CHECKING:
    from tests.kit.pulse import PulseServer

TRIES = 4
"""Interruptions for each level."""
CUT_IN_S = 5.0
"""Seconds of a reply after which somebody cuts in."""
OWN_ENGINES = {"stt__model": "prism-tiny", "tts__backends": ["espeak"]}


async def measure(server: PulseServer, minutes: float, folder: Path) -> dict[str, Any]:
    """One level: what the assistant did to itself, and what somebody else could do to it."""
    async with converse(settings(**OWN_ENGINES)) as live:
        began, worked = time.monotonic(), time.process_time()
        await listen_to_itself(live, 60 * minutes)
        load = (time.process_time() - worked) / (time.monotonic() - began)
        own = self_inflicted(live)
        print(f"  {minutes:g} min alone: {own or 'nothing'}; {100 * load:.0f} % of a core", flush=True)
        cuts = [await cut_in(live, server, "en_time", CUT_IN_S, folder) for _ in range(TRIES)]
        for cut in cuts:
            print(f"  {cut}", flush=True)
        print(f"  {live.orchestrator.room}")
    return {"own": own, "cuts": cuts}


def main() -> int:
    """Run the levels; 1 when the assistant interrupted itself."""
    parser = argparse.ArgumentParser(description="A long conversation in a room that echoes.")
    parser.add_argument("minutes", type=float, nargs="?", default=10.0)
    parser.add_argument("--level", type=int, nargs="+", choices=sorted(LOUDNESS), default=sorted(LOUDNESS))
    args = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 3
    failed = False
    with tempfile.TemporaryDirectory() as name, pulse_server() as server:
        os.environ.update(server.environment)
        relist()
        for level in args.level:
            print(f"echo at {level} dB", flush=True)
            with echo(server, level):
                failed |= bool(asyncio.run(measure(server, args.minutes, Path(name)))["own"])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
