"""``prism transcribe``: write down what is said in sound files, piece by piece as it is understood."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import Exit
from ui.cli.options import add_json, add_language, emit, note, settings_of, tell
from ui.cli.progress import fetching

if TYPE_CHECKING:
    import argparse

    from stt import STTManager, Transcript

FORMATS = ("text", "json", "srt", "vtt")
CHECK_S = 60.0
"""Seconds that are decoded at once to see that a recording can be read to its end."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that can be read to its end."""

    name: str
    """As the user gave it."""
    path: Path
    duration: float
    """Seconds."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``transcribe FILE... [--format text|json|srt|vtt] [--lang fr|en|auto]``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a recording, or - for WAV on stdin")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how to write it down (default: text)"
    )
    parser.add_argument(
        "--rate", type=int, metavar="HZ", help="with -: raw 16-bit mono samples at this rate, no WAV"
    )
    add_language(parser)
    add_json(parser, "the same as --format json: one JSON object per recording and line")


def run(args: argparse.Namespace) -> int:
    """Transcribe every file; the exit code is 4 when one of them could not be read. Raises STTError."""
    import asyncio

    if args.json:
        args.format = "json"
    return asyncio.run(_transcribe(args))


async def _transcribe(args: argparse.Namespace) -> Exit:
    from common.worker import Worker
    from stt import AudioUnreadable, STTManager, STTRejected

    settings = settings_of(args, {"stt.language": args.lang})
    code = Exit.DONE
    with fetching() as progress, tempfile.TemporaryDirectory(prefix="prism-") as folder:
        manager = STTManager.from_settings(settings, progress=progress)
        reader = Worker("prism-reader")
        try:
            for name in args.files:
                try:
                    recording = await reader.run(_recording, name, Path(folder), args.rate)
                    await _one(recording, args, manager)
                except (AudioUnreadable, STTRejected) as error:
                    tell(str(error))
                    code = Exit.UNREADABLE
        finally:
            reader.close()
            await manager.aclose()
    return code


async def _one(recording: Recording, args: argparse.Namespace, manager: STTManager) -> None:
    """One recording, understood and written. Raises STTError."""
    from ui.cli import transcripts

    await manager.warm()
    written = _Written(args.format, recording.name if len(args.files) > 1 else None)
    pieces: list[tuple[float, Transcript]] = []
    began = time.perf_counter()
    async with aclosing(manager.transcribe_file(recording.path)) as heard:
        async for start, transcript in heard:
            pieces.append((start, transcript))
            written.add(start, transcript)
    if args.format == "json":
        took = time.perf_counter() - began
        emit(transcripts.record(recording.name, pieces, recording.duration, took))
    elif not pieces:
        note(f"{recording.name}: nothing is said in it.")


class _Written:
    """Writes the pieces of one recording on stdout as they come; JSON waits for the whole."""

    def __init__(self, kind: str, name: str | None) -> None:
        """``name`` is repeated where several recordings follow each other in one output."""
        self._kind = kind
        self._name = name
        self._cues = 0
        if kind == "vtt":
            self._write(f"WEBVTT {name or ''}".strip() + "\n")

    def add(self, start: float, transcript: Transcript) -> None:
        """One piece that begins at ``start`` (s)."""
        from ui.cli import transcripts

        if self._kind == "text":
            self._write(f"{self._name}: {transcript.text.strip()}" if self._name else transcript.text.strip())
        elif self._kind in {"srt", "vtt"}:
            for cue in transcripts.cues(start, transcript):
                self._cues += 1
                self._write(transcripts.srt(self._cues, cue) if self._kind == "srt" else transcripts.vtt(cue))

    def _write(self, line: str) -> None:
        print(line, flush=True)


def _recording(name: str, folder: Path, rate: int | None) -> Recording:
    """Find a recording and read it to its end: a header may lie. Stdin is written down, because it is read twice.

    Raises AudioUnreadable, before any model is loaded.
    """
    from stt import SAMPLE_RATE, audio_blocks

    path = _written_down(folder / "stdin.wav", rate) if name == "-" else Path(name)
    samples = sum(len(block) for block in audio_blocks(path, CHECK_S))
    return Recording(name, path, samples / SAMPLE_RATE)


def _written_down(path: Path, rate: int | None) -> Path:
    import wave

    from stt import SAMPLE_RATE, read_audio_stream

    blocks = read_audio_stream(sys.stdin.buffer, rate, seconds=CHECK_S)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for block in blocks:
            file.writeframes(block.tobytes())
    return path
