"""Converse: turns, speculation, interruption, playback, history. Knows hear, think, speak and the configuration."""

from __future__ import annotations

from pipeline.app import run_with_rooms
from pipeline.echo import WebRtcCleaner, canceller_installed
from pipeline.echo_probe import Echo, EchoRecording, echo_verdict, measure_echo, record_echo
from pipeline.events import (
    AudioFinished,
    AudioStarted,
    BackendSwitched,
    DeviceLost,
    Emit,
    PipelineEvent,
    PlaybackPaused,
    PlaybackResumed,
    QualityChanged,
    ReplyDelta,
    ReplySentence,
    SessionEnded,
    SessionStarted,
    SpeechEndedEvent,
    SpeechPausedEvent,
    SpeechResumedEvent,
    SpeechStartedEvent,
    TimerRang,
    ToolCalled,
    TranscriptFinal,
    TranscriptPartial,
    TranscriptRejected,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnStarted,
    TurnSuperseded,
    to_json,
)
from pipeline.latency import FROM_T0
from pipeline.metrics import Metrics, MetricsUnavailable
from pipeline.orchestrator import ConversationIO, PipelineOrchestrator, Rooms, SessionReport
from pipeline.sinks.base import AudioSink
from pipeline.sinks.speaker import Speaker
from pipeline.sinks.stream import AudioBlock, StreamSink
from pipeline.sinks.timeline import RATE, TimelineSink
from pipeline.sinks.wav import OutputUnwritable, WavWriter
from pipeline.sources.file import BlockSource, NoSource
from pipeline.sources.push import PushSource
from pipeline.switches import Switches

__all__ = [
    "FROM_T0",
    "RATE",
    "AudioBlock",
    "AudioFinished",
    "AudioSink",
    "AudioStarted",
    "BackendSwitched",
    "BlockSource",
    "ConversationIO",
    "DeviceLost",
    "Echo",
    "EchoRecording",
    "Emit",
    "Metrics",
    "MetricsUnavailable",
    "NoSource",
    "OutputUnwritable",
    "PipelineEvent",
    "PipelineOrchestrator",
    "PlaybackPaused",
    "PlaybackResumed",
    "PushSource",
    "QualityChanged",
    "ReplyDelta",
    "ReplySentence",
    "Rooms",
    "SessionEnded",
    "SessionReport",
    "SessionStarted",
    "Speaker",
    "SpeechEndedEvent",
    "SpeechPausedEvent",
    "SpeechResumedEvent",
    "SpeechStartedEvent",
    "StreamSink",
    "Switches",
    "TimelineSink",
    "TimerRang",
    "ToolCalled",
    "TranscriptFinal",
    "TranscriptPartial",
    "TranscriptRejected",
    "TurnCommitted",
    "TurnCompleted",
    "TurnFailed",
    "TurnInterrupted",
    "TurnStarted",
    "TurnSuperseded",
    "WavWriter",
    "WebRtcCleaner",
    "canceller_installed",
    "echo_verdict",
    "measure_echo",
    "record_echo",
    "run_with_rooms",
    "to_json",
]
