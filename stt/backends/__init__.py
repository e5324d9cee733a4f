"""Recognizers, one per file: its name is the value of ``stt.backend``, and it exports ``create(options)``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stt.base import STTUnavailable

if TYPE_CHECKING:
    from config import ModelStore, Progress, SttSettings
    from stt.base import Transcriber


@dataclass(frozen=True, slots=True)
class TranscriberOptions:
    """All that a recognizer may know when it is made."""

    settings: SttSettings
    store: ModelStore
    on_progress: Progress | None = None
    """Told of each step when a model has to be fetched."""


def known_backends() -> tuple[str, ...]:
    """Names that ``stt.backend`` may have."""
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


def create_transcriber(
    settings: SttSettings, models_dir: Path | None = None, on_progress: Progress | None = None
) -> Transcriber:
    """A recognizer that has not loaded anything yet. Raises STTUnavailable for an unknown backend or option.

    ``models_dir`` None is the platform's data folder.
    """
    from config import ModelStore

    names = known_backends()
    if settings.backend not in names:
        nearest = difflib.get_close_matches(settings.backend, names, 1, 0.3)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(names)}."
        raise STTUnavailable(f"There is no recognizer named {settings.backend!r} (stt.backend); {hint}")
    options = TranscriberOptions(settings, ModelStore(models_dir), on_progress)
    return cast("Transcriber", import_module(f"stt.backends.{settings.backend}").create(options))
