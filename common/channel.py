"""Bounded channels: the only way items move between tasks.

Theory of operation. A channel has two ends and a size that must be given. Closing the last send end ends the
reader's ``async for``; nobody ever sends a sentinel. What happens when a channel is full is its policy, fixed
when it is made, because it follows from who produces:

* ``WAIT``        the sender waits: that is the back-pressure between stages.
* ``DROP_OLDEST`` the sender is real time and can never wait (a microphone): the oldest item goes, and is counted.
* ``NEVER_FULL``  the size is a proof obligation: an overflow is a bug and raises ``ChannelOverflow``.

A reader that gives up closes its end; a sender that waits on it, or comes later, gets ``ReceiverGone``. One task
reads. All ends belong to one event loop; a foreign thread comes in by ``loop.call_soon_threadsafe(sender.offer,
item)``. Two events carry all waiting, so that a cancelled waiter leaves nothing behind and no item can be lost in a
hand-over.
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Policy(enum.Enum):
    """What a full channel does."""

    WAIT = "wait"
    DROP_OLDEST = "drop oldest"
    NEVER_FULL = "never full"


class ChannelOverflow(RuntimeError):
    """A channel that can never be full was: a programming error."""


class ReceiverGone(RuntimeError):
    """The reader closed its end: nothing sent can arrive any more."""


class SenderClosed(RuntimeError):
    """This send end was closed by its own side and cannot send."""


class _Core(Generic[T]):
    """What the two ends share."""

    def __init__(self, size: int, policy: Policy, name: str) -> None:
        if size < 1:
            raise ValueError(f"channel {name!r} needs a size of at least 1, got {size}")
        self.items: deque[T] = deque()
        self.size = size
        self.policy = policy
        self.name = name
        self.senders = 0
        self.dropped = 0
        self.receiver_open = True
        self.arrival = asyncio.Event()
        self.room = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self.items) >= self.size


class _End(Generic[T]):
    """One end: closes once, also as a ``with`` block, however the stage ends."""

    def __init__(self, core: _Core[T]) -> None:
        self._core = core
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether this end has not been closed."""
        return self._open

    def close(self) -> None:
        """Close this end; closing twice is fine."""
        if self._open:
            self._open = False
            self._closed()

    def _closed(self) -> None:
        """Tell the other end."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        core = self._core
        state = "open" if self._open else "closed"
        return f"<{type(self).__name__} {core.name!r} {state}, {len(core.items)}/{core.size}, {core.dropped} dropped>"


class Sender(_End[Any], Generic[T_contra]):
    """The send end."""

    def __init__(self, core: _Core[T_contra]) -> None:
        super().__init__(core)
        core.senders += 1

    def clone(self) -> Sender[T_contra]:
        """Another send end of the same channel; the reader ends when all of them are closed."""
        return Sender(self._core)

    async def send(self, item: T_contra) -> None:
        """Hand over one item; with ``WAIT``, first wait for room.

        Raises ReceiverGone when the reader has closed its end, also while waiting for room.
        """
        self._check()
        while self._core.policy is Policy.WAIT and self._core.full:
            self._core.room.clear()
            await self._core.room.wait()
            self._check()
        self.offer(item)

    def offer(self, item: T_contra) -> None:
        """Hand over one item without waiting: a full channel drops its oldest, or is a bug, by policy."""
        self._check()
        core = self._core
        if core.full:
            if core.policy is not Policy.DROP_OLDEST:
                raise ChannelOverflow(f"channel {core.name!r} overflowed at {core.size} items")
            core.items.popleft()
            core.dropped += 1
        core.items.append(item)
        core.arrival.set()

    def _check(self) -> None:
        if not self._open:
            raise SenderClosed(f"this end of channel {self._core.name!r} is closed")
        if not self._core.receiver_open:
            raise ReceiverGone(f"nobody reads channel {self._core.name!r} any more")

    def _closed(self) -> None:
        self._core.senders -= 1
        self._core.arrival.set()


class Receiver(_End[T]):
    """The receive end: iterate over it; the loop ends when every send end is closed and all items are read."""

    def __aiter__(self) -> Receiver[T]:
        return self

    async def __anext__(self) -> T:
        core = self._core
        while not core.items:
            if core.senders == 0 or not self._open:
                raise StopAsyncIteration
            core.arrival.clear()
            await core.arrival.wait()
        core.room.set()
        return core.items.popleft()

    @property
    def dropped(self) -> int:
        """Items lost to ``DROP_OLDEST`` so far."""
        return self._core.dropped

    def __len__(self) -> int:
        return len(self._core.items)

    def _closed(self) -> None:
        self._core.receiver_open = False
        self._core.items.clear()
        self._core.room.set()
        self._core.arrival.set()


def channel(size: int, policy: Policy, *, name: str) -> tuple[Sender[T], Receiver[T]]:
    """A new channel of at most ``size`` items; annotate the two ends where they are received."""
    core: _Core[T] = _Core(size, policy, name)
    return Sender(core), Receiver(core)
