"""One language model backend, one file: its name is the name in the config.

A backend exports ``create(settings, *, base_url, client) -> ChatModel``. It is imported when it is chosen,
so that its library costs nothing before.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from llm.base import LLMBackendMissing

if TYPE_CHECKING:
    import httpx

    from config import LlmSettings
    from llm.base import ChatModel


def names() -> tuple[str, ...]:
    """What ``llm.backend`` may be."""
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py")))


def check_backend(name: str) -> None:
    """Raise LLMBackendMissing unless there is a backend of that name."""
    if name not in names():
        raise LLMBackendMissing(
            f"There is no LLM backend {name!r}: llm.backend can be {' or '.join(names())}."
        )


def create_chat_model(
    settings: LlmSettings, *, base_url: str, client: httpx.AsyncClient | None = None
) -> ChatModel:
    """The model that ``settings.backend`` names, talking to ``base_url`` (already resolved, ends in /v1).

    A ``client`` that is given stays open when the model is closed. Nothing is asked of the server yet.
    Raises LLMBackendMissing for an unknown backend or a library that is not installed, LLMUnavailable for
    an impossible URL.
    """
    name = settings.backend
    check_backend(name)
    try:
        module = importlib.import_module(f"llm.backends.{name}")
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        raise LLMBackendMissing(
            f"The LLM backend {name} needs the library {library}: install it with `pip install {library}`."
        ) from error
    return cast("ChatModel", module.create(settings, base_url=base_url, client=client))
