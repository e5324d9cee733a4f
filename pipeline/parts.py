"""What a conversation is made of and what comes of it: the engines that it shares, its ends, its report. Only nouns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.engine_news import EngineNews

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from common.clock import Clock
    from llm import ChatModel, Entry
    from pipeline.events import Observer
    from pipeline.prosody import TurnModel
    from pipeline.sinks.base import AudioSink
    from pipeline.tools import Tool
    from stt import AudioSource, STTManager
    from tts import TTSManager


@dataclass(frozen=True, slots=True)
class Rooms:
    """The engines, warm, that conversations share."""

    stt: STTManager
    chat: ChatModel
    tts: TTSManager
    description: tuple[str, str, str] = ("", "", "")
    """What hears, thinks and speaks, in words for a person."""
    offer_tools: bool = False
    tools: tuple[Tool, ...] = ()
    """Besides those that are built in: the clipboard's, and those of MCP servers."""
    engines: EngineNews = field(default_factory=EngineNews)
    """Restarts of engines, voices and servers, and which of them took over from which."""
    turn_model: TurnModel | None = None
    """Judges by sound whether somebody is done."""


@dataclass(frozen=True, slots=True)
class ConversationIO:
    """Where one conversation comes from and goes to."""

    source: AudioSource
    sink: Callable[[Clock], AudioSink]
    """Makes the sink for the conversation's clock."""
    observers: Sequence[Observer]
    lines: AsyncIterator[str] | None = None
    """Typed lines, one turn each."""
    fast: bool = False
    """Whether the frame counter is the only clock."""
    once: bool = False
    """Whether to end after the first committed turn."""
    resumed: Sequence[Entry] = ()
    """What was said before, in a conversation that goes on."""
    record: Callable[[Entry], None] | None = None
    """Told of everything that is said or heard."""


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What came of a conversation."""

    turns: int
    """Turns that were committed."""
    failure: str | None
    """The first failure, if there was one."""
    timers_left: int
    """Timers that had not rung."""
    history: tuple[Entry, ...]
    """What was said by the user and heard from the assistant."""
