"""What becomes of speech in bad sound, and of bad sound without speech: a table of misses, cut onsets and inventions.

    python -m scripts.soak.hearing_table AUDIO_FOLDER [--minutes 10] [--vad silero,webrtc,energy]

The recordings of the folder (its manifest.json has texts and places) go through detector, segmenter, the model that
comes with Prism, and the gate: clean, with white and pink noise at 20, 10 and 5 dB, at -30 dBFS, clipped, and with only
100 ms before the first sound. Then minutes of sound without a word: silence, white and pink noise, and what triggers
detectors: rooms of six and twelve voices (backwards and forwards), chords with a beat, a melody, a hum, claps, coughs.
"reaches the LLM" is what the gate let through. Exit code 1 when any of it reached the LLM. Two and three voices at once
are heard as well, but only told: they are speech, and nothing in the sound says to whom.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config import Settings, load_settings
from scripts.soak.sounds import Floats, as_int16, babble, claps, coughs, hum, level, music, pink, song, white
from stt import (
    SAMPLE_RATE,
    Int16,
    Segmenter,
    SpeechPaused,
    SpeechSegment,
    STTManager,
    create_detector,
    load_audio,
)

CUT_S = 0.05
"""Voice missing from the start of a segment from which an onset counts as cut."""


@dataclass(frozen=True, slots=True)
class Said:
    """A recording and what is known of it."""

    samples: Int16
    text: str
    begin: float
    """Seconds: the first voiced sample."""
    end: float
    """Seconds: the last voiced sample."""


def recordings(folder: Path) -> list[Said]:
    """The folder's recordings."""
    items = json.loads((folder / "manifest.json").read_text("utf-8"))
    return [
        Said(load_audio(folder / i["file"]), i["text"], i["speech_start_s"], i["speech_end_s"]) for i in items
    ]


def noisy(said: Said, noise: Callable[[int, int], Floats], db: float) -> Int16:
    """With noise so many decibels under the voice."""
    voice = level(said.samples[round(said.begin * SAMPLE_RATE) : round(said.end * SAMPLE_RATE)])
    return as_int16(said.samples + noise(len(said.samples), len(said.samples)) * voice * 10 ** (-db / 20))


def scaled(said: Said, dbfs: float) -> Int16:
    """At another level of its voice, dB below full scale."""
    voice = level(said.samples[round(said.begin * SAMPLE_RATE) : round(said.end * SAMPLE_RATE)])
    return as_int16(said.samples.astype(np.float64) * 32768 * 10 ** (dbfs / 20) / voice)


def late(said: Said) -> Int16:
    """Only 100 ms before the first sound: the microphone was opened at the last moment."""
    return said.samples[max(0, round((said.begin - 0.1) * SAMPLE_RATE)) :]


CONDITIONS: dict[str, Callable[[Said], Int16]] = {
    "clean": lambda said: said.samples,
    **{f"white {db} dB": lambda said, db=db: noisy(said, white, db) for db in (20, 10, 5)},  # type: ignore[misc]
    **{f"pink {db} dB": lambda said, db=db: noisy(said, pink, db) for db in (20, 10, 5)},  # type: ignore[misc]
    "-30 dBFS": lambda said: scaled(said, -30),
    "clipped": lambda said: scaled(said, 0),
    "100 ms lead-in": late,
}


@dataclass(slots=True)
class Heard:
    """What came of some audio."""

    segments: list[SpeechSegment]
    through: list[str]
    """Texts that the gate let through."""
    rejected: int = 0


