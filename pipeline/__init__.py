"""Converse: turns, speculation, interruption, playback, history. Knows hear, think, speak and the configuration."""

from __future__ import annotations

from pipeline.app import run_with_rooms
from pipeline.conversations import ConversationError, ConversationStore, Saved
from pipeline.desktop.talon import TalonLink, talon_exchange
from pipeline.echo import WebRtcCleaner, canceller_installed
from pipeline.echo_probe import Echo, EchoRecording, echo_verdict, measure_echo, record_echo
from pipeline.engine_news import EngineNews
from pipeline.events import (
    AudioFinished,
    AudioStarted,
    BackendSwitched,
    DeviceLost,
    Emit,
    EngineRestarted,
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
from pipeline.mcp_tools import McpConnection, connect_mcp
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
    "ConversationError",
    "ConversationIO",
    "ConversationStore",
    "DeviceLost",
    "Echo",
    "EchoRecording",
    "Emit",
    "EngineNews",
    "EngineRestarted",
    "McpConnection",
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
    "Saved",
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
    "TalonLink",
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
    "connect_mcp",
    "echo_verdict",
    "measure_echo",
    "record_echo",
    "run_with_rooms",
    "talon_exchange",
    "to_json",
]
