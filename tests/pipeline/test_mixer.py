"""Volume, ducking and short sounds: what becomes of a block, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from common.clock import FrameClock
from pipeline.playback import Playback
from pipeline.sinks.base import Adjustable
from pipeline.sinks.mixer import MOST, RAMP_S, Mixer
from pipeline.sinks.ring import PlaybackRing
from pipeline.sinks.speaker import Speaker
from pipeline.sinks.timeline import TimelineSink

RATE = 1_000
RAMP = round(RAMP_S * RATE)
LOUD = np.full(100, 10_000, np.int16)
SILENCE = np.zeros(100, np.int16)


def test_untouched_it_is_the_same_block() -> None:
    mixer = Mixer(RATE)
    assert mixer.mix(LOUD) is LOUD
    assert mixer.idle


@pytest.mark.parametrize(("volume", "level"), [(1.0, 10_000), (0.5, 5_000), (0.0, 0)])
def test_volume_is_of_all_that_plays(volume: float, level: int) -> None:
    assert set(Mixer(RATE, volume).mix(LOUD)) == {level}


def test_another_volume_comes_without_a_jump() -> None:
    mixer = Mixer(RATE)
    mixer.volume = 0.5
    assert not mixer.idle
    heard = np.concatenate([LOUD, mixer.mix(LOUD), mixer.mix(LOUD)]).astype(int)
    assert np.abs(np.diff(heard)).max() <= 10_000 / RAMP + 1
    assert set(heard[-100:]) == {5_000}
    assert mixer.idle


@pytest.mark.parametrize("sink", [Speaker(FrameClock(), None, 20), TimelineSink(FrameClock(), hold_s=20)])
def test_every_sink_can_be_made_softer_by_the_gate(sink: Speaker | TimelineSink) -> None:
    gate = Playback(sink, FrameClock(), lambda _event: None)
    assert isinstance(sink, Adjustable)
    assert (gate.volume(), gate.volume(0.3), gate.volume()) == (1.0, 0.3, 0.3)


def test_ducking_comes_and_goes_without_a_jump() -> None:
    mixer = Mixer(RATE)
    mixer.duck(0.25)
    assert not mixer.idle
    down, low = mixer.mix(LOUD), mixer.mix(LOUD)
    mixer.duck(1.0)
    up = mixer.mix(LOUD)
    assert down[RAMP - 1 :].max() == 2_500
    assert set(low) == {2_500}
    assert set(up[RAMP:]) == {10_000}
    heard = np.concatenate([LOUD[-1:], down, low, up]).astype(int)
    assert np.abs(np.diff(heard)).max() <= 10_000 / RAMP + 1
    assert mixer.idle


def test_a_turn_back_in_the_middle_of_a_ramp_goes_on_from_there() -> None:
    mixer = Mixer(RATE)
    mixer.duck(0.0)
    first = mixer.mix(LOUD[: RAMP // 2])
    mixer.duck(1.0)
    assert first[-1] == 5_000
    assert mixer.mix(LOUD[:2]).tolist() == [5_500, 6_000]


def test_a_short_sound_lies_over_speech_and_over_silence_and_is_never_ducked() -> None:
    mixer = Mixer(RATE)
    mixer.duck(0.0)
    mixer.mix(LOUD)
    mixer.add(np.full(150, 300, np.int16))
    assert set(mixer.mix(LOUD)) == {300}
    assert mixer.mix(SILENCE).tolist() == [300] * 50 + [0] * 50
    mixer.duck(1.0)
    mixer.mix(LOUD)
    assert mixer.idle


def test_what_is_too_loud_together_is_clipped_and_too_many_sounds_are_dropped() -> None:
    mixer = Mixer(RATE)
    for _ in range(MOST + 3):
        mixer.add(np.full(10, 9_000, np.int16))
    assert mixer.mix(SILENCE).max() == 32_767
    for _ in range(MOST + 3):
        mixer.add(np.full(10, 10, np.int16))
    assert mixer.mix(SILENCE).max() == 10 * MOST


def test_a_sound_over_a_reply_is_no_part_of_it() -> None:
    ring = PlaybackRing(RATE)
    ring.overlay(np.full(60, 300, np.int16))
    assert not ring.idle
    assert set(ring.take(20, 1.0)) == {300}
    ring.write(LOUD)
    assert set(ring.take(10, 1.02)) == {10_300}
    ring.pause()
    assert ring.take(30, 1.03)[-20:].any() == np.False_, "whoever speaks is not rung over either"
    ring.resume()
    ring.take(10, 1.06)
    assert ring.take(20, 1.07)[-1] == 10_000
    assert ring.heard(9.0) == 10 + 5 + 10 + 20


def test_the_end_of_a_session_ends_its_ducking() -> None:
    ring = PlaybackRing(RATE)
    ring.write(LOUD)
    ring.duck(0.1)
    ring.take(50, 1.0)
    ring.abort(2.0)
    ring.take(50, 2.0)
    ring.write(LOUD)
    assert set(ring.take(50, 3.0)) == {10_000}
