"""``prism models --llm``: the language models that servers on this machine offer, and which one would be taken.

Only shows what the room of thinking finds; language models are fetched and removed by the servers themselves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ui.cli.options import emit, note

if TYPE_CHECKING:
    from config import LlmSettings
    from llm import Found


def show(settings: LlmSettings, *, json_lines: bool) -> None:
    """List them; the one that ``prism talk`` would take has a star."""
    from llm import discover_all, last_used, probed

    found = asyncio.run(discover_all(last=last_used()))
    taken = _taken(settings, found)
    for server in found:
        for model in server.models:
            mine = (server.base_url, model) == taken
            if json_lines:
                emit({"server": server.server, "base_url": server.base_url, "name": model, "chosen": mine})
            else:
                print(f" {'*' if mine else ' '} {model}  ({server.server} at {server.base_url})")
    if json_lines:
        return
    if not found:
        note(f"No server answers here; looked for {', '.join(probed())}.")
    note(_told(settings, taken))


def _taken(settings: LlmSettings, found: tuple[Found, ...]) -> tuple[str, str] | None:
    """Base URL and model that a conversation would take, as far as this machine's servers tell."""
    url = settings.base_url.rstrip("/")
    wanted = [server for server in found if url in ("auto", server.base_url)]
    if not wanted or url == "builtin":
        return None
    return wanted[0].base_url, settings.model if settings.model != "auto" else wanted[0].models[0]


def _told(settings: LlmSettings, taken: tuple[str, str] | None) -> str:
    if taken is not None:
        return f"prism talk takes {taken[1]} at {taken[0]}; llm.base_url and llm.model choose another one."
    if settings.base_url in ("auto", "builtin"):
        return "prism talk takes the built-in responder, which is no language model."
    from common.addresses import shown_url

    return f"prism talk takes {settings.model} at {shown_url(settings.base_url)}, as llm.base_url says."
