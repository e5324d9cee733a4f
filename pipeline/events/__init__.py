"""What happened: the closed, past-tense vocabulary of conversations and dictation.

One vocabulary for the console, the JSON lines, the log, the metrics and whatever comes: an event is a frozen fact with
its time on the audio clock. New kinds are added in this folder and nowhere else; names and fields are a contract with
other programs: extend, never rename.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from pipeline.events.base import Event, to_json
from pipeline.events.conversation import (
    AudioFinished,
    AudioStarted,
    BackendSwitched,
    ConversationEvent,
    DeviceLost,
    DeviceRestored,
    EngineRestarted,
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
)
from pipeline.events.dictation import (
    DictationCancelled,
    DictationDelivered,
    DictationEvent,
    DictationFailed,
    DictationKept,
    DictationRecovered,
    DictationStarted,
    DictationStateChanged,
    DictationStopped,
    DictationText,
)

PipelineEvent: TypeAlias = ConversationEvent | DictationEvent

Emit: TypeAlias = Callable[[PipelineEvent], None]
"""Publish one event; never waits."""


class Observer(Protocol):
    """Told of every event, in order."""

    def notify(self, event: PipelineEvent) -> None:
        """Take note; quickly, because the conversation waits."""


__all__ = [
    "AudioFinished",
    "AudioStarted",
    "BackendSwitched",
    "DeviceLost",
    "DeviceRestored",
    "DictationCancelled",
    "DictationDelivered",
    "DictationFailed",
    "DictationKept",
    "DictationRecovered",
    "DictationStarted",
    "DictationStateChanged",
    "DictationStopped",
    "DictationText",
    "Emit",
    "EngineRestarted",
    "Event",
    "Observer",
    "PipelineEvent",
    "PlaybackPaused",
    "PlaybackResumed",
    "QualityChanged",
    "ReplyDelta",
    "ReplySentence",
    "SessionEnded",
    "SessionStarted",
    "SpeechEndedEvent",
    "SpeechPausedEvent",
    "SpeechResumedEvent",
    "SpeechStartedEvent",
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
    "WakeDetected",
    "to_json",
]
