"""The models that can be had: what ``models.yaml`` lists, as frozen types. Neither network nor disk here.

ModelError              a model cannot be had or used
├── ModelUnknown        no such model; the message names the nearest
├── HubUnreachable      the model hub does not answer; the message says how to go on without it
├── ModelDamaged        what was fetched or stored is not what the hub described
└── StoreFull           no room, or no right to write, where models are kept
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["stt", "tts", "turn"]

VOICE = re.compile(r"(?P<language>[a-z]{2,3})_[A-Z]{2}-(?P<voice>[^-/]+)-(?P<quality>x_low|low|medium|high)")
"""A Piper voice name; Piper's own download code has the same form."""
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
"""A repository on the hub: ``owner/name``."""


class ModelError(Exception):
    """A model cannot be had or used."""


class ModelUnknown(ModelError):
    """No such model."""


class HubUnreachable(ModelError):
    """The model hub does not answer."""


class ModelDamaged(ModelError):
    """What was fetched or stored is not what the hub described."""


class StoreFull(ModelError):
    """No room, or no right to write, where models are kept."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that can be had by name."""

    name: str
    kind: Kind
    repo: str | None
    """``owner/name`` on the hub; None for a bundled model."""
    revision: str
    files: tuple[str, ...]
    """Patterns of the files needed; each must match."""
    optional: tuple[str, ...]
    """Patterns of the files taken when they are there."""
    languages: tuple[str, ...]
    """ISO 639-1 codes; ``*`` for every language."""
    license: str
    bundled: str | None = None
    """Folder below the rooms of Prism, with forward slashes, when the model is part of it."""

    def __post_init__(self) -> None:
        if (self.repo is None) == (self.bundled is None):
            raise ValueError(f"model {self.name!r} needs either a repository or a bundled folder")

    @property
    def folder(self) -> str:
        """The name as one folder name."""
        return self.name.replace("/", "--")

    @property
    def bundled_path(self) -> Path | None:
        """Where a bundled model lies."""
        return Path(__file__).parent.parent / self.bundled if self.bundled else None

    def wanted(self, available: Iterable[str]) -> tuple[str, ...]:
        """Those of the repository's files that make up this model. Raises ModelDamaged when one lacks."""
        names = sorted(available)
        for pattern in self.files:
            if not fnmatch.filter(names, pattern):
                raise ModelDamaged(f"{self.repo} has no {pattern}, so it is not a model that Prism can use.")
        return tuple(
            name for name in names if any(fnmatch.fnmatch(name, p) for p in (*self.files, *self.optional))
        )


@cache
def catalogue() -> tuple[ModelEntry, ...]:
    """All models of ``models.yaml``, in its order."""
    import yaml

    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("models.yaml").read_text("utf-8"))
    return (*_recognizers(document["stt"]), *_voices(document["tts"]), *_turn_models(document["turn"]))


def find_model(name: str, kind: Kind | None = None) -> ModelEntry:
    """The model of that name; also any Piper voice and, for stt, any ``owner/name`` of the hub.

    Raises ModelUnknown, naming the nearest known model.
    """
    known = [entry for entry in catalogue() if kind in (None, entry.kind)]
    for entry in known:
        if entry.name == name:
            return entry
    if kind in (None, "tts") and VOICE.fullmatch(name):
        voices = next(entry for entry in catalogue() if entry.kind == "tts")
        return _voice(name, {"repo": voices.repo, "revision": voices.revision, "license": voices.license})
    if kind in (None, "stt") and REPOSITORY.fullmatch(name):
        sample = next(entry for entry in catalogue() if entry.kind == "stt" and entry.repo)
        return ModelEntry(
            name, "stt", name, sample.revision, sample.files, sample.optional, ("*",), "see its hub page"
        )
    names = [entry.name for entry in known]
    nearest = difflib.get_close_matches(name, names, 1, 0.4)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(names)}."
    raise ModelUnknown(f"There is no model named {name!r}; {hint}")


def _recognizers(section: dict[str, Any]) -> Iterator[ModelEntry]:
    """The entries of the stt section."""
    for name, data in section["models"].items():
        yield ModelEntry(
            name=name,
            kind="stt",
            repo=data.get("repo"),
            revision=section["revision"],
            files=tuple(section["files"]),
            optional=tuple(section["optional"]),
            languages=tuple(data["languages"]),
            license=data["license"],
            bundled=data.get("bundled"),
        )


def _turn_models(section: dict[str, Any]) -> Iterator[ModelEntry]:
    """The entries of the turn section."""
    for name, data in section["models"].items():
        yield ModelEntry(
            name=name,
            kind="turn",
            repo=data["repo"],
            revision=data["revision"],
            files=tuple(data["files"]),
            optional=(),
            languages=tuple(data["languages"]),
            license=data["license"],
        )


def _voices(section: dict[str, Any]) -> Iterator[ModelEntry]:
    """The entries of the tts section."""
    for name, data in section["models"].items():
        yield _voice(name, {**section, **data})


def _voice(name: str, data: dict[str, Any]) -> ModelEntry:
    """A Piper voice: its name says where its files lie."""
    match = VOICE.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} does not look like a Piper voice, such as fr_FR-siwis-medium")
    folder = f"{match['language']}/{name.partition('-')[0]}/{match['voice']}/{match['quality']}"
    return ModelEntry(
        name=name,
        kind="tts",
        repo=data["repo"],
        revision=data["revision"],
        files=(f"{folder}/{name}.onnx", f"{folder}/{name}.onnx.json"),
        optional=(f"{folder}/MODEL_CARD",),
        languages=tuple(data.get("languages", [match["language"]])),
        license=data["license"],
    )
