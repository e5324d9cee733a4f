"""Settings for tests: the shipped defaults with a few keys changed; nothing of the machine's user is read."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import yaml

from config import Settings, default_text


def settings(**changes: object) -> Settings:
    """The defaults, and ``section__key=value`` for what a test needs to be otherwise."""
    data = copy.deepcopy(_defaults())
    for path, value in changes.items():
        section, _, key = path.partition("__")
        data[section][key] = value
    return Settings.model_validate(data)


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    """Parsed once: a conversation of a test takes less time than YAML does."""
    parsed: dict[str, dict[str, Any]] = yaml.safe_load(default_text())
    return parsed
