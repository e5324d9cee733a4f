"""The program that ``piper_cli`` keeps running: one Piper voice behind its stdin and stdout.

    python -m tts.piper_child MODEL [NOISE_SCALE NOISE_W]

In: one JSON object per line, ``{"text", "speaker", "speed"}``. Out: frames, each a line of JSON with the bytes that it
announces: ``{"ready": rate}`` once, then per request ``{"size": n}`` and n bytes of little-endian int16 per sentence,
ended by ``{"end": true}`` or ``{"error": sentence, "kind": class name}``. It ends with its stdin, so never outlives
its parent, and leaves Ctrl-C to that one. Nothing of Prism's configuration is read here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tts.base import TTSError
from tts.piper_voice import LoadedVoice, PiperStyle

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the frames
    noise = [float(text) if text != "None" else None for text in arguments[1:3]]
    voice = LoadedVoice(Path(arguments[0]), PiperStyle(*noise))
    try:
        voice.load()
    except TTSError as error:
        _fail(out, error)
        return 1
    _line(out, {"ready": voice.sample_rate})
    for request in sys.stdin.buffer:
        _answer(out, voice, json.loads(request))
    return 0


def _answer(out: IO[bytes], voice: LoadedVoice, request: dict[str, object]) -> None:
    speaker = request["speaker"]
    try:
        spoken = voice.say(
            str(request["text"]), None if speaker is None else str(speaker), float(str(request["speed"]))
        )
        for samples in spoken:
            sound = samples.astype("<i2").tobytes()
            out.write(json.dumps({"size": len(sound)}).encode() + b"\n" + sound)
            out.flush()
    except TTSError as error:
        _fail(out, error)
    else:
        _line(out, {"end": True})


def _fail(out: IO[bytes], error: TTSError) -> None:
    _line(out, {"error": str(error), "kind": type(error).__name__})


def _line(out: IO[bytes], message: dict[str, object]) -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
