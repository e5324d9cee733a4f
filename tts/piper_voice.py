"""One Piper voice: load it, set its loudness, let it speak. Blocking; lives in the thread of its voice.

The only file that touches the piper library. Its errors, and those of onnxruntime, become ours here. Which voice to
load, and in which thread, is decided by the backend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tts.base import TTSBackendMissing, TTSRejected, TTSUnavailable
from tts.loudness import gain_for, to_int16
from tts.plain import encodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tts.types import Int16

SAMPLE_TEXT = {
    "fr": "Bonjour, je vous écoute, que puis-je faire ?",
    "en": "Hello, I am listening, what can I do?",
}
"""Said once, unheard, when a voice is loaded: makes it quick and tells its loudness."""


@dataclass(frozen=True, slots=True)
class PiperStyle:
    """How a voice speaks; None is the voice's own."""

    noise_scale: float | None = None
    """How much it varies."""
    noise_w: float | None = None
    """How much its rhythm varies."""


class LoadedVoice:
    """A voice, loaded on first use. Only its own thread may call ``load`` and ``say``."""

    nothing: Int16 = np.zeros(0, np.int16)

    def __init__(self, model: Path, style: PiperStyle | None = None) -> None:
        self._model = model
        self._style = style or PiperStyle()
        self._voice: Any = None
        self._gain = 1.0

    @property
    def sample_rate(self) -> int:
        """Hertz. Known once loaded."""
        return int(self._voice.config.sample_rate)

    def load(self) -> None:
        """Load and exercise the voice, unless that was done. Raises TTSUnavailable or TTSBackendMissing."""
        if self._voice is not None:
            return
        try:
            import onnxruntime
            import piper
        except ImportError as error:
            raise TTSBackendMissing("Piper is not installed; `pip install piper-tts` brings it.") from error
        cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        try:
            self._voice = piper.PiperVoice.load(self._model, use_cuda=cuda)
            self._gain = self._measured_gain()
        except FileNotFoundError as error:
            self._voice = None
            raise TTSUnavailable(f"The voice {self._model.stem} lacks its file {error.filename}.") from error
        except _engine_errors() as error:
            self._voice = None
            raise TTSUnavailable(
                f"The voice file {self._model} cannot be used ({_first_line(error)}); remove it and pull it again."
            ) from error

    def say(self, text: str, speaker: str | None, speed: float) -> Iterator[Int16]:
        """Mono samples, one array per sentence of ``text``. Raises a TTSError."""
        self.load()
        try:
            yield from self._sentences(text, self._speaker_id(speaker), speed, self._gain)
        except _engine_errors() as error:
            raise TTSUnavailable(
                f"The voice {self._model.stem} broke while speaking ({_first_line(error)})."
            ) from error

    def _sentences(self, text: str, speaker: int | None, speed: float, gain: float) -> Iterator[Int16]:
        for audio in self._synthesize(text, speaker, speed):
            yield to_int16(audio, gain)

    def _synthesize(self, text: str, speaker: int | None, speed: float) -> Iterator[Any]:
        import piper

        options = piper.SynthesisConfig(
            speaker_id=speaker,
            length_scale=self._voice.config.length_scale / speed,
            noise_scale=self._style.noise_scale,
            noise_w_scale=self._style.noise_w,
            normalize_audio=False,
        )
        spoken = encodable(text).replace("[[", "[ [")  # to Piper, "[[ ]]" encloses phonemes
        for chunk in self._voice.synthesize(spoken, options):
            yield np.atleast_1d(chunk.audio_float_array)

    def _measured_gain(self) -> float:
        language = str(self._voice.config.espeak_voice).partition("-")[0]
        parts = list(self._synthesize(SAMPLE_TEXT.get(language, SAMPLE_TEXT["en"]), None, 1.0))
        return gain_for(np.concatenate(parts), self.sample_rate) if parts else 1.0

    def _speaker_id(self, speaker: str | None) -> int | None:
        """The number of a speaker given by name or number; None for the voice's own default."""
        if speaker is None:
            return None
        named = self._voice.config.speaker_id_map
        count = self._voice.config.num_speakers
        if speaker in named:
            return int(named[speaker])
        if speaker.isdecimal() and int(speaker) < count:
            return int(speaker)
        known = ", ".join(list(named)[:8]) or f"0 to {count - 1}"
        raise TTSRejected(f"The voice {self._model.stem} has no speaker {speaker!r}; known are {known}.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def _engine_errors() -> tuple[type[Exception], ...]:
    """What piper and onnxruntime raise for a bad file or input; onnxruntime's own errors have no common parent."""
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    raised = [
        kind for kind in vars(native).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, *raised)
