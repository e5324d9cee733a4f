"""The seams of the desktop: signatures and facts only, so that X11, Wayland, Windows and macOS are files beside it.

Nothing here imports a desktop library, and nothing outside this folder does. A ``Desk`` is what the sinks need of a
desktop, in words that every desktop has; the order of the steps and what they mean is decided once, in the sinks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pipeline.desktop.chords import Chord

Taken: TypeAlias = Literal["target", "someone", "nobody", "untold"]
"""Who has read words from the clipboard after the chord: the window they were meant for; somebody who may or may not
be that window; nobody in time; or this desktop tells nothing about reads."""


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

    @property
    def shown(self) -> str:
        """In words for a person: its title, or its application where it has none."""
        return self.title or self.application or "a window without a name"


class Hotkey(Protocol):
    """One key, or one chord, watched everywhere."""

    def edges(self) -> AsyncGenerator[KeyEdge, None]:
        """Its edges, as they happen, until closed. Raises DesktopError when it cannot be watched (taken, no right)."""

    async def is_down(self) -> bool | None:
        """The key's true state now, or None where the desktop does not tell: finds a release that got lost."""

    async def aclose(self) -> None:
        """Let go of the key; twice is fine."""


class Offer(Protocol):
    """Words that lie on the clipboard for a window to read, and what lay there before them."""

    async def deliver(self, limit_s: float) -> Taken:
        """Press the chord and wait, ``limit_s`` seconds at most, until the words are read. Once."""

    def restore(self, after_s: float) -> None:
        """Put back what was there, ``after_s`` seconds after the last read, unless somebody else has copied by then.

        Returns at once; the desk's next offer waits for it. Without it the words stay on the clipboard.
        """


class Desk(Protocol):
    """One desktop, as far as putting words into its windows goes."""

    @property
    def tells_windows(self) -> bool:
        """Whether ``active`` can name the window that has the keyboard."""

    @property
    def name(self) -> str:
        """In words for a person: X11, Wayland (portal) ..."""

    def prepare(self) -> None:
        """A dictation has begun: do now what an offer would take time for. Returns at once."""

    async def obstacle(self) -> str | None:
        """Why nothing can be pasted into the active window now (a missing right, a window above ours); one sentence."""

    async def active(self) -> Window | None:
        """The window that has the keyboard."""

    async def exists(self, window: Window) -> bool:
        """Whether this window is still there."""

    async def hands_off(self, limit_s: float) -> None:
        """Wait until the user holds no key that would spoil a chord; those held longer than ``limit_s`` seconds are let
        go for them."""

    async def offer(self, text: str, chord: Chord, target: Window | None) -> Offer:
        """Keep what is on the clipboard in mind and put the words there, to be fetched with this chord."""

    async def keep(self, text: str) -> None:
        """Put the words on the clipboard, to stay."""

    async def type(self, text: str) -> None:
        """Type the words, key by key."""

    async def aclose(self) -> None:
        """Finish what is under way and give everything back; twice is fine."""


class DesktopError(Exception):
    """The desktop refused or lacks something; one sentence says what and what to do."""
