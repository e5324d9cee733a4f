"""Text that a C library can take. Pure; what a text means is not touched."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Without the lone surrogates that UTF-8 cannot hold, and with a space for NUL, which ends a text in C."""
    return text.replace("\0", " ").encode("utf-8", "ignore").decode("utf-8")
