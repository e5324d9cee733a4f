"""What dictation is told: by keys, sockets and commands, and by its own tasks. Facts and wishes only, no behavior.

A dictation is known here by a *number*, which counts within one run; the journal and the events name it by its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Interruption: TypeAlias = Literal["suspend", "lock", "device", "key-up", "shutdown"]
"""suspend: the machine goes to sleep; lock: the session is locked; device: the microphone is gone; key-up: the key is
up although its release was never told; shutdown: this program is asked to end."""
HELD_BACK: frozenset[Interruption] = frozenset(("suspend", "lock", "shutdown"))
"""Interruptions after which nothing may be put into a window: nobody sits before it."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a dictation. Ignored while one is being recorded."""

    trigger: str
    """Who asks, for the events and the journal: hold, toggle, ctl, talon, input ..."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The key is up: the recording is over, its words are wanted. Ignored while nothing is recorded."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """The key that was held for a recording is up, and the recording goes on: it was a tap."""


@dataclass(frozen=True, slots=True)
class Toggle:
    """Stop what is being recorded, else start."""

    trigger: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Throw away what is being recorded, else the newest dictation that has not begun to be inserted."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Something ends the recording that is not its user: it is finished and kept, never thrown away."""

    reason: Interruption


@dataclass(frozen=True, slots=True)
class PasteLast:
    """Insert the words of the last dictation once more, or of the one named, where the cursor is now."""

    id: str | None = None
    """As the journal names it; None is the last one that has words."""


@dataclass(frozen=True, slots=True)
class RetryLast:
    """Understand the last recording once more, or the one named, from its sound, and insert the words."""

    id: str | None = None
    """As the journal names it; None is the last one of which there is sound."""
    model: str | None = None
    """Another model than the one that is set, where the recognizer can have several."""


@dataclass(frozen=True, slots=True)
class Captured:
    """No more sound will come: it was stopped, its source ended, or the device was lost."""

    number: int


@dataclass(frozen=True, slots=True)
class Recognized:
    """The words are ready to be inserted."""

    number: int
    words: bool
    """False when nothing was said."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """The words have been put somewhere, and the sink is free again."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """This dictation ends without having been inserted."""

    number: int
    error: str
    """One sentence."""


Request: TypeAlias = Start | Stop | LetGo | Toggle | Cancel | Interrupted | PasteLast | RetryLast
"""What comes from outside."""
Result: TypeAlias = Captured | Recognized | Inserted | Failed
"""What comes from the tasks of dictation."""
DictationMessage: TypeAlias = Request | Result