class Ears:
    """Detector, segmenter, recognizer and gate of one detector's settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manager = STTManager.from_settings(settings)

    async def hear(self, samples: Int16, silence_s: float = 2.0) -> Heard:
        """All of it, then so much silence."""
        heard = Heard([], [])
        last: dict[int, SpeechSegment] = {}
        for pause in self._pauses(
            np.concatenate([samples, np.zeros(round(silence_s * SAMPLE_RATE), np.int16)])
        ):
            last[pause.segment.utterance] = pause.segment
        for segment in last.values():
            heard.segments.append(segment)
            transcript = await self._manager.transcribe(segment)
            if self._manager.judge(transcript) is None:
                heard.through.append(transcript.text)
            else:
                heard.rejected += 1
        return heard

    async def aclose(self) -> None:
        await self._manager.aclose()

    def _pauses(self, samples: Int16) -> Iterator[SpeechPaused]:
        detector = create_detector(self._settings.vad)
        size = detector.frame_samples
        segmenter = Segmenter(self._settings, size, itertools.count(1))
        for at in range(0, len(samples) - size + 1, size):
            frame = samples[at : at + size]
            for fact in segmenter.push(frame, detector.probability(frame)):
                if isinstance(fact, SpeechPaused):
                    yield fact


async def speech_row(ears: Ears, sounds: list[Said], change: Callable[[Said], Int16]) -> str:
    """Recordings missed, onsets cut, words wrong, utterances too many."""
    import jiwer

    missed = cut = false = 0
    truth, texts = [], []
    for said in sounds:
        samples = change(said)
        shift = 0.1 - said.begin if change is late and said.begin > 0.1 else 0.0
        heard = await ears.hear(samples)
        missed += not heard.through
        false += max(0, len(heard.through) - 1)
        if heard.segments:
            first = heard.segments[0]
            held_from = first.ended_at - first.duration  # the segment's audio ends a pause after t0
            cut += held_from + 0.13 > said.begin + shift + CUT_S
        truth.append(said.text.casefold())
        texts.append(" ".join(heard.through).casefold())
    return f"{missed:2} missed, {cut:2} cut, {false:2} extra, word error rate {jiwer.wer(truth, texts):.2f}"


async def noise_row(ears: Ears, samples: Int16) -> tuple[str, int]:
    heard = await ears.hear(
        samples, silence_s=0.0
    )  # a crowd does not fall silent at once, leaving half a word
    shown = "; ".join(heard.through[:3])
    line = f"{len(heard.segments):3} utterances, {heard.rejected:3} rejected, {len(heard.through):3} reach the LLM"
    return f"{line} {shown}", len(heard.through)


async def run(folder: Path, minutes: float, detectors: list[str]) -> bool:
    """Whether no noise reached the LLM."""
    sounds, seconds = recordings(folder), minutes * 60
    count = round(seconds * SAMPLE_RATE)
    voices = [said.samples for said in sounds]
    backwards = [samples[::-1] for samples in voices]
    wordless = {
        "silence": np.zeros(count, np.int16),
        **{f"white -{db} dBFS": as_int16(white(count) * 32768 / 10 ** (db / 20)) for db in (40, 20)},
        **{f"pink -{db} dBFS": as_int16(pink(count) * 32768 / 10 ** (db / 20)) for db in (40, 20)},
        "12 voices": babble(voices, 12, seconds),
        "6 voices": babble(voices, 6, seconds),
        "6 backwards": babble(backwards, 6, seconds),
        "chords": music(seconds),
        "melody, drum": song(seconds),
        "hum": hum(seconds),
        "claps": claps(seconds),
        "coughs": coughs(seconds),
    }
    few = {f"{number} voices": babble(voices, number, seconds / 5) for number in (3, 2)}
    clean = True
    for name in detectors:
        ears = Ears(
            load_settings(overrides=("stt.model=prism-tiny", "stt.window=auto", f"vad.backend={name}"))
        )
        for label, change in CONDITIONS.items():
            print(f"{name:7} {label:15} {await speech_row(ears, sounds, change)}", flush=True)
        for label, samples in [*wordless.items(), *few.items()]:
            line, through = await noise_row(ears, samples)
            clean = clean and (not through or label in few)
            print(f"{name:7} {label:15} {len(samples) / SAMPLE_RATE / 60:4.1f} min {line}", flush=True)
        await ears.aclose()
    return clean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--vad", default="silero,webrtc,energy")
    args = parser.parse_args()
    raise SystemExit(not asyncio.run(run(args.folder, args.minutes, args.vad.split(","))))


if __name__ == "__main__":
    main()
