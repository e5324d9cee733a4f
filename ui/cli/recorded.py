"""A recording in the place of the microphone: the options ``--input`` and ``--rate``, and the source that they name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import UsageError

if TYPE_CHECKING:
    import argparse

    from stt import AudioSource

SLOWEST, FASTEST = 1000, 384_000
"""Rates of raw samples that are taken, in hertz."""


def add_input(parser: argparse.ArgumentParser) -> None:
    """``--input FILE|-`` and ``--rate HZ``."""
    parser.add_argument(
        "--input", metavar="FILE", help="a recording instead of the microphone; - reads WAV from stdin"
    )
    parser.add_argument(
        "--rate", type=int, metavar="HZ", help="with --input -: raw 16-bit mono samples at this rate"
    )


def check_rate(args: argparse.Namespace) -> None:
    """Raise UsageError for a rate that nobody can mean."""
    if args.rate is not None and args.input != "-":
        raise UsageError("--rate belongs to --input -, where raw samples come from stdin.")
    if args.rate is not None and not SLOWEST <= args.rate <= FASTEST:
        raise UsageError(f"--rate must lie between {SLOWEST} and {FASTEST} Hz.")


async def recorded(args: argparse.Namespace) -> AudioSource:
    """The recording, read as far as to know that it can be. Raises AudioUnreadable."""
    from pipeline import BlockSource
    from stt import audio_blocks, read_audio_stream

    if args.input == "-":
        source = BlockSource(lambda: read_audio_stream(sys.stdin.buffer, args.rate))
    else:
        source = BlockSource(lambda: audio_blocks(Path(args.input), 1.0))
    await source.open()
    return source
