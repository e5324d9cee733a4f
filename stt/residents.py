"""The settings' models as a pool: what each is made of, and how much it takes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from config import ModelError, ModelStore
from stt.backends import create_transcriber
from stt.model_pool import ModelPool, PoolRules

if TYPE_CHECKING:
    from pathlib import Path

    from config import Progress, Settings
    from stt.backends import Notify
    from stt.base import Transcriber


def create_pool(settings: Settings, progress: Progress | None, notify: Notify | None) -> ModelPool:
    """Nothing is loaded yet. Raises STTUnavailable for an unknown backend or option."""
    stt = settings.stt

    def make(name: str) -> Transcriber:
        # What stands in for an engine stands in for the main model only: one fallback is enough.
        own = stt if name == stt.model else stt.model_copy(update={"model": name, "fallback": ()})
        return create_transcriber(own, settings.models.dir, progress, gpu=settings.gpu, notify=notify)

    of_language = {str(code): name for code, name in stt.language_models.items()}
    rules = PoolRules(stt.model, of_language, stt.preload, stt.caption_model, stt.resident_mb)
    ours = stt.backend == "faster_whisper"  # other backends' models are not in our store
    return ModelPool(make, lambda name: model_mb(folder_of(settings, name)) if ours else 0, rules)


def folder_of(settings: Settings, name: str) -> Path | None:
    """Where a model lies; None when it is not here, or is not a model of ours."""
    try:
        return ModelStore.from_settings(settings.models).resolve(name, "stt")
    except ModelError:
        return None


def model_mb(folder: Path | None) -> int:
    """MiB of the files in a model's folder, rounded up; 0 where there are none. Folders in it are not looked into: any
    folder may be named."""
    if folder is None:
        return 0
    total = 0
    with suppress(OSError):  # no folder, or files that go while they are counted
        total = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return -(-total >> 20)
