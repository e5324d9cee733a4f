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
Temperature = Annotated[float, Field(ge=0, le=1)]


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
    temperatures: Annotated[tuple[Temperature, ...], Field(min_length=1, max_length=6)]
    word_timestamps: bool
    prompt: str | None
    hotwords: tuple[str, ...]
    window: Literal["full", "auto"]
    captions: Literal["auto", "on", "off"]
    cache: Annotated[int, Field(ge=0, le=4096)]
    fallback: tuple[str, ...]
    timeout_s: Seconds
    isolation: Literal["thread", "process"]
    memory_mb: Annotated[int, Field(ge=64)] | None
    hang_s: Seconds
    idle_unload_s: Seconds | None
    language_models: dict[Literal["fr", "en"], str]
    caption_model: str | None
    preload: tuple[str, ...]
    resident_mb: Annotated[int, Field(ge=64)]
    http_url: str
    http_model: str
    http_key: SecretStr | None
    wyoming_address: str
    file_batch: Annotated[int, Field(ge=1, le=64)]
    numbers: Literal["as_heard", "digits"]
    typography: bool
    commands: bool
    vocabulary: tuple[str, ...]
    vocabulary_score: Annotated[float, Field(ge=50, le=100)]
    replacements: dict[str, str]


class GpuSettings(Section):
    """Which graphics card, and what it must have."""

    device: int | str
    min_vram_mb: Annotated[int, Field(ge=1)] | None
    require: bool


class VadSettings(Section):
    """Which voice detector, and from when on it is believed."""

    backend: Literal["silero", "webrtc", "energy", "scripted"]
    threshold: Probability
    release: Probability


class WakeSettings(Section):
    """The word after which Prism listens; null is always."""

    word: str | None
    engine: Literal["micro", "scripted"]
    listen_s: Seconds


class LlmEndpoint(Section):
    """One more server that thinking may fall back to. Items of a list have defaults: default.yaml cannot hold them."""

    base_url: str
    model: str = "auto"
    api_key: SecretStr | None = None


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
    total_timeout_s: Seconds
    fallback: tuple[LlmEndpoint, ...]
    prefill: Literal["auto", "on", "off"]
    tools: Literal["auto", "on", "off"]
    extra_body: dict[str, Any]


class TtsCacheSettings(Section):
    """How much speech is kept."""

    memory_mb: Annotated[int, Field(ge=0, le=4096)]
    disk_mb: Annotated[int, Field(ge=0, le=65_536)]


class PiperSettings(Section):
    """How Piper's voices speak; null is the voice's own."""

    noise_scale: Annotated[float, Field(ge=0, le=2)] | None
    noise_w: Annotated[float, Field(ge=0, le=2)] | None


class SpeechServerSettings(Section):
    """A server with /v1/audio/speech."""

    base_url: str
    model: str
    voice: str | None
    api_key: SecretStr | None


class WyomingSettings(Section):
    """A text-to-speech service of the Wyoming protocol."""

    uri: str


class ToolsSettings(Section):
    """What the model may do, and how long it may take."""

    consent: dict[str, Literal["allow", "ask", "deny"]]
    timeout_s: Seconds
    filler_after_s: Seconds


class McpServer(Section):
    """One MCP server that Prism starts and talks to over stdio. Items of a mapping have defaults, as of a list."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    env: dict[str, SecretStr] = {}


class McpSettings(Section):
    """Servers of further tools, by the name that becomes their prefix."""

    servers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")], McpServer]


class HistorySettings(Section):
    """What is remembered of conversations."""

    max_tokens: Annotated[int, Field(ge=256)]
    summarize: bool
    save: bool
    keep_days: Annotated[int, Field(ge=1, le=3650)]


class CleanupSettings(Section):
    """Whether a language model may clean up what was dictated."""

    enabled: bool
    prompt: str
    timeout_s: Seconds


class DictationProfile(Section):
    """What is otherwise in some windows. The first profile that fits counts; what is null is as everywhere.

    Patterns are those of file names (``*`` and ``?``), case ignored. Items of a list have defaults.
    """

    application: tuple[str, ...] = ()
    """Window classes or executables; empty fits all."""
    title: tuple[str, ...] = ()
    """Window titles; empty fits all."""
    enabled: bool = True
    sink: str | None = None
    chord: str | None = None
    """What pastes there: ctrl+v, shift+insert, ctrl+shift+v, cmd+v."""
    format: Literal["text", "plain"] = "text"
    language: Language | None = None
    cleanup: bool | None = None
    cleanup_prompt: str | None = None


class DictationSettings(Section):
    """Dictation: where words go, and how they are written there."""

    sink: str
    key: str | None
    gesture: Literal["hold", "toggle", "tap-or-hold", "double-tap"]
    sounds: bool
    notifications: bool
    tail_ms: Milliseconds
    keep_open_s: Annotated[float, Field(ge=0, le=86_400)] | None
    max_minutes: Annotated[float, Field(gt=0, le=600)]
    partials: bool
    commands: bool
    spacing: bool
    cleanup: CleanupSettings
    profiles: tuple[DictationProfile, ...]


class JournalSettings(Section):
    """What is kept of dictations, for how long, and what becomes of those that were never delivered."""

    keep: Literal["audio", "text", "off"]
    keep_days: Annotated[int, Field(ge=1, le=3650)]
    max_mb: Annotated[int, Field(ge=1, le=1_000_000)]
    recover: Literal["offer", "deliver", "off"]
    encrypt: bool


class TtsSettings(Section):
    """Speaking: which engines, in which order."""

    backends: Annotated[tuple[str, ...], Field(min_length=1)]
    voice: str | None
    speed: Annotated[float, Field(ge=0.25, le=4)]
    stall_timeout_s: Seconds
    cache: TtsCacheSettings
    piper: PiperSettings
    openai_http: SpeechServerSettings
    wyoming: WyomingSettings


class AudioSettings(Section):
    """The sound hardware."""

    input_device: Device
    output_device: Device
    restore_s: Seconds
    volume: Annotated[float, Field(ge=0, le=1)]
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
    model: str | None
    filler_after_ms: Milliseconds | None


class BargeInSettings(Section):
    """Whether speech stops the assistant."""

    enabled: bool
    duck_db: Annotated[float, Field(ge=0, le=60)] | None
    max_undecided_ms: Milliseconds


class PasteSettings(Section):
    """How dictated words get into other programs' windows."""

    backend: Literal["auto", "x11", "portal", "wtype", "ydotool", "windows", "macos"]
    chord: str
    chords: dict[str, str]
    restore: bool
    restore_ms: Milliseconds
    read_s: Seconds
    hands_off_s: Seconds
    snapshot_mb: Annotated[int, Field(ge=0, le=1024)]
    type_delay_ms: Milliseconds


class ModelsSettings(Section):
    """Where models are kept; null is the platform's data folder."""

    dir: Path | None


class MetricsSettings(Section):
    """Where Prometheus may read; null is nowhere."""

    port: Annotated[int, Field(ge=0, le=65_535)] | None


class Settings(Section):
    """The whole configuration, resolved once at the start."""

    stt: SttSettings
    gpu: GpuSettings
    vad: VadSettings
    wake: WakeSettings
    llm: LlmSettings
    tools: ToolsSettings
    mcp: McpSettings
    history: HistorySettings
    dictation: DictationSettings
    journal: JournalSettings
    tts: TtsSettings
    audio: AudioSettings
    turn: TurnSettings
    barge_in: BargeInSettings
    paste: PasteSettings
    models: ModelsSettings
    metrics: MetricsSettings
