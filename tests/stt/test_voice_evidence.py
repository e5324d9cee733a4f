"""What the sound itself says: pauses and loudness as tables, the second opinion with the real detector."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from scripts.soak.sounds import babble, coughs, music
from stt import Line, ScriptedTranscriber, Segmenter, SpeechPaused, STTManager, load_audio
from stt.second_ear import SecondEar
from stt.types import SpeechSegment
from stt.voice_evidence import Voice, evidence_of, spread_db, voice_of
from tests.kit.settings import settings
from tests.stt.material import noise, recording, segment, silence, tone

FRAME_S = 0.032


@pytest.mark.parametrize(
    ("frames", "seconds", "longest", "leading"),
    [
        ("", 0, 0, 0),
        ("....", 0, 0, 0),
        ("####", 4, 4, 4),
        ("##..##", 4, 6, 6),
        ("##...####", 6, 4, 2),
        ("...####.#...#", 6, 6, 0),
        ("##ooo##", 4, 7, 7),
    ],
)
def test_pauses_are_counted(frames: str, seconds: int, longest: int, leading: int) -> None:
    known = {"#": 0.9, "o": 0.4, ".": 0.0}
    found = voice_of([known[frame] for frame in frames], FRAME_S, (0.5, 0.35))
    assert (found.seconds, found.longest) == pytest.approx((seconds * FRAME_S, longest * FRAME_S))
    if not frames.startswith("..."):
        assert found.leading == pytest.approx(leading * FRAME_S)


def test_loudness_of_one_and_of_many() -> None:
    said = load_audio(recording("fr_16k.wav").path)
    assert spread_db(said) > 25
    assert spread_db(noise(3, 2000)) < 2
    assert spread_db(silence(0.01)) == 0
    assert spread_db(tone(1)) < 1


def heard(unbroken: float | None, duration: float = 10.0) -> SpeechSegment:
    return dataclasses.replace(segment(silence(duration)), unbroken=unbroken)


@pytest.mark.parametrize(
    ("unbroken", "second", "confirmed", "longest"),
    [
        (4.0, None, None, 4.0),
        (40.0, None, None, 40.0),
        (9.0, Voice(3.0, 2.0, 1.0), 3.0, 2.0),
        (40.0, Voice(9.0, 9.0, 9.0), 9.0, 40.0),
        (40.0, Voice(9.0, 4.0, 4.0), 9.0, 4.0),
    ],
)
def test_what_was_cut_counts_together_only_when_nobody_paused(
    unbroken: float, second: Voice | None, confirmed: float | None, longest: float
) -> None:
    found = evidence_of(heard(unbroken), second)
    assert found is not None
    assert (found.confirmed, found.unbroken) == (confirmed, longest)
    assert evidence_of(heard(None), second) is None


@pytest.mark.parametrize(("longest", "surrounded"), [(3.0, True), (2.94, True), (2.9, False), (0.0, False)])
def test_voice_before_and_after_is_noticed(longest: float, surrounded: bool) -> None:
    found = evidence_of(heard(2.0, 3.0), Voice(longest, longest, longest))
    assert found is not None
    assert found.surrounded is surrounded


def test_the_run_of_voice_goes_on_over_a_cut() -> None:
    chosen = settings(vad__backend="scripted", turn__max_utterance_s=3)
    segmenter = Segmenter(chosen, 512, itertools.count(1))
    facts = [fact for n in range(250) for fact in segmenter.push(silence(0.032), float(n < 200))]
    runs = [fact.segment.unbroken for fact in facts if isinstance(fact, SpeechPaused)]
    assert runs == pytest.approx([3.008, 6.016, 6.4], abs=0.2)


@pytest.mark.parametrize("backend", ["webrtc", "energy"])
async def test_a_second_opinion_is_asked_where_the_first_is_simple(backend: str) -> None:
    chosen = settings(vad__backend=backend)
    manager = STTManager(ScriptedTranscriber([Line("Oui.")] * 3), chosen.stt, chosen.vad)
    reasons = []
    for samples in (music(4), coughs(4), load_audio(recording("fr_16k.wav").path)):
        of = dataclasses.replace(segment(samples), voiced=3.0, unbroken=3.0)
        found = manager.judge(await manager.transcribe(of))
        reasons.append(found.reason if found else None)
    assert reasons == ["no voice", "no voice", None]
    await manager.aclose()


async def test_the_default_detector_needs_none_and_hears_a_crowd() -> None:
    chosen = settings()
    manager = STTManager(ScriptedTranscriber([Line("Réveille-moi demain.")] * 9), chosen.stt, chosen.vad)
    detector = manager.detector()
    segmenter = Segmenter(chosen, detector.frame_samples, itertools.count(1))
    voice = load_audio(recording("fr_16k.wav").path)
    crowd = babble([np.roll(voice, 3000 * n) for n in range(10)], 10, 12)
    samples = np.concatenate([crowd, silence(2)])
    size = detector.frame_samples
    facts = [
        fact
        for at in range(0, len(samples) - size, size)
        for fact in segmenter.push(samples[at : at + size], detector.probability(samples[at : at + size]))
    ]
    paused = [fact.segment for fact in facts if isinstance(fact, SpeechPaused)]
    found = [manager.judge(await manager.transcribe(each)) for each in paused]
    assert [rejection.reason for rejection in found if rejection] == ["crowd"] * len(found)
    assert found
    await manager.aclose()


async def test_no_second_opinion_is_asked_for_once_it_is_closed() -> None:
    ear = SecondEar(settings(vad__backend="webrtc").vad)
    first = ear.ask(silence(0.1))
    assert first is not None
    await first
    ear.close()
    assert ear.ask(silence(0.1)) is None
