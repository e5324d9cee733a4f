"""Contest ``voices``: how long after the call the first sound of each voice comes, against its engine called directly.

First sound is the arrival of the first audible chunk and the silence that it begins with: what an ear would wait.
Warm: Prism and the engine alone are asked in turns. Cached: the same text again, where Prism keeps that engine's
speech. Cold: processes of their own, from their first line on, imports and loading included. eSpeak and Piper alone
live in a process without Prism, because eSpeak is one per process; other engines are reached through their backend,
called without a manager.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from contextlib import aclosing, contextmanager
from typing import IO, TYPE_CHECKING, cast

from config import ModelError, ModelStore
from tts import SpeechCache, TTSError, TTSManager, create_synthesizer
from ui.bench.effort import child, environment
from ui.bench.figures import Goal
from ui.bench.loudness import first_audible

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from config import Settings
    from tts import SpeechChunk, Synthesizer
    from ui.bench.effort import Effort
    from ui.bench.figures import Board

TEXTS = {
    "en": (
        "Of course, here it is.",
        "It is half past nine.",
        "Seven times eight is fifty-six.",
        "Good morning to you.",
    ),
    "fr": (
        "Bien sûr, le voici.",
        "Il est neuf heures et demie.",
        "Sept fois huit font cinquante-six.",
        "Bonjour à vous.",
    ),
}
ESPEAK = {"en": "en-us", "fr": "fr"}
"""eSpeak's voices as Prism chooses them."""
ALONE = ("espeak", "piper")
"""Engines that ``ui.bench.engine_alone`` knows how to call."""
ENGINES = ("espeak", "piper", "piper_cli", "system")
"""Measured besides those of the configuration, where they work."""
OVER = Goal("p50", 5)
"""What Prism may add to an engine, milliseconds."""
CACHED = Goal("p95", 5)
"""When speech that was kept must sound, milliseconds."""
KEPT = 50_000_000
"""Bytes of speech that are kept: all texts."""


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    for engine in dict.fromkeys([*ENGINES, *effort.settings.tts.backends]):
        for language in TEXTS:
            voice = _voice(engine, language, effort.settings)
            if voice is None:
                board.remark(f"{engine} has no voice here for {language}")
                continue
            try:
                asyncio.run(_warm(engine, language, voice, effort, board))
            except TTSError as error:
                board.remark(f"{engine} does not work here: {error}")
                continue
            _cold(engine, language, voice, effort, board)


def _voice(engine: str, language: str, settings: Settings) -> str | None:
    """What the engine itself is to be given: a voice's name, or a model's file; empty where it chooses."""
    if engine == "espeak":
        return ESPEAK[language]
    if engine not in ("piper", "piper_cli"):
        return ""
    store = ModelStore.from_settings(settings.models)
    for model in store.installed():
        if model.kind == "tts" and model.name.startswith(f"{language}_"):
            try:
                folder = store.resolve(model.name, "tts")
            except ModelError:
                continue
            found = sorted(folder.glob("*.onnx")) if folder else []
            if found:
                return str(found[0])
    return None


async def _warm(engine: str, language: str, voice: str, effort: Effort, board: Board) -> None:
    backend = create_synthesizer(engine, effort.settings)
    plain, keeping = TTSManager([backend]), TTSManager([backend], cache=SpeechCache(KEPT))
    name = f"{engine} {language}, warm"
    try:
        await plain.warm([language])
        with _alone(engine, voice) as ends:
            for _ in range(effort.pick(2, 10)):
                for text in TEXTS[language]:
                    effort.tell(f"{name}: {text}")
                    ours = await _first_sound(plain.speak(text, language=language))
                    theirs = _asked(*ends, text) if ends else await _directly(backend, text, language)
                    board.figure(f"{name}: Prism", "ms").add(sum(ours))
                    board.figure(f"{name}: engine alone", "ms").add(sum(theirs))
                    board.figure(f"{name}: over the engine alone", "ms", OVER).add(sum(ours) - sum(theirs))
                    board.figure(f"{name}: Prism, first chunk", "ms").add(ours[0])
                    board.figure(f"{name}: engine alone, first chunk", "ms").add(theirs[0])
                    await _cached(keeping, text, language, board, f"{engine} {language}, cached: Prism")
    finally:
        await keeping.aclose()


async def _cached(manager: TTSManager, text: str, language: str, board: Board, name: str) -> None:
    """The same text once more; speech of an engine that is as quick as the cache is not kept."""
    await manager.prepare([text], language=language)
    hits = manager.cache_stats.hits if manager.cache_stats else 0
    taken = await _first_sound(manager.speak(text, language=language))
    if manager.cache_stats and manager.cache_stats.hits > hits:
        board.figure(name, "ms", CACHED).add(sum(taken))


async def _directly(backend: Synthesizer, text: str, language: str) -> tuple[float, float]:
    return await _first_sound(backend.speak(text, language=language, voice=None, speed=1.0))


async def _first_sound(speech: AsyncGenerator[SpeechChunk, None]) -> tuple[float, float]:
    """Milliseconds to the first audible chunk, and of silence before the first audible sample."""
    begun, silence, arrived = time.perf_counter(), 0.0, 0.0
    async with aclosing(speech) as chunks:
        async for chunk in chunks:
            if arrived:
                continue  # to its end: the next text must find the engine free
            place = first_audible(chunk.samples)
            if place is None:
                silence += chunk.duration * 1000
                continue
            arrived = (time.perf_counter() - begun) * 1000
            silence += place / chunk.sample_rate * 1000
    return arrived, silence


@contextmanager
def _alone(engine: str, voice: str) -> Iterator[tuple[IO[str], IO[str]] | None]:
    """The engine in a process of its own: where to ask and where it answers. None for one that is not known there."""
    if engine not in ALONE:
        yield None
        return
    command = child("ui.bench.engine_alone", engine, voice)
    with subprocess.Popen(  # noqa: S603  # ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        ends = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        try:
            _asked(*ends, "Once.")
            yield ends
        finally:
            process.kill()


def _asked(questions: IO[str], answers: IO[str], text: str) -> tuple[float, float]:
    """Milliseconds to the first chunk, and of silence before its first audible sample."""
    questions.write(json.dumps(text) + "\n")
    questions.flush()
    told = json.loads(answers.readline())
    return told["chunk_ms"], told["silence_ms"]


def _cold(engine: str, language: str, voice: str, effort: Effort, board: Board) -> None:
    text = TEXTS[language][0]
    models = str(effort.settings.models.dir or "")
    for _ in range(effort.pick(1, 3)):
        effort.tell(f"{engine} {language}, cold")
        done = subprocess.run(  # noqa: S603  # ourselves
            child("ui.bench.cold_voice", engine, language, text, models),
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
        board.figure(f"{engine} {language}, cold: Prism", "ms").add(float(done.stdout))
        if engine not in ALONE:
            continue
        done = subprocess.run(  # noqa: S603  # ourselves
            child("ui.bench.engine_alone", engine, voice),
            input=json.dumps(text) + "\n",
            capture_output=True,
            text=True,
            env=environment(),
            check=True,
        )
        told = json.loads(done.stdout)
        board.figure(f"{engine} {language}, cold: engine alone", "ms").add(
            told["since_start_ms"] + told["silence_ms"]
        )
