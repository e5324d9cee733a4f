"""The seams of the desktop: signatures and facts only, so that X11, Wayland, Windows and macOS are files beside it.

Nothing here imports a desktop library, and nothing outside this folder does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@dataclass(frozen=True, slots=True)
class KeyEdge:
    """A hotkey went down or came up; auto-repeat is filtered out before."""

    down: bool
    at: float
    """Monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """The window that has the keyboard."""

    id: str
    """Stable for the life of the window; compared, never shown."""
    application: str
    """Window class or executable, lower case: what profiles are matched with."""
    title: str
    pid: int | None = None


class Hotkey(Protocol):
    """One key, or one chord, watched everywhere."""

    def edges(self) -> AsyncGenerator[KeyEdge, None]:
        """Its edges, as they happen, until closed. Raises DesktopError when it cannot be watched (taken, no right)."""

    async def is_down(self) -> bool | None:
        """The key's true state now, or None where the desktop does not tell: finds a release that got lost."""

    async def aclose(self) -> None:
        """Let go of the key; twice is fine."""


class DesktopError(Exception):
    """The desktop refused or lacks something; one sentence says what and what to do."""
