"""Everything that can be set, typed and frozen.

The values live in ``default.yaml`` (every key is there, with its comment) and nowhere else: no field here has a
default, so that a value can be found in one place. This file holds only shapes and bounds. Keys and their units are
part of the contract with users and other programs: extend, never rename.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Language = Literal["fr", "en", "auto"]
Milliseconds = Annotated[float, Field(ge=0, le=60_000)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Device = str | int | None


class Section(BaseModel):
    """A frozen part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class SttSettings(Section):
    """Hearing: which recognizer, on what."""

    backend: str
    model: str
    language: Language
    device: Literal["auto", "cpu", "cuda"]
    compute_type: str
    beam_size: Annotated[int, Field(ge=1, le=20)]
    num_workers: Annotated[int, Field(ge=1, le=16)]


class VadSettings(Section):
    """Which voice detector, and from when on it is believed."""

    backend: Literal["silero", "webrtc", "energy", "scripted"]
    threshold: Probability
    release: Probability


class LlmSettings(Section):
    """Thinking: which server, which model, how long to wait."""

    backend: str
    base_url: str
    model: str
    api_key: SecretStr | None
    system_prompt: str
    max_tokens: Annotated[int, Field(ge=1)] | None
    temperature: Annotated[float, Field(ge=0, le=2)] | None
    first_token_timeout_s: Seconds
    stall_timeout_s: Seconds
    tools: Literal["auto", "on", "off"]
    extra_body: dict[str, Any]


class TtsSettings(Section):
    """Speaking: which engines, in which order."""

    backends: Annotated[tuple[str, ...], Field(min_length=1)]
    voice: str | None
    speed: Annotated[float, Field(ge=0.25, le=4)]


class AudioSettings(Section):
    """The sound hardware."""

    input_device: Device
    output_device: Device
    headphones: bool
    echo: Literal["auto", "on", "off"]


class TurnSettings(Section):
    """When an utterance is over."""

    pause_ms: Milliseconds
    min_wait_ms: Milliseconds
    max_wait_ms: Milliseconds
    blip_ms: Milliseconds
    preroll_ms: Milliseconds
    hold_s: Seconds
    max_utterance_s: Seconds
    speculate: bool


class BargeInSettings(Section):
    """Whether speech stops the assistant."""

    enabled: bool
    max_undecided_ms: Milliseconds


class ModelsSettings(Section):
    """Where models are kept; null is the platform's data folder."""

    dir: Path | None


class MetricsSettings(Section):
    """Where Prometheus may read; null is nowhere."""

    port: Annotated[int, Field(ge=0, le=65_535)] | None


class Settings(Section):
    """The whole configuration, resolved once at the start."""

    stt: SttSettings
    vad: VadSettings
    llm: LlmSettings
    tts: TtsSettings
    audio: AudioSettings
    turn: TurnSettings
    barge_in: BargeInSettings
    models: ModelsSettings
    metrics: MetricsSettings
