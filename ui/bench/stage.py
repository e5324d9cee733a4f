"""A stage for conversations whose engines are scripts: their times are data, so what is above the limit is Prism.

``Script`` knows the limit, ``Stage`` makes the rooms from it, ``hold`` runs a conversation on the real clock and keeps
all that can be observed: events, and every sample that left the sink.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llm import Scripted, say
from pipeline import RATE, ConversationIO, PipelineOrchestrator, Rooms, TimelineSink
from stt import Line, ScriptedTranscriber, STTManager
from tts import ScriptedSynthesizer, SpeechScript, TTSManager
from ui.bench.loudness import first_audible, last_audible
from ui.cli.observers import Collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config import Settings
    from stt import Int16
    from ui.bench.user import BenchUser

REPLIES = 2000
"""Lines and replies of a script: more than any contest asks for."""
HEARD = "Please tell me the time in Paris."
"""What the scripted recognizer understands: a complete sentence, and no backchannel."""


@dataclass(frozen=True, slots=True)
class Script:
    """How long everything takes, in milliseconds. Waits are whole frames of 32 ms."""

    pause: float = 96.0
    wait: float = 512.0
    stt: float = 100.0
    first_token: float = 150.0
    token: float = 20.0
    sentence: int = 12
    """Tokens of the first sentence."""
    tts: float = 60.0

    @property
    def spoken_of(self) -> float:
        """From the request to the token that ends the first sentence."""
        return self.first_token + self.token * (self.sentence - 1)

    @property
    def certain(self) -> float:
        """From the request to the token after it, without which a full stop may be that of "3.5" or "M. Dupont"."""
        return self.first_token + self.token * self.sentence

    def limit(self, *, speculate: bool) -> float:
        """The earliest first sound, from the true end of the voice: max(wait, pause + stages)."""
        if speculate:
            return max(self.wait, self.pause + self.stt + self.certain + self.tts)
        return max(self.wait, self.pause + self.stt) + self.certain + self.tts

    @property
    def one_after_the_other(self) -> float:
        """The same when nothing at all is done before the wait is over, not even recognition."""
        return self.wait + self.stt + self.certain + self.tts

    @property
    def reply(self) -> str:
        """The first sentence of so many tokens, and a short second one."""
        return f"{' '.join(['Ten'] + ['more'] * (self.sentence - 1))}. And so on."


def with_turns(settings: Settings, vad: str, **turn: object) -> Settings:
    """The settings of a scripted conversation: that detector, English, and these keys of ``turn``."""
    return settings.model_copy(
        update={
            "stt": settings.stt.model_copy(update={"language": "en"}),
            "vad": settings.vad.model_copy(update={"backend": vad}),
            "turn": settings.turn.model_copy(update=turn),
        }
    )


class Stage:
    """The rooms of one conversation."""

    def __init__(self, settings: Settings, script: Script, reply: str | None = None) -> None:
        """``reply`` takes the place of the script's; later replies are then one word."""
        asked = say(script.reply, first_s=script.first_token / 1000, gap_s=script.token / 1000)
        replies = [asked] * REPLIES if reply is None else [say(reply, first_s=0.05), *[say("Yes.")] * REPLIES]
        self.settings = settings
        self.ears = ScriptedTranscriber([Line(HEARD, "en", 0.9, script.stt / 1000)] * REPLIES)
        self.chat = Scripted(replies)
        # At the sink's own rate: a resampler must not blur the first sample.
        speech = SpeechScript(seconds_per_character=0.006, first_chunk_s=script.tts / 1000, sample_rate=RATE)
        if reply is not None:
            speech = SpeechScript(
                seconds_per_character=0.06, first_chunk_s=script.tts / 1000, sample_rate=RATE
            )
        self.voice = ScriptedSynthesizer(speech)

    @property
    def rooms(self) -> Rooms:
        """For an orchestrator."""
        stt = STTManager(self.ears, self.settings.stt, self.settings.vad)
        told = ("scripted", "scripted", "scripted")
        return Rooms(stt, self.chat, TTSManager([self.voice]), told)

    def forget(self) -> None:
        """Throw away what the engines remember of their calls; the replies begin again with the first one."""
        for record in (self.ears.calls, self.chat.requests, self.chat.tools, self.voice.calls):
            record.clear()


@dataclass
class Held:
    """What can be observed of a conversation."""

    user: BenchUser
    collector: Collector = field(default_factory=Collector)
    blocks: list[Int16] = field(default_factory=list)

    @property
    def samples(self) -> Int16:
        """Everything that left the sink, silence included, at ``RATE``; sample 0 is input sample 0."""
        return np.concatenate(self.blocks) if self.blocks else np.zeros(0, np.int16)

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return self.collector.of(kind)


async def hold(
    rooms: Rooms,
    user: BenchUser,
    settings: Settings,
    *,
    observers: Sequence[Any] = (),
    keep: bool = True,
    fast: bool = False,
) -> Held:
    """Run a conversation to its end. ``keep``: whether to keep the events and the samples."""
    held = Held(user)
    record = held.blocks.append if keep else None
    io = ConversationIO(
        user,
        lambda clock: TimelineSink(clock, hold_s=settings.turn.hold_s, record=record),
        (user, *([held.collector] if keep else []), *observers),
        user.lines() if user.types else None,
        fast=fast,
    )
    await rooms.tts.warm(("en", "fr"))  # as the composition root does
    await PipelineOrchestrator(rooms, io, settings).run()
    return held


def first_sound(samples: Int16, after_s: float) -> float | None:
    """Position of the first audible sample at or after a position, seconds; None when there is none."""
    start = round(after_s * RATE)
    place = first_audible(samples[start:])
    return None if place is None else (start + place) / RATE


def last_sound(samples: Int16) -> float | None:
    """Position of the end of the last audible sample, seconds; None when there is none."""
    place = last_audible(samples)
    return None if place is None else (place + 1) / RATE
