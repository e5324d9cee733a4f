"""Which program a server probably is, and what that program understands beyond the common API: PURE.

A guess from what it lists of itself, so everything here must do no harm when the guess is wrong: a server that does
not know a key ignores it. The user's own ``llm.extra_body`` always has the last word.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

OLLAMA, LLAMA_CPP = "Ollama", "llama.cpp"
OWNERS = {
    "llamacpp": LLAMA_CPP,
    "vllm": "vLLM",
    "library": OLLAMA,
    "organization_owner": "LM Studio",
    "koboldcpp": "KoboldCpp",
    "sglang": "SGLang",
}
"""``owned_by`` of a listed model, as the servers fill it in: more telling than the port."""

EXTRAS: Mapping[str, Mapping[str, Any]] = {
    # The slot is left to the server: it picks the one whose cache has most in common with the prompt.
    LLAMA_CPP: {"cache_prompt": True},
    OLLAMA: {"keep_alive": "30m"},
}
"""Sent with each request to a server that was recognized: keep the work on the prompt, keep the model loaded."""


def recognized(listing: object) -> str | None:
    """The program behind the answer to ``GET /models``; None when it does not show."""
    data = listing.get("data") if isinstance(listing, dict) else None
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    owners = (OWNERS.get(str(entry.get("owned_by"))) for entry in entries)
    return next((owner for owner in owners if owner), None)


def is_local(url: str) -> bool:
    """Is it this machine or one of this house? Then asking it something more costs nobody money."""
    if is_loopback(url):
        return True
    host = urlsplit(url).hostname or ""
    if host.endswith((".local", ".lan", ".home.arpa")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
