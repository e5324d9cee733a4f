"""What can be set: the configuration as frozen types, and the models that can be had. It knows nobody."""

from __future__ import annotations

from config.errors import ConfigError, ConfigUnreadable
from config.loader import Loaded, default_text, defaults, dump, load, load_settings, secrets, user_text
from config.models import (
    HubUnreachable,
    ModelDamaged,
    ModelEntry,
    ModelError,
    ModelUnknown,
    StoreFull,
    catalogue,
    find_model,
)
from config.paths import cache_dir, config_dir, data_dir, log_dir, log_file, state_dir, user_config_file
from config.settings import (
    AudioSettings,
    BargeInSettings,
    GpuSettings,
    LlmSettings,
    MetricsSettings,
    ModelsSettings,
    Settings,
    SttSettings,
    TtsSettings,
    TurnSettings,
    VadSettings,
)
from config.store import InstalledModel, ModelStore, Progress

__all__ = [
    "AudioSettings",
    "BargeInSettings",
    "ConfigError",
    "ConfigUnreadable",
    "GpuSettings",
    "HubUnreachable",
    "InstalledModel",
    "LlmSettings",
    "Loaded",
    "MetricsSettings",
    "ModelDamaged",
    "ModelEntry",
    "ModelError",
    "ModelStore",
    "ModelUnknown",
    "ModelsSettings",
    "Progress",
    "Settings",
    "StoreFull",
    "SttSettings",
    "TtsSettings",
    "TurnSettings",
    "VadSettings",
    "cache_dir",
    "catalogue",
    "config_dir",
    "data_dir",
    "default_text",
    "defaults",
    "dump",
    "find_model",
    "load",
    "load_settings",
    "log_dir",
    "log_file",
    "secrets",
    "state_dir",
    "user_config_file",
    "user_text",
]
