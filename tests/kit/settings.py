"""Settings for tests: the shipped defaults with a few keys changed; nothing of the machine's user is read."""

from __future__ import annotations

import yaml

from config import Settings, default_text


def settings(**changes: object) -> Settings:
    """The defaults, and ``section__key=value`` for what a test needs to be otherwise."""
    data = yaml.safe_load(default_text())
    for path, value in changes.items():
        section, _, key = path.partition("__")
        data[section][key] = value
    return Settings.model_validate(data)
