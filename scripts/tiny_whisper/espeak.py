"""espeak-ng in this process, through ctypes: text in, speech at 16 kHz and the time of every word out.

What may live here: the C interface and nothing else. No noise, no gain, no choice of voices.
espeak-ng keeps one global state per process, so there must be one `Espeak` per process, used by one thread.
The library is the one of the `espeakng-loader` wheel (`bundled`) or the one of the system (`system`); the shipped
model was trained with Debian's 1.51, the shipped recordings are made with the wheel's 1.52.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hz; what Whisper hears."""

Floats = npt.NDArray[np.float32]
Span = tuple[float, float]
"""(start, end) of a word, seconds."""

# Constants of speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_EVENT_END, _EVENT_WORD = 0, 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("uid", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak."""

    name: str
    """espeak-ng's name with its variant, such as "en-gb-x-rp+m5"."""
    rate: float = 160
    """words per minute"""
    pitch: float = 50
    """0-100"""
    pitch_range: float = 50
    """0-100; 0 is monotone"""

    def __post_init__(self) -> None:
        if not 80 <= self.rate <= 450:
            raise ValueError(f"espeak-ng speaks 80 to 450 words per minute, not {self.rate}.")


@dataclass(frozen=True, slots=True)
class Speech:
    """One spoken sentence, cut to where it is audible."""

    samples: Floats
    """mono, 16 kHz, -1 to 1"""
    words: list[Span]
    """one span per whitespace-separated word of the text, seconds from the first sample"""


class Espeak:
    """The one synthesizer of this process."""

    def __init__(self, library: str, data: str | None = None) -> None:
        self._lib = ctypes.CDLL(library)
        path = data.encode() if data else None
        self._rate = int(self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, path, 0))
        if self._rate <= 0:
            raise RuntimeError(f"espeak-ng did not start: its data was not found for {library}.")
        self._chunks: list[Floats] = []
        self._events: list[tuple[int, float]] = []
        self._callback = _CALLBACK(self._collect)  # kept: the library holds only a raw pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    @classmethod
    def bundled(cls) -> Espeak:
        """The library of the espeakng-loader wheel."""
        import espeakng_loader

        return cls(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())

    @classmethod
    def system(cls) -> Espeak:
        """The library of the system (Debian: libespeak-ng1)."""
        return cls("libespeak-ng.so.1")

    def _collect(self, wav: ctypes.Array[ctypes.c_short], count: int, events: Sequence[_Event]) -> int:
        if count > 0 and wav:
            block = np.ctypeslib.as_array(wav, (count,))
            self._chunks.append((block / 32768).astype(np.float32))
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type == _EVENT_WORD:
                self._events.append((event.text_position - 1, event.audio_position / 1000))
            index += 1
        return 0

    def say(self, text: str, voice: Voice) -> Speech:
        """Speak one text; ValueError for an unknown voice."""
        import soxr

        self._chunks, self._events = [], []
        if self._lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name!r}.")
        settings = ((_RATE, voice.rate), (_VOLUME, 100), (_PITCH, voice.pitch), (_RANGE, voice.pitch_range))
        for parameter, value in settings:
            self._lib.espeak_SetParameter(parameter, int(value), 0)
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        raw = np.concatenate(self._chunks)
        samples: Floats = soxr.resample(raw, self._rate, SAMPLE_RATE).astype(np.float32)
        first, last = audible(samples)
        cut = samples[first:last]
        starts = word_starts(text, self._events, first / SAMPLE_RATE)
        return Speech(cut, word_spans(starts, len(cut) / SAMPLE_RATE))


def audible(samples: Floats) -> tuple[int, int]:
    """First and last sample louder than 1 % of the loudest 10 ms, with 10 ms on either side."""
    margin = SAMPLE_RATE // 100
    power = np.convolve(samples * samples, np.ones(margin, np.float32) / margin, "same")
    envelope = np.sqrt(np.maximum(power, 0))
    loud = np.flatnonzero(envelope > 0.01 * envelope.max())
    return max(0, int(loud[0]) - margin), min(len(samples), int(loud[-1]) + margin)


def word_starts(text: str, events: Sequence[tuple[int, float]], offset: float) -> list[float | None]:
    """The start of each word, seconds; None for a word that espeak-ng ran together with the one before."""
    spans = [match.span() for match in re.finditer(r"\S+", text)]
    starts: list[float | None] = [None] * len(spans)
    for position, time in events:
        for index, (begin, end) in enumerate(spans):
            if begin <= position < end and starts[index] is None:
                starts[index] = time - offset
    if starts:
        starts[0] = 0.0
    return starts


def word_spans(starts: Sequence[float | None], end: float) -> list[Span]:
    """Fill the gaps: a word without a time of its own shares the span of the previous one. At least 20 ms each."""
    spans: list[Span] = []
    following = end
    known = list(starts)
    for index in range(len(known) - 1, -1, -1):
        start = next(time for time in known[index::-1] if time is not None)
        start = min(max(0.0, start), following)
        spans.append((start, max(following, start + 0.02)))
        following = start
    return spans[::-1]
