"""What ``prism doctor`` looks at: one function per part of Prism, each trying the real thing.

A check gives findings and never raises for what it looks for: the sentence of the room's own error is the advice.
How findings are shown, and what they mean for the exit code, is not decided here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from config import Settings
    from llm import Found
    from tts import Synthesizer

    Check = Callable[[Settings], Awaitable["Finding"]]

State = Literal["ok", "warn", "fail"]
PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest Python that Prism is tested with."""
ROOM_BYTES = 2_000_000_000
"""Free disk space from which any recognizer but the largest can be fetched."""
WORDS = {"fr": "Bonjour.", "en": "Hello."}
SPEAK_LIMIT_S = 20.0
"""Longest wait for a voice to load and say one word."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    state: State
    """``fail`` when a spoken conversation cannot work without it."""
    detail: str
    """One sentence: what there is, or what is wrong and what to do."""


async def all_findings(settings: Settings) -> AsyncIterator[Finding]:
    """Every check but the configuration's, one after the other, each as soon as it is done."""
    from ui.cli.desktop_check import desktop
    from ui.cli.recognizer_check import recognizers

    yield python(sys.version_info[:2])
    yield log_folder()
    async for finding in sound(settings):
        yield finding
    yield await detector(settings)
    async for finding in recognizers(settings):
        yield finding
    async for finding in voices(settings):
        yield finding
    async for finding in mcp_servers(settings):
        yield finding
    checks: tuple[Check, ...] = (language_model, disk, graphics_card, journal)
    for check in checks:
        yield await check(settings)
    async for finding in desktop(settings):
        yield finding


def python(version: tuple[int, int]) -> Finding:
    """Whether this Python is one that Prism is tested with."""
    oldest, newest = PYTHONS
    shown = ".".join(map(str, version))
    if oldest <= version <= newest:
        return Finding("python", "ok", f"Python {shown}")
    wanted = f"{oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}"
    return Finding("python", "warn", f"Python {shown} is not tested; use {wanted}.")


def log_folder() -> Finding:
    """Whether a log can be written."""
    from config import log_file

    file = log_file()
    if _writable(file.parent):
        return Finding("log", "ok", str(file))
    return Finding("log", "warn", f"{file.parent} cannot be written to, so there is no log.")


def _writable(folder: Path) -> bool:
    """Whether a folder can be written to, or made."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return there.is_dir() and os.access(there, os.W_OK)


async def sound(settings: Settings) -> AsyncIterator[Finding]:
    """PortAudio, the microphone and the speaker that a conversation would use."""
    from common.audio_host import AudioError, choose
    from ui.cli.commands.devices import listed

    try:
        found = await listed()
    except AudioError as error:
        yield Finding("sound", "fail", str(error))
        return
    yield Finding("sound", "ok", f"PortAudio lists {len(found)} devices")
    roles = (
        ("microphone", "input", settings.audio.input_device),
        ("speaker", "output", settings.audio.output_device),
    )
    for name, kind, wanted in roles:
        try:
            device = choose(found, "input" if kind == "input" else "output", wanted)
        except AudioError as error:
            yield Finding(name, "fail", str(error))
        else:
            yield Finding(name, "ok", f"{device.name} ({device.host_api})")


async def detector(settings: Settings) -> Finding:
    """The voice detector hears a frame of silence."""
    import numpy as np

    from stt import STTError, create_detector

    try:
        heard = create_detector(settings.vad)
        heard.probability(np.zeros(heard.frame_samples, np.int16))
    except STTError as error:
        return Finding("voice detector", "fail", str(error))
    return Finding("voice detector", "ok", settings.vad.backend)


async def voices(settings: Settings) -> AsyncIterator[Finding]:
    """Each voice engine says a word in each language; one that works is enough."""
    from tts import TTSError, create_synthesizer

    language = settings.stt.language
    languages = tuple(WORDS) if language == "auto" else (language,)
    findings = []
    for name in settings.tts.backends:
        try:
            synthesizer = create_synthesizer(name, settings)
            spoken = [f"{tongue} {await _one_word(synthesizer, tongue)}" for tongue in languages]
        except TTSError as error:
            findings.append(Finding(f"voice {name}", "warn", str(error)))
        except TimeoutError:
            findings.append(
                Finding(f"voice {name}", "warn", f"{name} says nothing; try it with: prism say hello")
            )
        else:
            findings.append(Finding(f"voice {name}", "ok", ", ".join(spoken)))
    works = any(finding.state == "ok" for finding in findings)
    for finding in findings:
        yield finding if works else Finding(finding.name, "fail", finding.detail)


async def _one_word(synthesizer: Synthesizer, language: str) -> str:
    """How long a word took; the engine is closed afterwards."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    samples = 0
    try:
        async with asyncio.timeout(SPEAK_LIMIT_S):
            speech = synthesizer.speak(WORDS[language], language=language, voice=None, speed=1.0)
            async with aclosing(speech) as chunks:
                async for chunk in chunks:
                    samples += len(chunk.samples)
    finally:
        await synthesizer.aclose()
    if not samples:
        raise TimeoutError
    return f"in {(loop.time() - began) * 1000:.0f} ms"


