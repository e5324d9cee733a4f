"""Configuration enters once: defaults < user file < environment < command line, checked and frozen.

The only file that reads configuration from outside. What a layer is stands in ``layers``, what a key accepts in
``schema``. Whatever is wrong leaves as one ``ConfigError`` with its place; nothing is guessed and nothing ignored,
except environment variables of others that happen to begin with ``PRISM_``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from config.errors import ConfigError, ConfigUnreadable
from config.layers import Layer, read_layer, read_value, unknown, wrong, wrong_inside
from config.paths import user_config_file
from config.schema import KeyPath, dotted, leaves
from config.settings import Settings
from config.shown import STARS, passwords, starred

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PREFIX = "PRISM_"
_KEY = re.compile(r"[\w.]*")  # what may be repeated of an option that is wrong: the rest may be a secret
_SECTION = re.compile(
    r" +\w+:\s*(?:#.*)?\Z"
)  # of default.yaml: a line that only names a section within a section


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration and where it came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Dotted key -> where it was set, for each key that is not left at its default."""
    file: Path | None
    """The file that was read, if any."""


def load_settings(
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The whole configuration. Arguments and errors as for ``load``."""
    return load(config_file, overrides, environ).settings


def load(
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Read and merge all layers.

    ``config_file`` stands in for the user's file and must exist; ``overrides`` are ``dotted.key=YAML value``;
    ``environ`` is ``os.environ`` unless given. Raises ConfigError.
    """
    file = config_file if config_file is not None else _user_file()
    layers = [*_file_layer(file), *_environment(os.environ if environ is None else environ)]
    layers += [_override(text) for text in overrides]
    values = _shipped()
    places: dict[KeyPath, str] = {}
    for layer in layers:
        values = merge_values(values, layer.values)
        places |= layer.places
    settings = _validated(values, places)
    return Loaded(settings, _origins(places), file)


def defaults() -> Settings:
    """The configuration that nobody has touched."""
    return Settings.model_validate(_shipped())


@cache
def _shipped() -> Mapping[str, Any]:
    """The lowest layer, read once: layers are merged into new mappings and never changed."""
    return read_layer(default_text(), "default.yaml:{}".format).values


def known_keys() -> tuple[str, ...]:
    """Every dotted key that has a value, in the order of ``default.yaml``."""
    return tuple(dotted(path) for path in leaves())


def default_text() -> str:
    """``default.yaml`` as it is shipped, with its comments."""
    return resources.files("config").joinpath("default.yaml").read_text(encoding="utf-8")


def user_text() -> str:
    """What ``config init`` writes: every key with its comment and default, commented out.

    Sections stay, so that taking away one ``#`` is enough to set a key.
    """
    lines = default_text().splitlines()
    body = [_commented(line) for line in lines]
    first = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    head = [
        "# Your configuration of Prism. What begins with # is the default: take the # away and change the value.",
        "# `prism config show` tells what is in force, `prism config validate` what is wrong.",
    ]
    return "\n".join(head + body[first:]) + "\n"


def _commented(line: str) -> str:
    """A line of default.yaml behind a ``#``, unless it only names a section."""
    if not line.startswith("  ") or _SECTION.match(line):
        return line
    key = line.lstrip(" ")
    return f"{line[: -len(key)]}# {key}"


def dump(settings: Settings) -> dict[str, Any]:
    """The configuration as plain values, secrets as stars."""
    plain: dict[str, Any] = _starred(settings.model_dump())
    return plain


def secrets(settings: Settings) -> tuple[str, ...]:
    """The values that must never be written anywhere."""
    return tuple(dict.fromkeys(_hidden(settings)))


def _hidden(value: object) -> Iterator[str]:
    """Every secret in a value, however deep."""
    if isinstance(value, SecretStr):
        if text := value.get_secret_value():
            yield text
    elif isinstance(value, str):
        yield from passwords(value)
    elif isinstance(value, BaseModel):
        yield from _hidden(dict(value))
    elif isinstance(value, dict):
        yield from _hidden(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _hidden(item)


def _user_file() -> Path | None:
    file = user_config_file()
    return file if os.path.lexists(file) else None


def _file_layer(file: Path | None) -> Iterator[Layer]:
    if file is None:
        return
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigUnreadable(f"{file}: there is no such configuration file.") from error
    except IsADirectoryError as error:
        raise ConfigUnreadable(f"{file}: this is a folder, not a configuration file.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigUnreadable(f"{file}: this configuration file cannot be read: {reason}.") from error
    yield read_layer(data, lambda line: f"{file}:{line}")


def _environment(environ: Mapping[str, str]) -> Iterator[Layer]:
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX):
            continue
        rest = name[len(PREFIX) :].lower()
        if "__" in rest:
            yield read_value(tuple(rest.split("__")), environ[name], name)
        elif meant := next((path for path in leaves() if "_".join(path) == rest), None):
            right = PREFIX + "__".join(meant).upper()
            raise ConfigError(f"{name}: two underscores part the section from the key, write {right}.")


def _override(text: str) -> Layer:
    key, equals, value = text.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        shown = _KEY.match(text)
        raise ConfigError(
            f"--set {shown[0] if shown else ''}: write it as dotted.key=value, as in stt.model=small."
        )
    return read_value(path, value, f"--set {key.strip()}")


def merge_values(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key; everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, dict) and isinstance(value, dict)
        merged[key] = merge_values(under, value) if both and under is not None else value
    return merged


def _validated(values: Mapping[str, Any], places: Mapping[KeyPath, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        loc = first["loc"]
        words = tuple(str(word) for word in loc)
        path = max((p for p in leaves() if words[: len(p)] == p), key=len, default=words)
        above = max((p for p in places if words[: len(p)] == p), key=len, default=())
        place = places.get(above, "default.yaml")
        if path not in leaves():
            raise unknown(path, place) from None
        if len(loc) > len(path):
            raise wrong_inside(loc, len(path), first["type"], place) from None
        raise wrong(path, place, _at(values, path)) from None  # the cause would repeat a secret


def _origins(places: Mapping[KeyPath, str]) -> dict[str, str]:
    """Where each key was set; of a mapping that takes any key, where the first of its keys was."""
    found: dict[str, str] = {}
    for path in leaves():
        inside = [place for key, place in places.items() if key[: len(path)] == path]
        found |= {dotted(path): place for place in inside[:1]}
    return found


def _at(values: Any, path: KeyPath) -> Any:  # noqa: ANN401  # a configured value is anything
    for word in path:
        values = values[word]
    return values


def _starred(value: Any) -> Any:  # noqa: ANN401  # a configured value is anything
    if isinstance(value, BaseModel):
        return _starred(dict(value))
    if isinstance(value, dict):
        return {key: _starred(child) for key, child in value.items()}
    if isinstance(value, tuple | list):
        return [_starred(child) for child in value]
    if isinstance(value, SecretStr):
        return STARS if value.get_secret_value() else ""
    if isinstance(value, Path):
        return str(value)
    return starred(value) if isinstance(value, str) else value
