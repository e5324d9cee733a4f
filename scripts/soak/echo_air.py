"""Does Prism interrupt itself, and can it be interrupted? Hours of echo in minutes.

    python -m scripts.soak.echo_air [MINUTES] [--level -24 -11 0] [--room stalls] [--tries N] [--seed N]

The conversations of ``scripts/soak/echo.py`` on virtual time (``tests/kit/air.py``): the devices are arithmetic, all
else is what runs live. For each level of echo and each kind of room the assistant speaks for so many minutes (10 unless
given) while nobody answers: every onset, pause, word and interruption is its own doing and counts as a failure. Then
people cut in, in four recordings at -25 dB of full scale. Last, half-duplex: without a canceller nothing is heard while
it speaks, and everything after. Needs ``[echo]``.
"""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING

import numpy as np

from pipeline import canceller_installed
from tests.kit.air import Path, half_duplex, rendered, said, talk_in_the_air
from tests.kit.virtual_loop import run_virtual

if TYPE_CHECKING:
    from tts import SpeechChunk

LEVELS = (-24, -11, 0)
VOICES = ("en_time", "fr_stop", "fr_sum", "en_joke")
ROOMS: dict[str, dict[str, object]] = {
    "loop-back": {"jitter_s": 0.005},
    "reverberant room": {"jitter_s": 0.01, "reverberation_s": 0.25},
    # Every five seconds of sound the loudspeaker stops for 60 ms, as on a busy machine.
    "stalls": {"jitter_s": 0.01, "stalls": (5.0, 0.06)},
}


def measure(path: Path, pieces: dict[str, SpeechChunk], minutes: float, tries: int) -> bool:
    """One level in one room; whether the assistant did something to itself."""

    async def main() -> bool:
        async with talk_in_the_air(path, pieces) as talk:
            await talk.alone(60 * minutes)
            own = talk.self_inflicted()
            print(f"    {minutes:g} min alone: {own or 'nothing'}; {talk.orchestrator.room}", flush=True)
            cuts = [await talk.cut_in(said(VOICES[i % 4]), 4.0 + 0.37 * (i % 9)) for i in range(tries)]
        noticed = sorted(paused for paused, _ in cuts if paused is not None)
        ended = sum(interrupted is not None for _, interrupted in cuts)
        times = f"silent after {np.median(noticed):.0f} ms (at most {noticed[-1]:.0f})" if noticed else ""
        print(f"    {len(noticed)} of {tries} noticed, {ended} ended the reply; {times}", flush=True)
        return bool(own)

    return run_virtual(main())


def main() -> int:
    """Run them; 1 when the assistant interrupted itself."""
    parser = argparse.ArgumentParser(
        description="A long conversation in a room that echoes, on virtual time."
    )
    parser.add_argument("minutes", type=float, nargs="?", default=10.0)
    parser.add_argument("--level", type=int, nargs="+", choices=LEVELS, default=LEVELS)
    parser.add_argument("--room", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the noise and the jitter of the air")
    args = parser.parse_args()
    if not canceller_installed():
        print("livekit is not installed: pip install 'prism-voice[echo]'", file=sys.stderr)
        return 3
    logging.disable(logging.ERROR)
    pieces, failed = rendered(), False
    for level in args.level:
        for name in args.room:
            print(f"echo at {level} dB, {name}", flush=True)
            path = Path(level, seed=args.seed, **ROOMS[name])  # type: ignore[arg-type]
            failed |= measure(path, pieces, args.minutes, args.tries)
    before, after = half_duplex(pieces)
    print(f"half-duplex: while it speaks {before or 'nothing'} is heard, after it {after}", flush=True)
    return int(failed or bool(before) or not after)


if __name__ == "__main__":
    sys.exit(main())
