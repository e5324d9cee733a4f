"""How much a measurement may take, and how it says where it is. Handed to every contest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Settings


@dataclass(frozen=True, slots=True)
class Effort:
    """The wishes of the command line."""

    settings: Settings
    quick: bool
    """A few samples only: to see that it runs."""
    long: bool
    """24 simulated hours instead of 2."""
    tell: Callable[[str], None]
    """Progress, for a person."""

    def pick(self, quick: int, full: int) -> int:
        """One of two amounts."""
        return quick if self.quick else full


def child(module: str, *arguments: str) -> list[str]:
    """The command line of a module of Prism in a process of its own, with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """In which such a process finds the very same Prism."""
    root = str(Path(__file__).resolve().parents[2])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    }
