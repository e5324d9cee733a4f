"""Which profile fits a window, and what dictation does there. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from config import DictationProfile, DictationSettings
    from pipeline.desktop.base import Window


@dataclass(frozen=True, slots=True)
class Profile:
    """How to dictate into one window; nothing is left open."""

    sink: str
    """As ``dictation.sink``."""
    chord: str | None = None
    """What pastes there; None lets the sink find out."""
    enabled: bool = True
    plain: bool = False
    """Write words as they were recognized: no spacing, no capitals, no typography, no commands."""
    language: str | None = None
    """``fr`` or ``en``; None is what ``stt.language`` says."""
    cleanup_prompt: str | None = None
    """None: no clean-up."""


def profile_for(window: Window | None, settings: DictationSettings, sink: str | None = None) -> Profile:
    """The first profile of the configuration that fits, over what holds everywhere.

    ``sink`` was asked for on the command line: it counts for more than any profile's.
    """
    found = next((entry for entry in settings.profiles if fits(entry, window)), None)
    everywhere = settings.cleanup
    if found is None:
        prompt = everywhere.prompt if everywhere.enabled else None
        return Profile(sink or settings.sink, cleanup_prompt=prompt)
    cleaned = everywhere.enabled if found.cleanup is None else found.cleanup
    return Profile(
        sink=sink or found.sink or settings.sink,
        chord=found.chord,
        enabled=found.enabled,
        plain=found.format == "plain",
        language=_one_language(found.language),
        cleanup_prompt=(found.cleanup_prompt or everywhere.prompt) if cleaned else None,
    )


def fits(entry: DictationProfile, window: Window | None) -> bool:
    """Whether an application and a title of the profile fit; an empty list fits everything, also what is not known."""
    if window is None:
        return not entry.application and not entry.title
    return _any(entry.application, window.application) and _any(entry.title, window.title)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return not patterns or any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)


def _one_language(language: Literal["fr", "en", "auto"] | None) -> str | None:
    return None if language == "auto" else language
