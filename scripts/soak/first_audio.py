"""Time to the first audible sample for each voice engine: cold, warm, cached, and against calling the engine directly.

    python -m scripts.soak.first_audio [--runs 50] [--models DIR]

Piper is measured only where the models folder (``--models``, else the user's) has a voice for the language. Engines
start cold in this process; libraries count as part of it. Overhead is the manager's median minus the engine's own.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from config import load_settings
from tts import SpeechCache, Synthesizer, TTSError, TTSManager, create_synthesizer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tts import SpeechChunk

TEXT = "Bien sûr, je regarde cela {n} fois."
ENGINES = ("espeak", "piper", "piper_cli", "system")


@dataclass
class Row:
    """Milliseconds to the first audible sample."""

    name: str
    cold: float = 0.0
    warm: list[float] = field(default_factory=list)
    direct: list[float] = field(default_factory=list)
    cached: list[float] = field(default_factory=list)


async def first_audible(speech: AsyncGenerator[SpeechChunk, None]) -> float:
    """Milliseconds until the engine gave a sample above the noise, and where in the chunk that sample is."""
    begun = time.perf_counter()
    async with aclosing(speech) as chunks:
        async for chunk in chunks:
            waited = time.perf_counter() - begun
            loud = np.flatnonzero(np.abs(chunk.samples.astype(np.int32)) > 64)
            if loud.size:
                return (waited + float(loud[0]) / chunk.sample_rate) * 1000
    return float("nan")


async def measured(engine: Synthesizer, runs: int) -> Row:
    """One engine's row. Raises a TTSError when it does not work here."""
    cache = SpeechCache(50_000_000)
    plain, kept = TTSManager([engine]), TTSManager([engine], cache=cache)
    row = Row(engine.name)
    row.cold = await first_audible(plain.speak(TEXT.format(n=0), language="fr"))
    for number in range(runs):
        text = TEXT.format(n=number)
        row.direct.append(await first_audible(engine.speak(text, language="fr", voice=None, speed=1.0)))
        row.warm.append(await first_audible(plain.speak(text, language="fr")))
        if await kept.prepare([text], language="fr"):
            row.cached.append(await first_audible(kept.speak(text, language="fr")))
    return row


async def table(models: str | None, runs: int) -> list[Row]:
    """A row for each engine that works here."""
    settings = load_settings(None, [f"models.dir={models}"] if models else [], {})
    rows = []
    for name in ENGINES:
        engine = create_synthesizer(name, settings)
        try:
            rows.append(await measured(engine, runs))
        except TTSError as error:
            print(f"{name}: {error}", file=sys.stderr)
        finally:
            await engine.aclose()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--models")
    options = parser.parse_args()
    print("engine     cold ms  warm ms (p95)  direct ms  overhead ms  cached ms")
    for row in asyncio.run(table(options.models, options.runs)):
        warm, direct, cached = (
            statistics.median(times) for times in (row.warm, row.direct, row.cached or [0.0])
        )
        p95 = sorted(row.warm)[int(len(row.warm) * 0.95)]
        shown = f"{cached:9.2f}" if row.name in ("piper", "piper_cli", "system") else "        -"
        print(
            f"{row.name:10} {row.cold:7.1f}  {warm:7.2f} ({p95:5.2f})  {direct:8.2f}  {warm - direct:10.2f}  {shown}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