async def mcp_servers(settings: Settings) -> AsyncIterator[Finding]:
    """Each MCP server of the configuration starts and lists its tools."""
    from pipeline import connect_mcp

    async with asyncio.TaskGroup() as services:
        servers = await connect_mcp(settings.mcp, services)
        for server in servers:
            server.close()
    for server in servers:
        names = ", ".join(tool.spec.name for tool in server.tools)
        told = server.problem or (f"its tools: {names}" if names else "it has no tools")
        yield Finding(f"tools {server.name}", "warn" if server.problem else "ok", told)


def chosen(found: Found, model: str) -> str:
    """Which server and which of its models a conversation would take."""
    taken = found.models[0] if model == "auto" else model
    others = [name for name in found.models if name != taken]
    missing = "" if taken in found.models else " (which it does not list)"
    return f"{found.server} at {found.base_url}: {taken}{missing}" + (
        f"; it also has {', '.join(others)}" if others else ""
    )


async def language_model(settings: Settings) -> Finding:
    """The server that a conversation would talk to."""
    from llm import LLMError, create_chat_model, discover, last_used, probed

    url = settings.llm.base_url
    if url == "builtin":
        return Finding("language model", "ok", "the built-in responder, which is no language model")
    if url == "auto":
        found = await discover(last=last_used())
        if found is None:
            looked = ", ".join(probed())
            return Finding(
                "language model",
                "warn",
                f"No server answers, so only the built-in responder will; start one of {looked} or set llm.base_url.",
            )
        return Finding("language model", "ok", chosen(found, settings.llm.model))
    try:
        model = create_chat_model(settings.llm, base_url=url)
        try:
            await model.warm()
        finally:
            await model.aclose()
    except LLMError as error:
        return Finding("language model", "fail", str(error))
    return Finding("language model", "ok", url)


async def disk(settings: Settings) -> Finding:
    """Room for another model."""
    from config import ModelStore

    root = ModelStore.from_settings(settings.models).root
    folder = next(parent for parent in (root, *root.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1e9:.1f} GB free in {folder}"
    if free >= ROOM_BYTES:
        return Finding("disk", "ok", shown)
    return Finding(
        "disk", "warn", f"{shown}: too little for a large model; free some or set models.dir elsewhere."
    )


async def graphics_card(settings: Settings) -> Finding:
    """Whether speech is recognized on a card."""
    try:
        import ctranslate2
    except ImportError:
        return Finding(
            "graphics card", "warn", "CTranslate2 is not installed; get it with: pip install ctranslate2"
        )
    count = ctranslate2.get_cuda_device_count()
    if count:
        return Finding("graphics card", "ok", f"{count} NVIDIA card{'s' if count > 1 else ''}")
    if settings.stt.device == "cuda":
        return Finding(
            "graphics card", "fail", "stt.device is cuda but there is no NVIDIA card; set it to auto."
        )
    return Finding("graphics card", "ok", "no NVIDIA card: speech is recognized on the processor")


async def journal(settings: Settings) -> Finding:
    """What is kept of dictations, and whether it can be sealed."""
    from pipeline import Journal, SealUnavailable, seal_for

    if settings.journal.keep == "off":
        return Finding("journal", "ok", "nothing that you dictate is kept (journal.keep)")
    try:
        seal = await asyncio.to_thread(seal_for, settings.journal)
    except SealUnavailable as error:
        return Finding("journal", "warn", str(error))
    kept = Journal(settings.journal, seal=seal)
    try:
        left = sum(one.unfinished for one in kept.newest())
    finally:
        await kept.aclose()
    if not _writable(kept.folder):
        return Finding("journal", "warn", f"{kept.folder} cannot be written to, so no dictation is kept.")
    sealed = ", sealed with the key of your keyring" if seal is not None else ""
    waiting = f"; {left} never delivered: prism history list --kind dictation" if left else ""
    return Finding("journal", "ok", f"{kept.folder}{sealed}{waiting}")


def configuration_file(file: Path | None) -> Finding:
    """Which file was read."""
    return Finding("configuration", "ok", str(file) if file else "no file of your own, only defaults")
