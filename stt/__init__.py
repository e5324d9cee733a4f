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
from stt.endpoint import completeness
from stt.gate import Rejection, judge
from stt.live import LiveTranscript
from stt.manager import STTManager
from stt.microphone import Microphone
from stt.partials import LocalAgreement, Partial
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

__all__ = [
    "SAMPLE_RATE",
    "AudioFrame",
    "AudioSource",
    "AudioUnreadable",
    "Int16",
    "Line",
    "LiveTranscript",
    "LocalAgreement",
    "Microphone",
    "Notify",
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
    "audio_blocks",
    "completeness",
    "create_detector",
    "create_transcriber",
    "create_turn_model",
    "judge",
    "known_backends",
    "load_audio",
    "read_audio_stream",
]
