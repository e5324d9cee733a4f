"""Converse: turns, speculation, interruption, playback, history. Knows hear, think, speak and the configuration."""

from __future__ import annotations

from pipeline.app import run_with_rooms
from pipeline.conversations import ConversationError, ConversationStore, Saved
from pipeline.desktop import find_hotkey
from pipeline.desktop.base import DesktopError, Hotkey, KeyEdge, Window
from pipeline.desktop.chords import parse_chord
from pipeline.desktop.examine import Examined, examine_desktop
from pipeline.desktop.notices import Notices
from pipeline.desktop.session import watch_session
from pipeline.desktop.shared import SharedDesk
from pipeline.desktop.talon import TalonLink, talon_exchange
from pipeline.dictation.app import run_with_dictation
from pipeline.dictation.coordinator import DictationState
from pipeline.dictation.cues import CuePlayer
from pipeline.dictation.dictation import Dictation
from pipeline.dictation.gestures import Gesture, GestureKind, Intent
from pipeline.dictation.io import DictationIO
from pipeline.dictation.journal import Journal, JournalError
from pipeline.dictation.keys import follow_key
from pipeline.dictation.ledger import Dictated
from pipeline.dictation.messages import (
    Cancel,
    Interrupted,
    Interruption,
    LetGo,
    PasteLast,
    Request,
    RetryLast,
    Start,
    Stop,
    Toggle,
)
from pipeline.dictation.microphone import KeptMicrophone, device_of, microphone_of
from pipeline.dictation.profiles import Profile
from pipeline.dictation.recovery import understood_again
from pipeline.dictation.seal import SealUnavailable, seal_for
from pipeline.dictation.status import LastDictation, Status
from pipeline.dictation.surroundings import Nowhere, Surroundings
from pipeline.echo import WebRtcCleaner, canceller_installed
from pipeline.echo_probe import Echo, EchoRecording, echo_verdict, measure_echo, record_echo
from pipeline.engine_news import EngineNews
from pipeline.events import (
    AudioFinished,
    AudioStarted,
    BackendSwitched,
    DeviceLost,
    DeviceRestored,
    DictationCancelled,
    DictationDelivered,
    DictationFailed,
    DictationKept,
    DictationRecovered,
    DictationStarted,
    DictationStateChanged,
    DictationStopped,
    DictationText,
    Emit,
    EngineRestarted,
    Observer,
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
    WakeDetected,
    to_json,
)
from pipeline.ids import by_time
from pipeline.latency import FROM_T0
from pipeline.mcp_tools import McpConnection, connect_mcp
from pipeline.metrics import Metrics, MetricsUnavailable
from pipeline.orchestrator import PipelineOrchestrator
from pipeline.parts import ConversationIO, Rooms, SessionReport
from pipeline.prosody import TurnModel
from pipeline.sinks.base import AudioSink
from pipeline.sinks.speaker import Speaker
from pipeline.sinks.stream import AudioBlock, StreamSink
from pipeline.sinks.text import Receipt, SinkError, SinkOptions, TextSink
from pipeline.sinks.textual import TEXT_SINKS, create_text_sink
from pipeline.sinks.timeline import RATE, TimelineSink
from pipeline.sinks.wav import OutputUnwritable, WavWriter
from pipeline.sources.file import BlockSource, NoSource
from pipeline.sources.push import PushSource

__all__ = [
    "FROM_T0",
    "RATE",
    "TEXT_SINKS",
    "AudioBlock",
    "AudioFinished",
    "AudioSink",
    "AudioStarted",
    "BackendSwitched",
    "BlockSource",
    "Cancel",
    "ConversationError",
    "ConversationIO",
    "ConversationStore",
    "CuePlayer",
    "DesktopError",
    "DeviceLost",
    "DeviceRestored",
    "Dictated",
    "Dictation",
    "DictationCancelled",
    "DictationDelivered",
    "DictationFailed",
    "DictationIO",
    "DictationKept",
    "DictationRecovered",
    "DictationStarted",
    "DictationState",
    "DictationStateChanged",
    "DictationStopped",
    "DictationText",
    "Echo",
    "EchoRecording",
    "Emit",
    "EngineNews",
    "EngineRestarted",
    "Examined",
    "Gesture",
    "GestureKind",
    "Hotkey",
    "Intent",
    "Interrupted",
    "Interruption",
    "Journal",
    "JournalError",
    "KeptMicrophone",
    "KeyEdge",
    "LastDictation",
    "LetGo",
    "McpConnection",
    "Metrics",
    "MetricsUnavailable",
    "NoSource",
    "Notices",
    "Nowhere",
    "Observer",
    "OutputUnwritable",
    "PasteLast",
    "PipelineEvent",
    "PipelineOrchestrator",
    "PlaybackPaused",
    "PlaybackResumed",
    "Profile",
    "PushSource",
    "QualityChanged",
    "Receipt",
    "ReplyDelta",
    "ReplySentence",
    "Request",
    "RetryLast",
    "Rooms",
    "Saved",
    "SealUnavailable",
    "SessionEnded",
    "SessionReport",
    "SessionStarted",
    "SharedDesk",
    "SinkError",
    "SinkOptions",
    "Speaker",
    "SpeechEndedEvent",
    "SpeechPausedEvent",
    "SpeechResumedEvent",
    "SpeechStartedEvent",
    "Start",
    "Status",
    "Stop",
    "StreamSink",
    "Surroundings",
    "TalonLink",
    "TextSink",
    "TimelineSink",
    "TimerRang",
    "Toggle",
    "ToolCalled",
    "TranscriptFinal",
    "TranscriptPartial",
    "TranscriptRejected",
    "TurnCommitted",
    "TurnCompleted",
    "TurnFailed",
    "TurnInterrupted",
    "TurnModel",
    "TurnStarted",
    "TurnSuperseded",
    "WakeDetected",
    "WavWriter",
    "WebRtcCleaner",
    "Window",
    "by_time",
    "canceller_installed",
    "connect_mcp",
    "create_text_sink",
    "device_of",
    "echo_verdict",
    "examine_desktop",
    "find_hotkey",
    "follow_key",
    "measure_echo",
    "microphone_of",
    "parse_chord",
    "record_echo",
    "run_with_dictation",
    "run_with_rooms",
    "seal_for",
    "talon_exchange",
    "to_json",
    "understood_again",
    "watch_session",
]
