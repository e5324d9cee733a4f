"""Words while the user still speaks: how soon they come, and what they cost the decode that counts.

    python -m scripts.soak.captions AUDIO_FOLDER [--model prism-tiny] [--window auto] [--rounds 1]

The recordings of the folder (one with a manifest.json) are each held as a conversation in real time, with the real
detector and recognizer and a scripted reply, once with ``stt.captions: off`` and once with ``auto`` and ``on``. The
table tells the time from the pause to the words (``stt_done`` - ``pause``), captions for each utterance, how soon after
the onset the first word was shown and the first was committed, and whether a committed word changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from config import Settings, load_settings
from llm import Scripted, say
from pipeline import (
    BlockSource,
    ConversationIO,
    PipelineEvent,
    PipelineOrchestrator,
    QualityChanged,
    Rooms,
    SpeechStartedEvent,
    TimelineSink,
    TranscriptPartial,
    TurnCompleted,
)
from stt import STTManager, load_audio
from tts import ScriptedSynthesizer, SpeechScript, TTSManager

MODES = ("off", "auto", "on")


@dataclass(slots=True)
class Seen:
    """What one mode showed."""

    decode_ms: list[float] = field(default_factory=list)
    """From the pause to the words."""
    first_s: list[float] = field(default_factory=list)
    """From the onset to the first word shown."""
    committed_s: list[float] = field(default_factory=list)
    """From the onset to the first word that stays."""
    captions: int = 0
    changed: int = 0
    """Committed words that changed."""
    rested: int = 0
    """Times that captions were given up."""


class Watch:
    """An observer of one conversation."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._onset = 0.0
        self._shown = False
        self._committed = ""

    def notify(self, event: PipelineEvent) -> None:
        """Take note."""
        seen = self._seen
        match event:
            case SpeechStartedEvent():
                self._onset, self._shown, self._committed = event.started_at, False, ""
            case TranscriptPartial(committed=str(committed)):
                seen.captions += 1
                seen.changed += not committed.startswith(self._committed)
                if not self._shown:
                    seen.first_s.append(event.t - self._onset)
                if committed and not self._committed:
                    seen.committed_s.append(event.t - self._onset)
                self._shown, self._committed = True, committed
            case TurnCompleted(latency=latency) if latency and "stt_done" in latency:
                seen.decode_ms.append(latency["stt_done"] - latency["pause"])
            case QualityChanged(what="captions", to="off"):
                seen.rested += 1


async def hold(path: Path, rooms: Rooms, settings: Settings, seen: Seen) -> None:
    """One recording as a conversation."""
    source = BlockSource(lambda: iter([load_audio(path)]))
    io = ConversationIO(source, partial(TimelineSink, hold_s=20), [Watch(seen)], once=True)
    await PipelineOrchestrator(rooms, io, settings).run()


async def run(folder: Path, overrides: list[str], rounds: int) -> dict[str, Seen]:
    """All recordings in all modes, turn about, so that what else the machine does falls on all alike."""
    files = [folder / item["file"] for item in json.loads((folder / "manifest.json").read_text("utf-8"))]
    found = {mode: Seen() for mode in MODES}
    settings = {mode: load_settings(None, [*overrides, f"stt.captions={mode}"], {}) for mode in MODES}
    stt = STTManager.from_settings(settings["off"])
    await stt.warm()
    for path in files * rounds:
        for mode in MODES:
            voice = TTSManager([ScriptedSynthesizer(SpeechScript())])
            rooms = Rooms(stt, Scripted([say("Yes.")] * 9), voice)
            await hold(path, rooms, settings[mode], found[mode])
    await stt.aclose()
    return found


def line(mode: str, seen: Seen) -> str:
    """A row of the table."""
    late = sorted(seen.decode_ms)[int(len(seen.decode_ms) * 0.9)] if seen.decode_ms else 0.0
    cells = [f"{mode:5} words after {statistics.median(seen.decode_ms):4.0f} ms, p90 {late:4.0f} ms"]
    cells.append(f"{seen.captions:4} captions, {seen.changed} changed, rested {seen.rested} times")
    for name, times in (("first", seen.first_s), ("committed", seen.committed_s)):
        if times:
            early = sum(time < 0.8 for time in times)
            cells.append(f"{name} after {statistics.median(times):.2f} s, {early}/{len(times)} under 0.8 s")
    return "; ".join(cells)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="prism-tiny")
    parser.add_argument("--window", default="auto", choices=("auto", "full"))
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    overrides = [f"stt.model={args.model}", f"stt.window={args.window}", "stt.cache=0", "history.save=false"]
    found = asyncio.run(run(args.folder, overrides, args.rounds))
    for mode, seen in found.items():
        print(line(mode, seen))
    raise SystemExit(any(seen.changed for seen in found.values()))


if __name__ == "__main__":
    main()
