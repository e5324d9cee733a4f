"""A process of its own in which a voice's engine is called without Prism, as its documentation shows.

    python -m ui.bench.engine_alone espeak en-us      python -m ui.bench.engine_alone piper VOICE.onnx

A JSON string per line on stdin is spoken; the answer is a line of JSON: ``chunk_ms`` from the call to the first audible
chunk, ``silence_ms`` that it begins with, ``since_start_ms`` from the first line of this file to that chunk.
Nothing of a room of Prism may be imported here.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import ctypes  # noqa: E402  # the clock of a cold start runs from the first line on
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402

from ui.bench.loudness import first_audible  # noqa: E402

Int16 = npt.NDArray[np.int16]
SYNCHRONOUS, BLOCK_MS, UTF8 = 2, 60, 1
"""Of speak_lib.h; the length of a block is Prism's."""
Speak = Callable[[str, Callable[[Int16], None]], int]
"""Speaks a text into a callback of blocks; the sample rate."""


def espeak(voice: str) -> Speak:
    """eSpeak NG through its C interface."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = int(library.espeak_Initialize(SYNCHRONOUS, BLOCK_MS, espeakng_loader.get_data_path().encode(), 0))
    library.espeak_SetVoiceByName(voice.encode())
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

    def speak(text: str, take: Callable[[Int16], None]) -> int:
        def block(wav: int | None, count: int, _: int | None) -> int:
            if wav and count > 0:
                take(np.frombuffer(ctypes.string_at(wav, count * 2), np.int16))
            return 0

        callback = kind(block)
        library.espeak_SetSynthCallback(callback)
        encoded = text.encode()
        library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded) + 1), 0, 0, 0, UTF8, None, None)
        return rate

    return speak


def piper(model: str) -> Speak:
    """Piper through its Python interface."""
    from piper import PiperVoice

    voice = PiperVoice.load(Path(model))

    def speak(text: str, take: Callable[[Int16], None]) -> int:
        for chunk in voice.synthesize(text):
            take(np.frombuffer(chunk.audio_int16_bytes, np.int16))
        return int(voice.config.sample_rate)

    return speak


ENGINES: dict[str, Callable[[str], Speak]] = {"espeak": espeak, "piper": piper}


def answers(speak: Speak, texts: Iterator[str]) -> Iterator[dict[str, float]]:
    """What was measured, for each text."""
    for text in texts:
        blocks: list[tuple[float, Int16]] = []
        begun = time.perf_counter()
        rate = speak(text, lambda samples, kept=blocks: kept.append((time.perf_counter(), samples)))  # type: ignore[misc]
        silent = 0
        for at, samples in blocks:
            place = first_audible(samples)
            if place is not None:
                yield {
                    "chunk_ms": (at - begun) * 1000,
                    "silence_ms": (silent + place) / rate * 1000,
                    "since_start_ms": (at - STARTED) * 1000,
                }
                break
            silent += len(samples)


if __name__ == "__main__":
    for answer in answers(ENGINES[sys.argv[1]](sys.argv[2]), (json.loads(line) for line in sys.stdin)):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
