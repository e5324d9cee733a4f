"""The engines that speak, one file each: the file's name is its name in ``tts.backends``.

A file exports ``create(settings) -> Synthesizer``, cheap and without loading anything, and, where it needs libraries,
``LIBRARIES``: module name -> package that brings it. Found here by name; nothing else registers an engine.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

from tts.base import TTSUnavailable

if TYPE_CHECKING:
    from config import Settings
    from tts.base import Synthesizer


def known_backends() -> tuple[str, ...]:
    """Names of all engines, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def create_synthesizer(name: str, settings: Settings) -> Synthesizer:
    """The engine of that name. Raises TTSUnavailable, naming the nearest, when there is none."""
    known = known_backends()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, 1, 0.4)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}."
        raise TTSUnavailable(f"tts.backends has no engine named {name!r}; {hint}")
    module = importlib.import_module(f"tts.backends.{name}")
    synthesizer: Synthesizer = module.create(settings)
    return synthesizer
