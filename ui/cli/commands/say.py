"""``prism say``: speak a text, aloud or into a file, beginning while the rest is still to come."""

from __future__ import annotations

import difflib
import io
import re
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.options import LANGUAGES, add_json, emit, note, settings_of

if TYPE_CHECKING:
    import argparse
    import threading
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator

    from config import Settings
    from tts import SpeechChunk, TTSManager

    Take = Callable[[SpeechChunk], Awaitable[None]]

READ = 4096
"""Bytes taken from stdin at once, or fewer as they come."""
_VARIANT = re.compile(r"[#+].*")  # a speaker of a Piper voice, a variant of an eSpeak one
_SOUNDS = re.compile(r"[^\W_]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``say TEXT|- [--output FILE] [--voice V] [--backend B] [--lang ..] [--json]``."""
    parser.add_argument("text", nargs="+", metavar="TEXT", help="what to say, or - to read it from stdin")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="write to this .wav, .flac, .ogg or .mp3 instead of speaking",
    )
    parser.add_argument("--voice", metavar="V", help="the voice, such as fr_FR-siwis-medium")
    parser.add_argument("--backend", metavar="B", help="only this engine, such as piper or espeak")
    parser.add_argument(
        "--lang", choices=LANGUAGES, default="auto", help="the language of the text; auto finds out"
    )
    add_json(parser, "one JSON object per sentence spoken")


def run(args: argparse.Namespace) -> int:
    """Say it. Raises TTSError, AudioError, OSError, UsageError, Failure."""
    import asyncio

    backends = [args.backend] if args.backend else None
    settings = settings_of(args, {"tts.voice": args.voice, "tts.backends": backends})
    asyncio.run(_say(args, settings))
    return Exit.DONE


async def _say(args: argparse.Namespace, settings: Settings) -> None:
    from tts import TTSManager, known_backends
    from ui.cli.speech_file import SpeechFile

    if args.backend and args.backend not in known_backends():
        raise UsageError(
            f"There is no voice engine {args.backend}; choose one of {', '.join(known_backends())}."
        )
    file = SpeechFile(args.output) if args.output else None
    manager = TTSManager.from_settings(settings, notify=_switched)
    try:
        if args.voice and args.lang == "auto":
            args.lang = await _voice_language(args.voice, manager) or "auto"
        if file is None:
            await _aloud(args, settings, manager)
        else:

            async def take(chunk: SpeechChunk) -> None:
                file.add(chunk)

            await _speak(args, manager, take)
            file.save()
            note(f"{file.duration:.1f} s of speech are in {args.output}")
    finally:
        await manager.aclose()


async def _aloud(args: argparse.Namespace, settings: Settings, manager: TTSManager) -> None:
    from common.clock import LiveClock
    from pipeline import Speaker
    from ui.cli.speech_file import Evener

    audio = settings.audio
    speaker = Speaker(
        LiveClock(),
        audio.output_device,
        settings.turn.hold_s,
        restore_s=audio.restore_s,
        volume=audio.volume,
    )
    try:
        await speaker.open()
        evener = Evener(speaker.sample_rate)

        async def take(chunk: SpeechChunk) -> None:
            await speaker.write(evener.feed(chunk))

        await _speak(args, manager, take)
        await speaker.write(evener.rest())
        await speaker.drain()
    finally:
        await speaker.aclose()


async def _speak(args: argparse.Namespace, manager: TTSManager, take: Take) -> None:
    """Every piece of the text through the engine and into ``take``."""
    spoken = 0
    async with aclosing(_pieces(args.text)) as pieces:
        async for piece in pieces:
            if not _SOUNDS.search(piece):
                continue
            language = _language_of(piece) if args.lang == "auto" else args.lang
            async with aclosing(manager.speak(piece, language=language)) as chunks:
                await _pass_on(chunks, language, take, json_lines=args.json)
            spoken += 1
    if not spoken:
        raise Failure(Exit.USAGE, "There is nothing to say: the text has neither a letter nor a digit.")


async def _pass_on(
    chunks: AsyncIterator[SpeechChunk], language: str, take: Take, *, json_lines: bool
) -> None:
    text, backend, cached, seconds = "", "", False, 0.0
    async for chunk in chunks:
        text, backend, cached = chunk.text, chunk.backend, chunk.from_cache
        seconds += chunk.duration
        await take(chunk)
    if json_lines:
        emit(
            {
                "event": "said",
                "text": text.strip(),
                "language": language,
                "backend": backend,
                "from_cache": cached,
                "duration_s": round(seconds, 3),
            }
        )


def _language_of(text: str) -> str:
    from llm import guess_language

    return guess_language([text])


async def _voice_language(voice: str, manager: TTSManager) -> str | None:
    """The language of a voice that was asked for by name; None when it speaks several or is a file.

    Raises UsageError for an unknown voice, Failure for one that must be fetched first.
    """
    offered = await manager.voices()
    known = {name.casefold(): found for found in offered for name in (found.language, found.name)}
    name = _VARIANT.sub("", voice).casefold()
    is_file = "/" in name or "\\" in name or name.endswith(".onnx")
    if is_file or any(found.language == "*" for found in offered):
        return None
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {known[close[0]].name}?" if close else "."
        raise UsageError(f"There is no voice {voice}{hint}")
    found = known[name]
    if not found.installed:
        advice = f"get it with: prism models pull {found.name}"
        raise Failure(Exit.MISSING, f"The voice {found.name} is not installed; {advice}")
    return found.language[:2]


def _switched(_before: str, after: str, reason: str) -> None:
    note(f"{after} speaks: {reason}")


async def _pieces(words: list[str]) -> AsyncGenerator[str, None]:
    """The text in pieces worth speaking, as soon as each is certain."""
    from tts import SentenceSplitter

    splitter = SentenceSplitter(early=False)
    async with aclosing(_texts(words)) as texts:
        async for text in texts:
            for piece in splitter.feed(text):
                yield piece
            if text.endswith("\n"):  # the writer of a line waits to hear it
                for piece in splitter.flush():
                    yield piece
    for piece in splitter.flush():
        yield piece


async def _texts(words: list[str]) -> AsyncGenerator[str, None]:
    if words != ["-"]:
        yield " ".join(words)
        return
    from common.worker import Worker

    worker = Worker("stdin")
    try:
        async with aclosing(worker.stream(_read_stdin)) as texts:
            async for text in texts:
                yield text
    finally:
        worker.close()


def _read_stdin(_stop: threading.Event) -> Iterator[str]:
    """Text as it arrives, however few bytes at a time."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
    source = sys.stdin.buffer
    read = source.read1 if isinstance(source, io.BufferedIOBase) else source.read
    while data := read(READ):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)
