"""eSpeak NG in this process, through ctypes: text in, blocks of speech out to a callback. The C interface only.

eSpeak keeps one global state per process and is not thread-safe: threads without a lock crash it. So every use goes
through the one object of ``load()``, whose lock covers a whole utterance, voice and rate included. Who calls it,
from which thread and with which voice is not decided here.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from tts.plain import encodable
from tts.types import Int16

# Constants of speak_lib.h.
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE = 1
_CHARS_UTF8 = 1

BLOCK_MS = 60
"""Milliseconds of speech per callback: the first block is ready within one."""

NORMAL_RATE = 175
"""Words per minute at speed 1.0: eSpeak's own default."""

SLOWEST, FASTEST = 80, 450
"""Words per minute that eSpeak can speak."""

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    """The start of espeak_VOICE; the rest is not read."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
    ]


class EspeakError(Exception):
    """eSpeak refused; the message says what."""


class UnknownVoice(EspeakError):
    """eSpeak has none of the voices asked for."""


class EspeakLibrary:
    """The one synthesizer of this process."""

    def __init__(self, library: str, data: str) -> None:
        self._lock = threading.Lock()
        try:
            self._lib = ctypes.CDLL(library)
        except OSError as error:
            raise EspeakError(f"its library does not load ({error})") from error
        self._declare()
        self.sample_rate = int(self._lib.espeak_Initialize(_SYNCHRONOUS, BLOCK_MS, data.encode(), _DONT_EXIT))
        if self.sample_rate <= 0:
            raise EspeakError("its voice data was not found")
        self._sink: Callable[[Int16], bool] = lambda _: False
        self._callback = _CALLBACK(self._on_block)  # kept: the library holds only a raw pointer
        self._lib.espeak_SetSynthCallback(self._callback)

    def _declare(self) -> None:
        lib = self._lib
        lib.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        lib.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        lib.espeak_SetParameter.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int]
        size, flags, pointer = ctypes.c_size_t, ctypes.c_uint, ctypes.c_void_p
        lib.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            size,
            flags,
            ctypes.c_int,
            flags,
            flags,
            pointer,
            pointer,
        ]
        lib.espeak_ListVoices.argtypes = [pointer]
        lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))

    def _on_block(self, wav: int | None, count: int, _: int | None) -> int:
        """Take a block; 1 tells eSpeak to stop."""
        if wav is None or count <= 0:
            return 0
        block = np.frombuffer(ctypes.string_at(wav, count * 2), dtype=np.int16)
        return 0 if self._sink(block) else 1

    def say(self, text: str, voices: Sequence[str], speed: float, sink: Callable[[Int16], bool]) -> None:
        """Speak with the first of ``voices`` that exists; blocks until done, or until ``sink`` returns False.

        Raises UnknownVoice, or EspeakError.
        """
        encoded = encodable(text).encode() + b"\0"
        rate = min(max(round(NORMAL_RATE * speed), SLOWEST), FASTEST)
        with self._lock:
            self._choose(voices)
            self._lib.espeak_SetParameter(_RATE, rate, 0)
            self._sink = sink
            code = self._lib.espeak_Synth(encoded, len(encoded), 0, 0, 0, _CHARS_UTF8, None, None)
        if code != 0:
            raise EspeakError(f"it stopped with code {code}")

    def _choose(self, voices: Sequence[str]) -> None:
        if not any(self._lib.espeak_SetVoiceByName(encodable(voice).encode()) == 0 for voice in voices):
            raise UnknownVoice(f"it has no voice named {' or '.join(voices)}")

    def check(self, voices: Sequence[str]) -> None:
        """Load the first of ``voices`` that exists. Raises UnknownVoice."""
        with self._lock:
            self._choose(voices)

    def voices(self) -> list[tuple[str, str]]:
        """(name, language) of each voice, as ``say`` takes the name: "fr-be", "fr-be"."""
        with self._lock:
            return list(self._listed())

    def _listed(self) -> Iterator[tuple[str, str]]:
        entries = self._lib.espeak_ListVoices(None)
        index = 0
        while entries[index]:
            voice = entries[index].contents
            language = ctypes.string_at(ctypes.addressof(voice.languages.contents) + 1).decode()
            yield voice.identifier.decode().rpartition("/")[2], language
            index += 1


@cache
def load() -> EspeakLibrary:
    """The library of the espeakng-loader wheel, begun once per process; only eSpeak's own thread calls this.

    Raises ImportError without the wheel, EspeakError when it does not start.
    """
    import espeakng_loader

    return EspeakLibrary(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
