"""Every voice detector on silence, noise and speech; each file in stt/vad is found by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import stt
from stt import SAMPLE_RATE, Int16, ScriptedDetector, VoiceDetector, create_detector, load_audio
from stt.vad.silero import CALM
from tests.kit.settings import settings
from tests.stt.material import noise, recording, silence, tone

assert stt.__file__ is not None
NAMES = sorted(file.stem for file in (Path(stt.__file__).parent / "vad").glob("[a-z]*.py"))
HEARING = [name for name in NAMES if name != "scripted"]


def detector(name: str) -> VoiceDetector:
    return create_detector(settings(vad__backend=name).vad)


def probabilities(hearing: VoiceDetector, samples: Int16) -> npt.NDArray[np.float64]:
    size = hearing.frame_samples
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return np.array([hearing.probability(frame) for frame in frames])


def test_every_detector_is_tested() -> None:
    assert NAMES == ["energy", "scripted", "silero", "webrtc"]


@pytest.mark.parametrize("name", NAMES)
def test_silence_is_no_speech(name: str) -> None:
    assert probabilities(detector(name), silence(3)).max() < 0.35


@pytest.mark.parametrize("name", HEARING)
@pytest.mark.parametrize("rms", [30, 100, 300])
def test_steady_noise_is_no_speech(name: str, rms: float) -> None:
    assert np.mean(probabilities(detector(name), noise(6, rms)) > 0.5) < 0.05


@pytest.mark.parametrize("name", HEARING)
@pytest.mark.parametrize("file", ["fr_16k.wav", "en_16k.wav"])
def test_speech_is_found_where_it_is(name: str, file: str) -> None:
    lead, spoken = 2.0, recording(file)
    hearing = detector(name)
    found = probabilities(hearing, np.concatenate([noise(lead, 20), load_audio(spoken.path)]))
    times = (np.arange(len(found)) + 0.5) * hearing.frame_samples / SAMPLE_RATE - lead
    start, end = spoken.speech
    inside = (times > start) & (times < end)
    outside = (times < start - 0.1) | (times > end + 0.2)
    assert np.mean(found[inside] > 0.5) > 0.6
    assert np.mean(found[outside] > 0.5) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_frames_give_the_same_probabilities(name: str) -> None:
    samples = load_audio(recording("fr_16k.wav").path)
    hearing = detector(name)
    first = probabilities(hearing, samples)
    hearing.reset()
    assert np.array_equal(first, probabilities(hearing, samples))
    assert np.array_equal(first, probabilities(detector(name), samples))


@pytest.mark.parametrize("name", NAMES)
def test_two_conversations_do_not_disturb_each_other(name: str) -> None:
    samples = load_audio(recording("en_16k.wav").path)
    alone = probabilities(detector(name), samples)
    one, other = detector(name), detector(name)
    frames = samples[: len(samples) // one.frame_samples * one.frame_samples].reshape(-1, one.frame_samples)
    mixed = []
    for frame in frames:
        mixed.append(one.probability(frame))
        other.probability(frame[::-1].copy())
    assert np.array_equal(alone, mixed)


def test_energy_gets_used_to_a_fan() -> None:
    found = probabilities(detector("energy"), np.concatenate([noise(5, 20), noise(10, 1500)]))
    assert found[260] > 0.9
    assert found[-250:].max() < 0.5


def test_energy_hears_no_offset() -> None:
    sound = np.concatenate([noise(2, 20), noise(1, 400)])
    found = probabilities(detector("energy"), sound)
    assert found[-40:].min() > 0.9
    assert found == pytest.approx(probabilities(detector("energy"), sound + np.int16(2000)), abs=0.01)


def test_the_script_is_the_audio() -> None:
    assert probabilities(
        ScriptedDetector(160), np.concatenate([silence(0.01), tone(0.02), silence(0.01)])
    ).tolist() == [
        0.0,
        1.0,
        1.0,
        0.0,
    ]


class Counted:
    """A session that counts how often it is run."""

    def __init__(self, session: object) -> None:
        self.session, self.runs = session, 0

    def run(self, *args: object) -> object:
        self.runs += 1
        return self.session.run(*args)  # type: ignore[attr-defined]


def heard_by_silero(samples: Int16, *, rests: bool) -> tuple[npt.NDArray[np.float64], int]:
    """The probabilities, and how often the network was run; without ``rests`` for every frame."""
    from stt.vad.silero import Silero, _session

    class Restless(Silero):
        def _resting(self, samples: Int16) -> bool:  # noqa: ARG002
            return False

    session = Counted(_session())
    return probabilities((Silero if rests else Restless)(session), samples), session.runs


def firsts(found: npt.NDArray[np.float64]) -> list[int]:
    """The first voiced frame after each second without any."""
    voiced = np.flatnonzero(found >= 0.5)
    return [int(frame) for frame, gap in zip(voiced, np.diff(voiced, prepend=-99), strict=True) if gap > CALM]


@pytest.mark.parametrize(
    "rms", [0, *(pytest.param(rms, marks=pytest.mark.real) for rms in (3, 10, 30, 100)), 300]
)
@pytest.mark.parametrize("file", ["fr_16k.wav", "en_16k.wav"])
def test_silero_rests_in_quiet_and_misses_no_onset(rms: float, file: str) -> None:
    spoken = load_audio(recording(file).path).astype(float)
    spoken *= 1500 / np.sqrt(np.mean(spoken**2))
    gaps = [np.zeros(round(seconds * SAMPLE_RATE)) for seconds in (4.03, 6.01, 2.5, 9.0)]
    quiet = np.concatenate([part for gap in gaps for part in (gap, spoken, 0.3 * spoken)] + [gaps[3]])
    room = noise(len(quiet) / SAMPLE_RATE + 1, rms).astype(float)[: len(quiet)] if rms else 0.0
    sound = np.clip(quiet + room, -32768, 32767).astype(np.int16)
    rested, runs = heard_by_silero(sound, rests=True)
    restless, all_runs = heard_by_silero(sound, rests=False)
    assert all_runs == len(restless)
    assert runs < 0.85 * all_runs
    # It remembers another length of the same noise: single frames within speech come out otherwise, either way.
    assert np.mean((rested >= 0.5) != (restless >= 0.5)) < 0.012
    assert firsts(rested) == pytest.approx(firsts(restless), abs=1)


@pytest.mark.parametrize("hertz", [0, 50])
def test_silero_rests_and_wakes_beside_an_offset_or_a_hum_that_is_louder_than_the_voice(hertz: float) -> None:
    spoken = load_audio(recording("fr_16k.wav").path).astype(float)
    spoken *= 250 / np.sqrt(np.mean(spoken**2))
    gap = np.zeros(4 * SAMPLE_RATE)
    sound = np.concatenate([gap, spoken, gap, spoken, gap])
    times = np.arange(len(sound)) / SAMPLE_RATE
    sound += 1000 * np.cos(2 * np.pi * hertz * times) + noise(len(sound) / SAMPLE_RATE, 3)[: len(sound)]
    rested, runs = heard_by_silero(sound.astype(np.int16), rests=True)
    restless, all_runs = heard_by_silero(sound.astype(np.int16), rests=False)
    assert runs < 0.85 * all_runs
    assert len(firsts(restless)) == 2
    assert firsts(rested) == pytest.approx(firsts(restless), abs=3)


def test_silero_is_awake_when_the_noise_grows_and_gets_used_to_it() -> None:
    steps = np.concatenate([noise(6, 20), noise(14, 200)])
    _, runs = heard_by_silero(steps, rests=True)
    assert runs < 0.7 * len(steps) / 512
    growing = (noise(30, 20) * np.linspace(1, 20, 30 * SAMPLE_RATE)).astype(np.int16)
    rested, _ = heard_by_silero(growing, rests=True)
    assert rested[31:].max() < 0.5
