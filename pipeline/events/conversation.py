"""The events of a conversation, and of the engines and devices that it shares with dictation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from pipeline.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    name: ClassVar[str] = "session.started"
    stt: str
    llm: str
    tts: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeDetected(Event):
    """The wake word was said: the conversation listens now."""

    name: ClassVar[str] = "wake.detected"
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStartedEvent(Event):
    name: ClassVar[str] = "speech.started"
    started_at: float
    """Position of the first voiced sample, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPausedEvent(Event):
    name: ClassVar[str] = "speech.paused"
    revision: int
    voiced_until: float
    """t0 so far, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResumedEvent(Event):
    name: ClassVar[str] = "speech.resumed"
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEndedEvent(Event):
    name: ClassVar[str] = "speech.ended"
    revision: int
    voiced_until: float
    """t0, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptPartial(Event):
    name: ClassVar[str] = "transcript.partial"
    text: str
    """All words so far."""
    revision: int
    language: str
    committed: str | None = None
    """Only while the user still speaks: words that no later partial of this utterance will change."""
    tentative: str | None = None
    """Only while the user still speaks: the rest of the newest guess."""
    id: str | None = None
    """Of a dictation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptFinal(Event):
    name: ClassVar[str] = "transcript.final"
    text: str
    language: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRejected(Event):
    name: ClassVar[str] = "transcript.rejected"
    text: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted(Event):
    name: ClassVar[str] = "turn.started"
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSuperseded(Event):
    name: ClassVar[str] = "turn.superseded"
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCommitted(Event):
    name: ClassVar[str] = "turn.committed"
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDelta(Event):
    """Text as the model wrote it."""

    name: ClassVar[str] = "reply.delta"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySentence(Event):
    """Text exactly as handed to the voice."""

    name: ClassVar[str] = "reply.sentence"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStarted(Event):
    """The first audible sample of a turn left the device."""

    name: ClassVar[str] = "audio.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFinished(Event):
    """The last sample of a turn left the device."""

    name: ClassVar[str] = "audio.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackPaused(Event):
    name: ClassVar[str] = "playback.paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackResumed(Event):
    name: ClassVar[str] = "playback.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInterrupted(Event):
    name: ClassVar[str] = "turn.interrupted"
    heard_text: str
    intended_text: str
    reason: str
    """``speech``, ``key`` or ``session``."""
    latency: Mapping[str, Any] | None = None
    """As of a completed turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCompleted(Event):
    name: ClassVar[str] = "turn.completed"
    text: str
    latency: Mapping[str, Any] | None
    """Milliseconds from t0; None for a turn that no utterance asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFailed(Event):
    name: ClassVar[str] = "turn.failed"
    stage: str
    """``stt``, ``llm``, ``tts`` or ``audio``."""
    error: str
    heard_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSwitched(Event):
    name: ClassVar[str] = "backend.switched"
    room: str
    from_: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityChanged(Event):
    """Something works, but less well than before, or better again."""

    name: ClassVar[str] = "quality.changed"
    what: str
    """``history`` (what the model is shown), ``lead``, ``speculation``, ``captions``, ``gpu``, ``buffer``,
    ``tools`` (those of an MCP server are missing) or ``journal`` (of dictations)."""
    from_: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRestarted(Event):
    """An engine's process died, hung or grew too big; another does its work, and no words were lost."""

    name: ClassVar[str] = "engine.restarted"
    room: str
    engine: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLost(Event):
    """A microphone or a speaker went away. The conversation goes on and waits for one to come back."""

    name: ClassVar[str] = "device.lost"
    kind: str
    """``microphone`` or ``speaker``."""
    device: str
    """The name of the one that went."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRestored(Event):
    """There is a microphone or a speaker again, perhaps another one."""

    name: ClassVar[str] = "device.restored"
    kind: str
    """``microphone`` or ``speaker``."""
    device: str
    """The name of the one that is used now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    name: ClassVar[str] = "tool.called"
    tool: str
    ok: bool
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRang(Event):
    name: ClassVar[str] = "timer.rang"
    label: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    name: ClassVar[str] = "session.ended"
    turns: int
    """Turns that were committed."""
    reason: str
    """``input ended``, ``once``, ``interrupted`` or ``failed``."""


ConversationEvent: TypeAlias = (
    SessionStarted
    | WakeDetected
    | SpeechStartedEvent
    | SpeechPausedEvent
    | SpeechResumedEvent
    | SpeechEndedEvent
    | TranscriptPartial
    | TranscriptFinal
    | TranscriptRejected
    | TurnStarted
    | TurnSuperseded
    | TurnCommitted
    | ReplyDelta
    | ReplySentence
    | AudioStarted
    | AudioFinished
    | PlaybackPaused
    | PlaybackResumed
    | TurnInterrupted
    | TurnCompleted
    | TurnFailed
    | BackendSwitched
    | QualityChanged
    | EngineRestarted
    | DeviceLost
    | DeviceRestored
    | ToolCalled
    | TimerRang
    | SessionEnded
)
