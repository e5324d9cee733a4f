"""``prism doctor`` on hearing: each recognizer loads its models, as far as those are here. Doctor fetches nothing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.checks import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config import Settings, SttSettings

OURS = "faster_whisper"
"""The backend whose models are those of ``prism models``."""
FETCHES = "moonshine"
"""The backend that fetches its models by itself, into a folder of this name among ours."""


async def recognizers(settings: Settings) -> AsyncIterator[Finding]:
    """The recognizer and those that stand in for it; one that works is enough. Then what else would be fetched."""
    from stt import STTError, STTManager

    try:
        STTManager.from_settings(settings)
    except STTError as error:  # a name or an option that there is not, be it a stand-in's
        yield Finding("recognizer", "fail", str(error))
        return
    findings = [
        await _tried(settings, stt, name)
        for name, stt in (("recognizer", settings.stt), *_stand_ins(settings.stt))
    ]
    works = any(finding.state == "ok" for finding in findings)
    for finding in findings:
        mild = works and finding.state == "fail"
        yield Finding(finding.name, "warn", finding.detail) if mild else finding
    if lacking := _lacking(settings, _further(settings.stt)):
        pulls = " && ".join(f"prism models pull {name}" for name in lacking)
        yield Finding("more models", "warn", f"Not installed: {', '.join(lacking)}; get them with: {pulls}")


def _stand_ins(stt: SttSettings) -> list[tuple[str, SttSettings]]:
    """The settings of each engine of ``stt.fallback``, and what its finding is called."""
    parted = [(entry, *entry.partition(":")[::2]) for entry in stt.fallback]
    return [
        (f"or {entry}", stt.model_copy(update={"backend": backend, "model": model or stt.model}))
        for entry, backend, model in parted
    ]


async def _tried(settings: Settings, stt: SttSettings, name: str) -> Finding:
    """Whether one engine can hear, with its main model and nobody who stands in."""
    from stt import STTError, STTManager

    alone: dict[str, object] = {"fallback": (), "language_models": {}, "caption_model": None, "preload": ()}
    settings = settings.model_copy(update={"stt": stt.model_copy(update=alone)})
    try:
        manager = STTManager.from_settings(settings)
        if stt.backend == OURS and _lacking(settings, [stt.model]):
            instead = "or --set stt.model=prism-tiny for a small one that is part of Prism"
            told = f"The model {stt.model} is not installed; get it with: prism models pull {stt.model}, {instead}"
            return Finding(name, "fail", told)
        if stt.backend == FETCHES and _would_fetch(settings):
            return Finding(name, "warn", f"{FETCHES} fetches its model {stt.model} when it is first used.")
        try:
            await manager.warm()
        finally:
            await manager.aclose()
    except STTError as error:
        return Finding(name, "fail", str(error))
    return Finding(
        name, "ok", f"{stt.backend} with {stt.model}" if stt.backend in {OURS, FETCHES} else stt.backend
    )


def _further(stt: SttSettings) -> list[str]:
    """Models beside the main one that a conversation loads."""
    named = [*([stt.caption_model] if stt.caption_model else []), *stt.language_models.values(), *stt.preload]
    return list(dict.fromkeys(named)) if stt.backend == OURS else []


def _lacking(settings: Settings, names: list[str]) -> list[str]:
    """Which of our models are not here; an unknown name is left to the engine, which tells it better."""
    from config import ModelStore, ModelUnknown

    store, lacking = ModelStore.from_settings(settings.models), []
    for name in names:
        try:
            if store.resolve(name, "stt") is None:
                lacking.append(name)
        except ModelUnknown:
            continue
    return lacking


def _would_fetch(settings: Settings) -> bool:
    """Whether Moonshine is installed and none of its models is."""
    from config import ModelStore

    ours = ModelStore.from_settings(settings.models).root
    here = Path(settings.stt.model).is_dir() or (ours / FETCHES).is_dir()
    return find_spec("moonshine_voice") is not None and not here
