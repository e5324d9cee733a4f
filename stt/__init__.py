"""Hear: microphone to voice detection to segments to transcripts. Knows the configuration and nobody else."""

from __future__ import annotations

from stt.audio_file import blocks as audio_blocks
from stt.audio_file import load as load_audio
from stt.audio_stream import read_stream as read_audio_stream
from stt.backends import Notify, create_transcriber, known_backends
from stt.backends.scripted import Line, ScriptedTranscriber
from stt.base import (
    AudioSource,
    AudioUnreadable,
    STTBackendMissing,
    STTError,
    STTRejected,
    STTTimedOut,
    STTUnavailable,
    Transcriber,
    VoiceDetector,
)
from stt.cuda import card_watched
from stt.endpoint import completeness
from stt.gate import Rejection, judge
from stt.gpu import Card, CardHealth
from stt.live import LiveTranscript, words_of
from stt.manager import STTManager
from stt.microphone import Microphone
from stt.partials import LocalAgreement, Pace, Partial
from stt.segmenter import Segmenter
from stt.smart_turn import SmartTurn, create_turn_model
from stt.types import (
    SAMPLE_RATE,
    AudioFrame,
    Int16,
    SpeechEnded,
    SpeechFact,
    SpeechPaused,
    SpeechResumed,
    SpeechSegment,
    SpeechStarted,
    SpeechSustained,
    Transcript,
    TranscriptSegment,
)
from stt.vad import create_detector
from stt.vad.scripted import ScriptedDetector
from stt.wake import WakeDetector

__all__ = [
    "SAMPLE_RATE",
    "AudioFrame",
    "AudioSource",
    "AudioUnreadable",
    "Card",
    "CardHealth",
    "Int16",
    "Line",
    "LiveTranscript",
    "LocalAgreement",
    "Microphone",
    "Notify",
    "Pace",
    "Partial",
    "Rejection",
    "STTBackendMissing",
    "STTError",
    "STTManager",
    "STTRejected",
    "STTTimedOut",
    "STTUnavailable",
    "ScriptedDetector",
    "ScriptedTranscriber",
    "Segmenter",
    "SmartTurn",
    "SpeechEnded",
    "SpeechFact",
    "SpeechPaused",
    "SpeechResumed",
    "SpeechSegment",
    "SpeechStarted",
    "SpeechSustained",
    "Transcriber",
    "Transcript",
    "TranscriptSegment",
    "VoiceDetector",
    "WakeDetector",
    "audio_blocks",
    "card_watched",
    "completeness",
    "create_detector",
    "create_transcriber",
    "create_turn_model",
    "judge",
    "known_backends",
    "load_audio",
    "read_audio_stream",
    "words_of",
]
