"""A wake word for tests: it has been said where a sample has the value ``WORD``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stt.types import Int16

WORD = 2


class ScriptedWake:
    """Samples are the script."""

    def heard(self, samples: Int16) -> bool:
        """Whether any sample is the word."""
        return bool((samples == WORD).any())

    def reset(self) -> None:
        """There is no state."""


def create(word: str) -> ScriptedWake:  # noqa: ARG001  # every engine is made the same way
    """Any word will do."""
    return ScriptedWake()
