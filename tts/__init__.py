"""Speak: text to speech chunks. Knows the configuration and nobody else.

The nouns and errors are here at once; what does the work is loaded when its name is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tts.base import (
    Cacheable,
    Synthesizer,
    TTSBackendMissing,
    TTSError,
    TTSRejected,
    TTSTimedOut,
    TTSUnavailable,
)
from tts.types import Int16, SpeechChunk, SynthesisResult, Voice

if TYPE_CHECKING:
    from tts.backends import create_synthesizer, known_backends
    from tts.backends.scripted import Failure, ScriptedSynthesizer, SpeechScript
    from tts.cache import CacheStats, SpeechCache
    from tts.duration import rest_after, spoken_seconds, syllables
    from tts.manager import TTSManager
    from tts.openers import OPENERS, is_opener
    from tts.pacing import Pacing
    from tts.sentences import SentenceSplitter

__all__ = [
    "OPENERS",
    "CacheStats",
    "Cacheable",
    "Failure",
    "Int16",
    "Pacing",
    "ScriptedSynthesizer",
    "SentenceSplitter",
    "SpeechCache",
    "SpeechChunk",
    "SpeechScript",
    "SynthesisResult",
    "Synthesizer",
    "TTSBackendMissing",
    "TTSError",
    "TTSManager",
    "TTSRejected",
    "TTSTimedOut",
    "TTSUnavailable",
    "Voice",
    "create_synthesizer",
    "is_opener",
    "known_backends",
    "rest_after",
    "spoken_seconds",
    "syllables",
]

_HOME = {
    "CacheStats": "tts.cache",
    "Failure": "tts.backends.scripted",
    "OPENERS": "tts.openers",
    "Pacing": "tts.pacing",
    "ScriptedSynthesizer": "tts.backends.scripted",
    "SentenceSplitter": "tts.sentences",
    "SpeechCache": "tts.cache",
    "SpeechScript": "tts.backends.scripted",
    "TTSManager": "tts.manager",
    "create_synthesizer": "tts.backends",
    "is_opener": "tts.openers",
    "known_backends": "tts.backends",
    "rest_after": "tts.duration",
    "spoken_seconds": "tts.duration",
    "syllables": "tts.duration",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
