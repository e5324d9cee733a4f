"""The pure helpers round the engines: where a second voice goes on, loudness, lengths, WAV files."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts import SpeechChunk, spoken_seconds, syllables
from tts.duration import rest_after
from tts.loudness import gain_for, to_int16, trimmed_start
from tts.takeover import resume_at, tail_of
from tts.types import Int16
from tts.wav import wav_bytes

RATE = 1000


def words(*seconds: float, pause: float = 0.1) -> Int16:
    """Words of that many seconds with pauses between them."""
    parts: list[Int16] = []
    for length in seconds:
        parts += [np.full(round(length * RATE), 5000, np.int16), np.zeros(round(pause * RATE), np.int16)]
    return np.concatenate(parts[:-1])


@pytest.mark.parametrize(
    ("delivered", "expected", "place"),
    [
        (0.0, 2.2, 0.0),  # nothing was heard
        (0.3, 2.2, 0.0),  # inside the first word: from the beginning
        (0.6, 2.2, 0.6),  # the first word was heard
        (1.0, 2.2, 0.6),  # inside the second word: it is said again
        (1.5, 2.2, 1.2),
        (9.0, 2.2, 1.8),  # all of it, by the count: the last word is said again
        (1.0, 9.0, 0.0),  # a slow first voice: a small share of the text
        (1.2, 1.2, 1.2),  # a quick second voice never skips more time than was heard
    ],
)
def test_where_the_second_voice_goes_on(delivered: float, expected: float, place: float) -> None:
    speech = words(0.5, 0.5, 0.5, 0.5)
    start = resume_at(speech, RATE, delivered_s=delivered, expected_s=expected)
    assert start / RATE == pytest.approx(place, abs=0.021)


@given(st.floats(0, 5), st.floats(0, 5), st.lists(st.floats(0.1, 0.6), min_size=1, max_size=6))
def test_never_beyond_what_was_heard(delivered: float, expected: float, lengths: list[float]) -> None:
    speech = words(*lengths)
    start = resume_at(speech, RATE, delivered_s=delivered, expected_s=expected)
    assert 0 <= start <= min(len(speech), delivered * RATE)
    assert len(tail_of(speech, start)) == len(speech) - start


def test_silence_and_nothing_are_no_trouble() -> None:
    assert resume_at(np.zeros(0, np.int16), RATE, delivered_s=1, expected_s=1) == 0
    assert resume_at(np.zeros(2000, np.int16), RATE, delivered_s=1, expected_s=2) == 1000


def test_a_tail_fades_in_and_leaves_the_whole_alone() -> None:
    speech = words(0.5)
    tail = tail_of(speech, 100)
    assert tail[0] == 0
    assert tail[-1] == speech[-1] == 5000
    assert np.array_equal(tail_of(speech, 0), speech)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.5])
def test_gain_brings_a_voice_to_one_loudness(level: float) -> None:
    voice = level * np.sqrt(2) * np.sin(np.arange(4000) / 3)
    with_pause = np.concatenate([voice, np.zeros(4000), voice])
    assert level * gain_for(with_pause, RATE) == pytest.approx(0.1, rel=0.05)


def test_gain_has_bounds() -> None:
    assert gain_for(np.zeros(4000), RATE) == 1.0
    assert gain_for(np.full(4000, 0.001), RATE) == 8.0
    clicks = np.zeros(3200)
    clicks[::320] = 0.5
    assert 0.5 * gain_for(clicks, 16_000) == pytest.approx(0.95)


def test_samples_never_wrap_round() -> None:
    assert to_int16(np.array([2.0, -2.0, 0.5, np.nan, np.inf])).tolist() == [32767, -32767, 16384, 0, 32767]


def test_leading_silence_goes_but_for_a_little() -> None:
    samples = np.array([0, 3, -20, 0, 900, 0, -32768], np.int16)
    assert trimmed_start(samples, keep=1).tolist() == [0, 900, 0, -32768]
    assert trimmed_start(samples).tolist() == [900, 0, -32768]
    assert trimmed_start(np.zeros(5, np.int16)).size == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("bonjour", 2),
        ("porte", 1),
        ("table", 1),
        ("le chat", 2),
        ("hello", 2),
        ("14", 3),
    ],
)
def test_syllables(text: str, count: float) -> None:
    assert syllables(text) == count


def test_a_text_takes_the_time_of_its_syllables_and_rests() -> None:
    assert spoken_seconds("") == 0
    assert spoken_seconds("Oui, non.") > spoken_seconds("Oui non.")
    assert spoken_seconds("Oui, non.", speed=2) == spoken_seconds("Oui, non.") / 2
    assert spoken_seconds("Oui.") == spoken_seconds("Oui")
    assert rest_after("Oui. ") == rest_after("« Oui. » ") > rest_after("Oui, ") > rest_after("Oui ") == 0


def chunk(samples: list[int], rate: int) -> SpeechChunk:
    return SpeechChunk(np.array(samples, np.int16), rate, "x", False, "test")


def test_a_wav_file_has_the_first_rate_throughout() -> None:
    made = wav_bytes([chunk([1, 2], 16_000), chunk([3], 16_000), chunk([0] * 441, 22_050)])
    with wave.open(io.BytesIO(made)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.getnframes() == pytest.approx(3 + 320, abs=2)
        assert np.frombuffer(file.readframes(3), "<i2").tolist() == [1, 2, 3]


def test_no_chunks_are_an_empty_wav_file() -> None:
    with wave.open(io.BytesIO(wav_bytes([]))) as file:
        assert file.getnframes() == 0
