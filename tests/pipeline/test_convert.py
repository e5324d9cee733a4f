"""From the ring's rate to a device's: nothing is lost, nothing is late, whatever the block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.sinks.convert import LEAD_S, Converter

if TYPE_CHECKING:
    from tts import Int16


@pytest.mark.parametrize(
    ("source", "target"),
    [(24_000, 48_000), (24_000, 44_100), (22_050, 48_000), (48_000, 8_000), (24_000, 16_000)],
)
@pytest.mark.parametrize("block", [64, 360, 720, 1001])
def test_a_tone_comes_out_whole_and_in_time(source: int, target: int, block: int) -> None:
    sound = (10_000 * np.sin(2 * np.pi * 440 * np.arange(2 * source) / source)).astype(np.int16)
    converter, at = Converter(source, target), 0
    played: list[Int16] = []
    assert converter.ahead_s == 0
    while len(played) * block < target:
        count = converter.wants(block)
        played.append(converter.feed(sound[at : at + count], block))
        at += count
        assert converter.ahead_s == pytest.approx(LEAD_S, abs=2 / source)
    assert {len(part) for part in played} == {block}
    heard = np.concatenate(played).astype(float)
    expected = 10_000 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / target)
    edge = target // 50  # where the tone begins, the filter rings
    assert np.std(heard[edge:] - expected[edge:]) < 50
