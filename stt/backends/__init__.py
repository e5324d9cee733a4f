"""Recognizers, one per file: its name is the value of ``stt.backend``, and it exports ``create(options)``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stt.base import STTUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from config import GpuSettings, ModelStore, Progress, SttSettings
    from stt.base import Transcriber
    from stt.types import SpeechSegment

PER_SECOND = 10.0
"""Seconds of patience for each second of audio, beyond the set time."""
REMOTE = frozenset({"openai_http", "wyoming", "scripted"})
"""Recognizers without native code in this process: a child would isolate nothing."""


@dataclass(frozen=True, slots=True)
class TranscriberOptions:
    """All that a recognizer may know when it is made."""

    settings: SttSettings
    store: ModelStore
    on_progress: Progress | None = None
    """Told of each step when a model has to be fetched."""
    gpu: GpuSettings | None = None
    """None is the first card, if any."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of what engines do by themselves, in the event loop's thread."""

    restarted: Callable[[str, str], None] | None = None
    """Engine, reason."""
    switched: Callable[[str, str, str], None] | None = None
    """From, to, reason."""


def patience_s(settings: SttSettings, segment: SpeechSegment) -> float:
    """Seconds that one decode of a segment may take."""
    return settings.timeout_s + PER_SECOND * segment.duration


def told_of(settings: SttSettings, prompt: str | None) -> str | None:
    """What a recognizer is told that takes one text: the prompt, then the names."""
    parts = [prompt or settings.prompt or "", ", ".join(settings.hotwords)]
    return " ".join(filter(None, parts)) or None


def known_backends() -> tuple[str, ...]:
    """Names that ``stt.backend`` may have."""
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


def create_transcriber(
    settings: SttSettings,
    models_dir: Path | None = None,
    on_progress: Progress | None = None,
    *,
    gpu: GpuSettings | None = None,
    notify: Notify | None = None,
) -> Transcriber:
    """A recognizer that has not loaded anything yet. Raises STTUnavailable for an unknown backend or option.

    ``models_dir`` None is the platform's data folder.
    """
    from config import ModelStore
    from stt.fallback import Fallback

    options = TranscriberOptions(settings, ModelStore(models_dir), on_progress, gpu)
    notify = notify or Notify()
    first = _create(options, notify)
    if not settings.fallback:
        return first
    others = [(name, _create(_instead(options, name), notify)) for name in settings.fallback]
    return Fallback([(settings.backend, first), *others], settings.timeout_s, notify.switched)


def create_plain(options: TranscriberOptions) -> Transcriber:
    """The recognizer of ``options.settings.backend``, in this process, without those that stand in for it."""
    name, names = options.settings.backend, known_backends()
    if name not in names:
        nearest = difflib.get_close_matches(name, names, 1, 0.3)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(names)}."
        raise STTUnavailable(f"There is no recognizer named {name!r} (stt.backend); {hint}")
    return cast("Transcriber", import_module(f"stt.backends.{name}").create(options))


def _create(options: TranscriberOptions, notify: Notify) -> Transcriber:
    plain = create_plain(options)  # also in isolation: an unknown name or option is told before a child is
    if options.settings.isolation == "thread" or options.settings.backend in REMOTE:
        return plain
    from stt.isolation import IsolatedTranscriber

    return IsolatedTranscriber(options, notify.restarted)


def _instead(options: TranscriberOptions, entry: str) -> TranscriberOptions:
    """The options of a fallback: ``backend`` or ``backend:model``."""
    backend, _, model = entry.partition(":")
    changes = {"backend": backend, "model": model or options.settings.model}
    return replace(options, settings=options.settings.model_copy(update=changes))
