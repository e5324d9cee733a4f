"""A configuration as a file for another machine, and such a file made part of one's own.

What is exported is what somebody has set, without secrets. What is imported is set in the user's own file; what it does
not name stays, secrets above all. The comments of that file are lost, so it is kept beside.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from config.errors import ConfigUnreadable
from config.layers import read_layer
from config.loader import dump, load, merge_values
from config.shown import STARS

if TYPE_CHECKING:
    from config.loader import Loaded

BEFORE = ".before-import"
"""What the name of the kept file ends with."""


def exported(loaded: Loaded) -> str:
    """YAML of every key that is not left at its default, without secrets."""
    plain, found = dump(loaded.settings), dict[str, Any]()
    for key in loaded.origins:
        *sections, name = key.split(".")
        source, target = plain, found
        for section in sections:
            source, target = source[section], target.setdefault(section, {})
        target[name] = source[name]
    return _written(_without_secrets(found))


def imported(file: Path, own: Path) -> bool:
    """Set in ``own`` what ``file`` sets; whether there was a file of one's own, which is kept beside.

    Raises ConfigError when either is wrong, OSError when it cannot be written.
    """
    load(file, (), {})
    values, there = _values(file), own.exists()
    if there:
        load(own, (), {})
        write_whole(own.with_name(own.name + BEFORE), own.read_bytes())
        values = merge_values(_values(own), values)
    own.parent.mkdir(parents=True, exist_ok=True)
    write_whole(own, _written(values))
    return there


def _values(file: Path) -> dict[str, Any]:
    try:
        return read_layer(file.read_bytes(), lambda line: f"{file}:{line}").values
    except OSError as error:
        raise ConfigUnreadable(
            f"{file}: this configuration file cannot be read: {error.strerror}."
        ) from error


def _without_secrets(value: Any) -> Any:  # noqa: ANN401  # whatever YAML can hold
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if inner != STARS}
    if isinstance(value, list | tuple):
        return [_without_secrets(item) for item in value]
    return value


def _written(values: dict[str, Any]) -> str:
    used = {section: keys for section, keys in values.items() if keys != {}}
    return yaml.safe_dump(used, allow_unicode=True, sort_keys=False, width=110) if used else ""


def write_whole(path: Path, text: str | bytes) -> None:
    """A configuration in one step, readable by its owner alone: it may hold secrets. Raises OSError.

    A link stays one: people keep such files elsewhere.
    """
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode() if isinstance(text, str) else text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
