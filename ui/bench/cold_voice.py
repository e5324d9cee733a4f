"""A process of its own in which Prism speaks for the first time: milliseconds to the first sound, on stdout.

    python -m ui.bench.cold_voice ENGINE LANGUAGE TEXT MODELS

MODELS is the folder of the models, or empty for the usual one. Counted from the first line of this file on, so with
all imports, to the first audible sample.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import asyncio  # noqa: E402  # the clock of a cold start runs from the first line on
import sys  # noqa: E402
from contextlib import aclosing  # noqa: E402


async def first_sound(engine: str, language: str, text: str, models: str) -> float:
    """Milliseconds. Raises TTSError."""
    from pathlib import Path

    from config import defaults
    from tts import TTSManager, create_synthesizer
    from ui.bench.loudness import first_audible

    settings = defaults()
    chosen = settings.model_copy(
        update={"models": settings.models.model_copy(update={"dir": Path(models) if models else None})}
    )
    manager = TTSManager([create_synthesizer(engine, chosen)])
    silence = 0.0
    async with aclosing(manager.speak(text, language=language)) as chunks:
        async for chunk in chunks:
            place = first_audible(chunk.samples)
            if place is not None:
                arrived = (time.perf_counter() - STARTED) * 1000
                return arrived + silence + place / chunk.sample_rate * 1000
            silence += chunk.duration * 1000
    return float("nan")


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(first_sound(*sys.argv[1:5]))}\n")
