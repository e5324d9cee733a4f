"""The clock of a live conversation: it follows the samples, and nothing that merely delays them."""

from __future__ import annotations

import pytest

from common.clock import LiveClock
from tests.kit.virtual_loop import run_virtual

FRAME_S = 0.032


def followed(taken_at: list[float], anchored_at: float = 0.0) -> float:
    """What the clock shows at the loop's time 0 after these frames, in milliseconds; 0 for a perfect source."""

    async def main() -> float:
        clock = LiveClock()
        clock.anchor(0.0, anchored_at)
        for number, at in enumerate(taken_at, 1):
            clock.tick(number * FRAME_S, at)
        return clock.now() * 1000

    return run_virtual(main())


def frames(count: int, *, late_s: float = 0.0, drift: float = 0.0) -> list[float]:
    return [number * FRAME_S * (1 + drift) + late_s for number in range(1, count + 1)]


def test_frames_in_time_move_nothing() -> None:
    assert followed(frames(1000)) == pytest.approx(0.0, abs=1e-6)


def test_a_backlog_moves_nothing() -> None:
    """The frames of a second in which nobody listened are all told at once, and then it goes on."""
    taken = frames(500)
    taken[100:131] = [taken[131]] * 31
    assert followed(taken) == pytest.approx(0.0, abs=5)


def test_a_late_first_frame_is_made_good_by_the_next_ones() -> None:
    assert followed(frames(40), anchored_at=0.2) == pytest.approx(0.0, abs=5)


@pytest.mark.parametrize("drift", [-100e-6, 100e-6])
def test_a_crystal_that_is_off_is_followed(drift: float) -> None:
    """An hour of it would be 360 ms."""
    hour = round(3600 / FRAME_S)
    assert followed(frames(hour, drift=drift)) == pytest.approx(-3600 * drift * 1000, abs=3)


def test_a_source_that_was_away_is_followed_at_last() -> None:
    taken = frames(200) + [at + 10.0 for at in frames(300)[200:]]
    assert followed(taken) == pytest.approx(-10_000, abs=5)
