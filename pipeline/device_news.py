"""What happens to a conversation's microphone and speaker, as events.

Whoever outlives its devices says so by ``follow_device``; files and streams have none and say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from common.devices.rules import Lost
from pipeline.events import DeviceLost, DeviceRestored, QualityChanged
from pipeline.sinks.base import Adapting

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.clock import Clock
    from common.devices.rules import Told
    from pipeline.events import Emit


@runtime_checkable
class Following(Protocol):
    """A source or a sink that goes from device to device."""

    def follow_device(self, told: Callable[[Told], None]) -> None:
        """Have ``told`` called in the event loop whenever the device is lost or another one goes on."""


def follow(kind: str, part: object, clock: Clock, emit: Emit) -> bool:
    """Emit what happens to the device of ``part``, a ``microphone`` or a ``speaker``; False if it has none."""
    if isinstance(part, Adapting):
        part.follow_quality(
            lambda what, before, after, reason: emit(
                QualityChanged(t=clock.now(), what=what, from_=before, to=after, reason=reason)
            )
        )
    if not isinstance(part, Following):
        return False

    def told(news: Told) -> None:
        now = clock.now()
        if isinstance(news, Lost):
            emit(DeviceLost(t=now, kind=kind, device=news.device, reason=news.reason))
        else:
            emit(DeviceRestored(t=now, kind=kind, device=news.device))

    part.follow_device(told)
    return True
