"""Piper: natural neural voices, in this process, one chunk per sentence.

A voice is a name of the model store (``fr_FR-siwis-medium``) or the path of an ``.onnx`` file with its ``.onnx.json``
beside it; ``#name`` or ``#number`` after either picks one of its speakers. Without a voice the language picks: the
first installed one of the catalogue, then any other installed one. Nothing is ever fetched from here.

Each loaded voice has its own thread. Piper would raise every sentence to full scale; here each voice gets one gain,
measured once when it is loaded, so that sentences keep their loudness and voices match.
"""

from __future__ import annotations

import importlib.util
import json
import re
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from common.worker import Worker
from config import ModelStore, ModelUnknown, catalogue
from tts.base import TTSBackendMissing, TTSError, TTSRejected, TTSUnavailable
from tts.piper_voice import LoadedVoice, PiperStyle
from tts.types import SpeechChunk, Voice

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator, Iterator

    from config import Settings

LIBRARIES = {"piper": "piper-tts"}
"""Modules that this engine needs, and the packages that bring them."""

_VOICE_NAME = re.compile(r"([a-z]{2,3})_[A-Z]{2}-[^-/]+-[a-z_]+")


def create(settings: Settings) -> PiperSynthesizer:
    """Piper with the voices of this machine's store."""
    style = PiperStyle(settings.tts.piper.noise_scale, settings.tts.piper.noise_w)
    return PiperSynthesizer(ModelStore.from_settings(settings.models), settings.tts.voice, style)


class PiperSynthesizer:
    """All Piper voices that were asked for so far."""

    name = "piper"

    def __init__(self, store: ModelStore, voice: str | None = None, style: PiperStyle | None = None) -> None:
        self._store = store
        self._usual = voice
        self._style = style
        self._located: dict[tuple[str | None, str], Path] = {}
        self._loaded: dict[Path, tuple[Worker, LoadedVoice]] = {}
        self._closed = False

    async def warm(self, language: str) -> None:
        """Load the configured voice, or that of ``language``: a second or so for a real one."""
        worker, loaded = self._engine(without_speaker(self._usual)[0], language)
        await worker.run(loaded.load)

    async def speak(
        self, text: str, *, language: str, voice: str | None, speed: float
    ) -> AsyncGenerator[SpeechChunk, None]:
        """Speak one piece: a chunk per sentence that Piper sees in it, then an empty last one."""
        name, speaker = without_speaker(voice)
        worker, loaded = self._engine(name, language)

        def job(stop: threading.Event) -> Iterator[SpeechChunk]:
            for samples in loaded.say(text, speaker, speed):
                yield SpeechChunk(samples, loaded.sample_rate, text, False, self.name)
                if stop.is_set():
                    return
            yield SpeechChunk(loaded.nothing, loaded.sample_rate, text, True, self.name)

        async with aclosing(worker.stream(job)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def voices(self) -> tuple[Voice, ...]:
        """Installed voices first, then those of the catalogue that can be pulled."""
        here = [model.name for model in self._store.installed() if model.kind == "tts"]
        there = [entry.name for entry in catalogue() if entry.kind == "tts" and entry.name not in here]
        return tuple(
            Voice(name, name.partition("_")[0], self.name, installed=name in here) for name in here + there
        )

    def signature(self, *, language: str, voice: str | None) -> str | None:
        """The voice's file, its size and its time, the speaker and the style."""
        name, speaker = without_speaker(voice)
        try:
            return f"{signature_of(self._located_model(name, language))} #{speaker} {self._style}"
        except (TTSError, OSError):
            return None

    async def aclose(self) -> None:
        """Let the threads end and the voices go; whoever asks later gets none."""
        self._closed = True
        for worker, _ in self._loaded.values():
            worker.close()
        self._loaded.clear()
        self._located.clear()

    def _engine(self, voice: str | None, language: str) -> tuple[Worker, LoadedVoice]:
        if self._closed:  # what was begun before must not load a voice that nobody would let go
            raise TTSUnavailable("The voices of Piper were closed.")
        model = self._located_model(voice, language)
        if model not in self._loaded:
            self._loaded[model] = (Worker(f"piper {model.stem}"), LoadedVoice(model, self._style))
        return self._loaded[model]

    def _located_model(self, voice: str | None, language: str) -> Path:
        key = (voice, language)
        if key not in self._located:
            self._located[key] = locate(self._store, voice, language)
        return self._located[key]


def require_libraries() -> None:
    """Raises TTSBackendMissing when Piper is not installed, without loading it."""
    try:
        found = all(importlib.util.find_spec(module) for module in LIBRARIES)
    except ValueError:  # sys.modules holds a None for it
        found = False
    if not found:
        raise TTSBackendMissing("Piper is not installed; `pip install piper-tts` brings it.")


def signature_of(model: Path) -> str:
    """A voice file as it is now. Raises OSError when it is gone."""
    status = model.stat()
    return f"{model} {status.st_size} {status.st_mtime_ns}"


def without_speaker(voice: str | None) -> tuple[str | None, str | None]:
    """(voice, speaker) of "voice#speaker"."""
    name, found, speaker = (voice or "").partition("#")
    return name or None, speaker if found else None


def locate(store: ModelStore, voice: str | None, language: str) -> Path:
    """The model file to speak ``language`` with: the named voice if it speaks it, else the language's own.

    A voice reads another language unintelligibly: rather the next engine. Raises TTSUnavailable when the voice
    is not installed, TTSRejected when Piper has none.
    """
    named = _named(store, voice, language) if voice else None
    if named and language_of(named) in (None, language):
        return named
    listed = [entry.name for entry in catalogue() if entry.kind == "tts" and language in entry.languages]
    others = [model.name for model in store.installed() if model.name.startswith(f"{language}_")]
    for name in (*listed, *others):
        if model := _in_store(store, name):
            return model
    raise (
        _not_installed(listed[0])
        if listed
        else TTSRejected(
            f"Piper has no usual voice for the language {language!r}; set tts.voice to one of its voices."
        )
    )


def _named(store: ModelStore, voice: str, language: str) -> Path | None:
    """The model file that the user named; None when this is no Piper voice, or one of another language."""
    if voice.endswith(".onnx"):
        path = Path(voice).expanduser()
        if not path.is_file():
            raise TTSUnavailable(
                f"There is no voice file {voice}; set tts.voice to an .onnx file or a voice's name."
            )
        return path
    found = _in_store(store, voice)
    name = _VOICE_NAME.fullmatch(voice)
    if found is None and name and name.group(1) == language:
        raise _not_installed(voice)
    return found


def _not_installed(voice: str) -> TTSError:
    return TTSUnavailable(f"The voice {voice} is not installed; `prism models pull {voice}` fetches it.")


def _in_store(store: ModelStore, name: str) -> Path | None:
    """The ``.onnx`` file of an installed voice, or the one in a folder of the user's."""
    try:
        folder = store.resolve(name, "tts")
    except ModelUnknown:
        return None
    if folder is None:
        return None
    return next(iter(sorted(folder.glob("*.onnx"))), None)


def language_of(model: Path) -> str | None:
    """ISO 639-1 of the language a voice was made for, as its description says; None when it does not."""
    try:
        described = json.loads(model.with_name(f"{model.name}.json").read_text("utf-8"))
        return str(described["espeak"]["voice"]).partition("-")[0]
    except (OSError, ValueError, KeyError, TypeError):
        return None
