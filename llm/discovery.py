"""Which language model server runs on this machine: asks the ports that such servers use, all at once.

Only this machine is asked, only with ``GET /v1/models``, and only an answer that lists a chat model counts:
other programs use these ports too. Which server it is, is a guess for messages and nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm.wire import chat_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

PORTS: tuple[tuple[int, str], ...] = (
    (11434, "Ollama"),
    (8080, "llama.cpp or LocalAI"),
    (1234, "LM Studio"),
    (8000, "vLLM"),
    (1337, "Jan"),
    (5000, "text-generation-webui"),
    (5001, "KoboldCpp"),
)
"""Default ports of the servers' own documentation, in the order in which they are preferred."""

OWNERS = {
    "llamacpp": "llama.cpp",
    "vllm": "vLLM",
    "library": "Ollama",
    "organization_owner": "LM Studio",
    "koboldcpp": "KoboldCpp",
}
"""``owned_by`` of a listed model, as the servers fill it in: more telling than the port."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered."""

    base_url: str
    """Ends in /v1."""
    server: str
    """Which program it probably is."""
    models: tuple[str, ...]
    """Its chat models, in its order; never empty."""


def probed(ports: Sequence[tuple[int, str]] = PORTS) -> tuple[str, ...]:
    """Where ``discover`` looks, for messages: ``Ollama at http://127.0.0.1:11434/v1``."""
    return tuple(f"{server} at {_base_url(port)}" for port, server in ports)


async def discover(budget_s: float = 0.25, *, ports: Sequence[tuple[int, str]] = PORTS) -> Found | None:
    """The first server of ``ports`` that answers within ``budget_s`` seconds; None when none does.

    Loading the HTTP library (some 100 ms) is not part of the budget.
    """
    import httpx

    found: dict[int, Found] = {}
    limits = httpx.Timeout(budget_s)
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=limits) as client:  # noqa: S501
        try:
            async with asyncio.timeout(budget_s), asyncio.TaskGroup() as group:
                for port, server in ports:
                    group.create_task(_probe(client, port, server, found))
        except TimeoutError:
            pass  # who has answered by now, counts
    return next((found[port] for port, _ in ports if port in found), None)


async def _probe(client: httpx.AsyncClient, port: int, server: str, found: dict[int, Found]) -> None:
    import httpx

    try:
        response = await client.get(f"{_base_url(port)}/models")
        listing = response.json() if response.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError):
        return
    if models := chat_models(listing):
        found[port] = Found(_base_url(port), _owner(listing) or server, models)


def _owner(listing: object) -> str | None:
    data = listing.get("data") if isinstance(listing, dict) else None
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    owners = (OWNERS.get(str(entry.get("owned_by"))) for entry in entries)
    return next((owner for owner in owners if owner), None)


def _base_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"
