"""Contest ``stt``: what Prism's recognizer costs over faster-whisper called directly.

The same model with the same options decodes the same segments (as Prism's segmenter cuts them) in turns, first one
first, then the other. Once with the language given, once with the language to be found, where faster-whisper encodes
twice and Prism once. Both are loaded in this process, on the CPU.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from config import ModelError, ModelStore
from stt import STTManager
from ui.bench.figures import Goal
from ui.bench.listening import listen
from ui.bench.machine import cores
from ui.bench.user import shipped

if TYPE_CHECKING:
    from config import Settings
    from stt import SpeechSegment
    from ui.bench.effort import Effort
    from ui.bench.figures import Board

GOAL = Goal("p50", 1.05)


def run(effort: Effort, board: Board) -> None:
    """Fill the board."""
    takes = [(take, take.name[:2]) for take in shipped()][:: effort.pick(6, 1)]
    heard = [(listen(take, effort.settings), language) for take, language in takes]
    segments = [(found.segment, language) for found, language in heard if found]
    for model in _models(effort.settings, board):
        asyncio.run(_compare(model, segments, effort, board))


def _models(settings: Settings, board: Board) -> list[str]:
    """The shipped model, and the configured one where it is installed."""
    store = ModelStore.from_settings(settings.models)
    names = list(dict.fromkeys(["prism-tiny", settings.stt.model]))
    try:
        missing = [name for name in names if store.resolve(name, "stt") is None]
    except ModelError:
        missing = names[1:]
    for name in missing:
        board.remark(f"{name} is not installed and was left out; prism models pull {name} fetches it")
    return [name for name in names if name not in missing]


async def _compare(
    model: str, segments: list[tuple[SpeechSegment, str]], effort: Effort, board: Board
) -> None:
    changed = {
        "model": model,
        "language": "auto",
        "device": "cpu",
        "compute_type": "int8",
        "backend": "faster_whisper",
    }
    settings = effort.settings.model_copy(update={"stt": effort.settings.stt.model_copy(update=changed)})
    direct = _Direct(settings)
    manager = STTManager.from_settings(settings)
    try:
        await manager.warm()
        direct.transcribe(segments[0][0], None)
        for told, fixed in (("language given", True), ("language found", False)):
            for number in range(effort.pick(1, 4)):
                effort.tell(f"{model}, {told}, {number + 1}")
                for place, (segment, spoken) in enumerate(segments):
                    language = spoken if fixed else None
                    first_prism = (place + number) % 2 == 0
                    await _one(
                        f"{model}, {told}",
                        (manager, direct),
                        (segment, language),
                        board,
                        prism_first=first_prism,
                    )
            ours, theirs = (
                board.figure(f"{model}, {told}: {who}", "ms") for who in ("Prism", "faster-whisper")
            )
            board.figure(f"{model}, {told}: ratio of medians", "x", GOAL).add(
                ours.at("p50") / theirs.at("p50")
            )
    finally:
        await manager.aclose()


async def _one(
    name: str,
    engines: tuple[STTManager, _Direct],
    question: tuple[SpeechSegment, str | None],
    board: Board,
    *,
    prism_first: bool,
) -> None:
    """Ask both; compare time and text."""
    manager, direct = engines
    segment, language = question
    texts: dict[str, str] = {}
    for who in ("Prism", "faster-whisper") if prism_first else ("faster-whisper", "Prism"):
        begun = time.perf_counter()
        if who == "Prism":
            texts[who] = (await manager.transcribe(segment, language=language)).text
        else:
            texts[who] = direct.transcribe(segment, language)
        board.figure(f"{name}: {who}", "ms").add((time.perf_counter() - begun) * 1000)
    if len(set(texts.values())) > 1:
        board.remark(f"{name}: Prism heard {texts['Prism']!r}, faster-whisper {texts['faster-whisper']!r}")


class _Direct:
    """faster-whisper as a program without Prism would call it, with Prism's options."""

    def __init__(self, settings: Settings) -> None:
        import faster_whisper

        folder = ModelStore.from_settings(settings.models).resolve(settings.stt.model, "stt")
        threads = max(1, cores() - 1)
        self._beam = settings.stt.beam_size
        self._model: Any = faster_whisper.WhisperModel(
            str(folder), "cpu", compute_type="int8", cpu_threads=threads
        )

    def transcribe(self, segment: SpeechSegment, language: str | None) -> str:
        """The text of a segment."""
        found, _ = self._model.transcribe(
            segment.samples.astype(np.float32) / 32768,
            language=language,
            beam_size=self._beam,
            temperature=(0.0, 0.4),
            condition_on_previous_text=False,
        )
        return " ".join(text for part in found if (text := part.text.strip()))
