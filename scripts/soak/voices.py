"""Many conversations speak at once through one eSpeak, for an hour of audio: no crash, and never another's words.

    python -m scripts.soak.voices [--conversations 8] [--audio-s 3600]

Each conversation has a language, a voice and sentences of its own. What it is given is compared with what the same
voice said alone: the length, and the envelope in steps of 20 ms (eSpeak is not exact to the sample). A sentence of
another conversation would differ in both. Prints the audio made, the worst likeness, memory, threads.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import threading
import time
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts import TTSManager
from tts.backends.espeak import EspeakSynthesizer
from tts.loudness import frame_levels

VOICES = [
    ("fr", "fr"),
    ("en", "en-us"),
    ("fr", "fr-be"),
    ("en", "en-gb"),
    ("fr", "fr+f3"),
    ("en", "en-us+m3"),
]
WORDS = {
    "fr": "Le chat noir dort sur la table verte pendant que la pluie tombe doucement dehors.".split(),
    "en": "The black cat sleeps on the green table while the rain falls softly outside.".split(),
}
LIKE = 0.9
"""Least correlation of two envelopes of the same words by the same voice: 0.95 was seen, 0.6 for other words."""

Levels = npt.NDArray[np.float64]


@dataclass
class Heard:
    """What one conversation was given."""

    seconds: float = 0.0
    worst: float = 1.0
    """Least likeness."""
    faults: int = 0


def sentence(language: str, number: int) -> str:
    """A sentence that no other conversation says."""
    words = WORDS[language]
    turned = words[number % len(words) :] + words[: number % len(words)]
    return f"{' '.join(turned)} {number}."


async def spoken(manager: TTSManager, text: str, language: str) -> Levels:
    """The envelope of a sentence."""
    async with aclosing(manager.speak(text, language=language)) as chunks:
        parts = [chunk async for chunk in chunks]
    return frame_levels(np.concatenate([part.samples for part in parts]), parts[0].sample_rate)


def likeness(found: Levels, wanted: Levels) -> float:
    """1 for the same sound, 0 for another length."""
    if abs(len(found) - len(wanted)) > 2:
        return 0.0
    size = min(len(found), len(wanted))
    return float(np.corrcoef(found[:size], wanted[:size])[0, 1])


async def converse(number: int, alone: list[Levels], until_s: float) -> Heard:
    """One conversation: its ten sentences over and over."""
    language, voice = VOICES[number % len(VOICES)]
    manager, heard = TTSManager([EspeakSynthesizer()], voice=voice), Heard()
    place = 0
    while heard.seconds < until_s:
        found = await spoken(manager, sentence(language, number * 10 + place), language)
        like = likeness(found, alone[place])
        heard.worst = min(heard.worst, like)
        heard.faults += like < LIKE
        heard.seconds += len(found) * 0.02
        place = (place + 1) % len(alone)
    return heard


async def soak(conversations: int, audio_s: float) -> list[Heard]:
    """All at once, against what each says alone."""
    alone: list[list[Levels]] = []
    for number in range(conversations):
        language, voice = VOICES[number % len(VOICES)]
        manager = TTSManager([EspeakSynthesizer()], voice=voice)
        alone.append(
            [await spoken(manager, sentence(language, number * 10 + n), language) for n in range(10)]
        )
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(converse(number, alone[number], audio_s / conversations))
            for number in range(conversations)
        ]
    return [task.result() for task in tasks]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=8)
    parser.add_argument("--audio-s", type=float, default=3600.0)
    options = parser.parse_args()
    begun, threads = time.monotonic(), threading.active_count()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    heard = asyncio.run(soak(options.conversations, options.audio_s))
    faults = sum(each.faults for each in heard)
    print(
        f"{sum(each.seconds for each in heard):.0f} s of audio in {time.monotonic() - begun:.0f} s, "
        f"{options.conversations} conversations, {faults} faults, worst likeness {min(h.worst for h in heard):.4f}, "
        f"peak memory +{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.1f} MB, "
        f"threads {threads} -> {threading.active_count()}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
