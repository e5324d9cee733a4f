"""Utterances with a pause inside: which are answered too early, and is any lost or answered twice?

    python -m scripts.soak.pauses [FOLDER] [--speculate on|off]

Each recording of FOLDER (one with a manifest.json; the demo's by default) is cut at the quietest place in the middle
of its speech, a pause is put in, and the whole is heard by the real detector and the real tiny recognizer in a
conversation with ``--fast``. The table tells, for each length of the pause, how many utterances became one turn, how
many were answered at the pause and again at the end (answered too early), and how many were lost or answered twice,
which must be none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from config import load_settings
from llm import Scripted, say
from pipeline import (
    BlockSource,
    ConversationIO,
    PipelineEvent,
    PipelineOrchestrator,
    Rooms,
    TimelineSink,
    TranscriptFinal,
    TurnCompleted,
    TurnInterrupted,
)
from stt import SAMPLE_RATE, STTManager, load_audio
from tts import ScriptedSynthesizer, SpeechScript, TTSManager

if TYPE_CHECKING:
    from config import Settings
    from stt import Int16

DEMO = Path(__file__).parents[2] / "ui" / "assets" / "demo"
PAUSES_MS = (150, 300, 450, 600, 800, 1000, 1250, 1500)
EDGE = 0.3
"""Share of the speech at either end in which no cut is looked for."""


@dataclass
class Heard:
    """What one utterance led to."""

    finals: int = 0
    answers: int = 0

    def notify(self, event: PipelineEvent) -> None:
        """Count."""
        self.finals += isinstance(event, TranscriptFinal)
        self.answers += isinstance(event, TurnCompleted | TurnInterrupted)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DEMO)
    parser.add_argument("--speculate", choices=("on", "off"), default="on")
    args = parser.parse_args()
    speculate = f"turn.speculate={args.speculate == 'on'}"
    settings = load_settings(None, ["stt.model=prism-tiny", speculate], {})
    print("pause ms   one turn   answered early   lost   answered twice")
    for pause_ms in PAUSES_MS:
        counts = asyncio.run(_row(args.folder, pause_ms, settings))
        cells = (counts[kind] for kind in ("one", "early", "lost", "twice"))
        print(f"{pause_ms:8d} " + "".join(f"{cell:11d}" for cell in cells), flush=True)


async def _row(folder: Path, pause_ms: int, settings: Settings) -> Counter[str]:
    counts: Counter[str] = Counter()
    stt = STTManager.from_settings(settings)
    await stt.warm()
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        speech = (entry["speech_start_s"], entry["speech_end_s"])
        paused = with_pause(load_audio(folder / entry["file"]), speech, pause_ms)
        heard = await _converse(paused, stt, settings)
        counts[kind(heard)] += 1
    await stt.aclose()
    return counts


def kind(heard: Heard) -> str:
    """The column of one utterance."""
    if heard.finals == 0:
        return "lost"
    if heard.answers > heard.finals:
        return "twice"
    return "one" if heard.finals == 1 else "early"


def with_pause(samples: Int16, speech: tuple[float, float], pause_ms: int) -> Int16:
    """``samples`` cut at the quietest 20 ms in the middle of ``speech`` (s), with ``pause_ms`` of its own silence."""
    step = SAMPLE_RATE // 50
    start, end = (round(at * SAMPLE_RATE) for at in speech)
    edge = round((end - start) * EDGE)
    places = range(start + edge, max(end - edge, start + edge + 1), step)
    cut = min(places, key=lambda at: float(np.abs(samples[at : at + step].astype(np.int32)).sum()))
    quiet = samples[: max(step, start - step)]
    silence = np.resize(quiet, pause_ms * SAMPLE_RATE // 1000)
    return np.concatenate([samples[:cut], silence, samples[cut:]])


async def _converse(samples: Int16, stt: STTManager, settings: Settings) -> Heard:
    heard = Heard()
    rooms = Rooms(
        stt,
        Scripted([say("All right then, here is what you asked for.")] * 20),
        TTSManager([ScriptedSynthesizer(SpeechScript())]),
    )
    io = ConversationIO(
        BlockSource(lambda: iter([samples])), lambda clock: TimelineSink(clock, hold_s=20), [heard], fast=True
    )
    await PipelineOrchestrator(rooms, io, settings).run()
    return heard


if __name__ == "__main__":
    main()
