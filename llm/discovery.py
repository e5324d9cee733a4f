"""Which language model servers run on this machine: asks the ports that such servers use, all at once.

Only this machine is asked, only with ``GET /v1/models``, and only an answer that lists a chat model counts:
other programs use these ports too. Which server it is, is a guess for messages and nothing else. The server
that was used last is asked too, whatever its port, and is preferred.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm.servers import recognized
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

BUDGET_S = 0.25
"""For all ports together: a server that is up lists its models in a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered."""

    base_url: str
    """Ends in /v1."""
    server: str
    """Which program it probably is."""
    models: tuple[str, ...]
    """Its chat models, the one that ``auto`` takes first; never empty."""


def probed(ports: Sequence[tuple[int, str]] = PORTS) -> tuple[str, ...]:
    """Where ``discover`` looks, for messages: ``Ollama at http://127.0.0.1:11434/v1``."""
    return tuple(f"{server} at {_base_url(port)}" for port, server in ports)


async def discover(
    budget_s: float = BUDGET_S, *, ports: Sequence[tuple[int, str]] = PORTS, last: str | None = None
) -> Found | None:
    """The server to talk to: ``last``, a base URL, when it still answers, else the first of ``ports`` that does."""
    return next(iter(await discover_all(budget_s, ports=ports, last=last)), None)


async def discover_all(
    budget_s: float = BUDGET_S, *, ports: Sequence[tuple[int, str]] = PORTS, last: str | None = None
) -> tuple[Found, ...]:
    """Every server that answers within ``budget_s`` seconds, the preferred one first.

    Loading the HTTP library (some 100 ms) is not part of the budget.
    """
    import httpx

    places = {_base_url(port): server for port, server in ports}
    order = dict.fromkeys([last, *places] if last else places)
    found: dict[str, Found] = {}
    limits = httpx.Timeout(budget_s)
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=limits) as client:  # noqa: S501
        try:
            async with asyncio.timeout(budget_s), asyncio.TaskGroup() as group:
                for url in order:
                    group.create_task(_probe(client, url, places.get(url, "a server"), found))
        except TimeoutError:
            pass  # who has answered by now, counts
    return tuple(found[url] for url in order if url in found)


async def _probe(client: httpx.AsyncClient, url: str, server: str, found: dict[str, Found]) -> None:
    import httpx

    try:
        response = await client.get(f"{url}/models")
        listing = response.json() if response.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return
    if models := chat_models(listing):
        found[url] = Found(url, recognized(listing) or server, models)


def _base_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"
