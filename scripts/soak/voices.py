"""Many conversations speak at once through one eSpeak, for an hour of audio: no crash, and never another's words.

    python -m scripts.soak.voices [--conversations 8] [--audio-s 3600]

Each conversation has a language, a voice and sentences of its own. What it is given is compared with what the same
voice said alone: the length, and the spectrum in steps of 20 ms (eSpeak is not exact to the sample). Another sentence,
or the same one by another voice, differs in both; how much is measured and printed beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
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
BANDS = 24
"""Of the spectrum, up to 5.5 kHz."""

SHIFT = 4
"""Steps by which two tellings of the same words may differ in length and in their beginning."""

Picture = npt.NDArray[np.float64]
"""The logarithm of the energy, steps of 20 ms by bands."""


@dataclass
class Heard:
    """What one conversation was given."""

    seconds: float = 0.0
    worst: float = 1.0
    """Least likeness to what was asked for."""
    others: float = 0.0
    """Greatest likeness of what others said to what was asked for."""


def sentence(language: str, number: int) -> str:
    """A sentence that no other conversation says."""
    words = random.Random(number).sample(WORDS[language], len(WORDS[language]))
    return f"{number} {' '.join(words)}."


async def spoken(manager: TTSManager, text: str, language: str) -> Picture:
    """What a sentence sounds like."""
    async with aclosing(manager.speak(text, language=language)) as chunks:
        parts = [chunk async for chunk in chunks]
    samples, size = np.concatenate([part.samples for part in parts]), parts[0].sample_rate // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size) * np.hanning(size)
    energy = np.abs(np.fft.rfft(frames))[:, : size // 4] ** 2
    edges = np.linspace(0, energy.shape[1], BANDS + 1).astype(int)[:-1]
    picture: Picture = np.log10(np.add.reduceat(energy, edges, axis=1) + 1e4)
    return picture


def likeness(found: Picture, wanted: Picture) -> float:
    """1 for the same sound, 0 for another length; a beginning that is cut a little earlier or later is the same."""
    if abs(len(found) - len(wanted)) > SHIFT:
        return 0.0
    best = 0.0
    for late in range(-SHIFT, SHIFT + 1):
        one, other = found[max(0, late) :], wanted[max(0, -late) :]
        size = min(len(one), len(other))
        best = max(best, float(np.corrcoef(one[:size].ravel(), other[:size].ravel())[0, 1]))
    return best


async def converse(number: int, alone: list[Picture], until_s: float) -> Heard:
    """One conversation: its ten sentences over and over."""
    language, voice = VOICES[number % len(VOICES)]
    manager, heard = TTSManager([EspeakSynthesizer()], voice=voice), Heard()
    place = 0
    while heard.seconds < until_s:
        found = await spoken(manager, sentence(language, number * 10 + place), language)
        like = likeness(found, alone[place])
        heard.worst = min(heard.worst, like)
        heard.seconds += len(found) * 0.02
        place = (place + 1) % len(alone)
    return heard


async def soak(conversations: int, audio_s: float) -> list[Heard]:
    """All at once, against what each says alone."""
    alone: list[list[Picture]] = []
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
    everything = [(number, picture) for number, said in enumerate(alone) for picture in said]
    heard = [task.result() for task in tasks]
    for number, each in enumerate(heard):
        own = alone[number]
        each.others = max(
            likeness(picture, wanted) for other, picture in everything for wanted in own if other != number
        )
    return heard


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=8)
    parser.add_argument("--audio-s", type=float, default=3600.0)
    options = parser.parse_args()
    begun, threads = time.monotonic(), threading.active_count()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    heard = asyncio.run(soak(options.conversations, options.audio_s))
    worst, others = min(each.worst for each in heard), max(each.others for each in heard)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{sum(each.seconds for each in heard):.0f} s of audio in {time.monotonic() - begun:.0f} s by "
        f"{options.conversations} conversations; likeness to what was asked for at least {worst:.4f}, of what "
        f"others said at most {others:.4f}; peak memory +{memory:.1f} MB, "
        f"threads {threads} -> {threading.active_count()}"
    )
    return 0 if worst > others else 1


if __name__ == "__main__":
    sys.exit(main())
