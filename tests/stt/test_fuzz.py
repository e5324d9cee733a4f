"""Anything at all through every door of the room: typed errors only, and never a hang."""

from __future__ import annotations

import io
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stt import (
    SAMPLE_RATE,
    AudioUnreadable,
    SpeechSegment,
    STTError,
    STTManager,
    load_audio,
    read_audio_stream,
)
from stt.numerals import digits
from tests.kit.settings import settings
from tests.stt.material import segment


def assert_one_line(error: Exception) -> None:
    assert str(error)
    assert "\n" not in str(error)


few = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def header(rate: int, channels: int, kind: tuple[int, int], size: int) -> bytes:
    bits, tag = kind
    layout = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits)
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", size)


WAV_LIKE = st.builds(
    lambda rate, channels, kind, size, data: header(rate, channels, kind, size) + data,
    st.sampled_from([0, 1, 7, 8000, 16000, 44100, 192_000, 2**31, 2**32 - 1]),
    st.sampled_from([0, 1, 2, 3, 64, 65535]),
    st.sampled_from([(16, 1), (32, 3), (8, 1), (24, 1), (32, 1), (64, 3), (16, 0xFFFE), (0, 0)]),
    st.sampled_from([0, 1, 100, 2**32 - 1]),
    st.binary(max_size=600),
)


@few
@given(st.one_of(st.binary(max_size=400), WAV_LIKE))
def test_any_bytes_are_audio_or_a_clear_error(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.wav"
    file.write_bytes(data)
    try:
        assert load_audio(file).dtype == np.int16
    except AudioUnreadable as error:
        assert_one_line(error)


@few
@given(
    st.one_of(st.binary(max_size=400), WAV_LIKE),
    st.sampled_from([None, -1, 0, 1, 7, 8000, 16000, 48000, 10**9, 2**40]),
)
def test_any_stream_at_any_rate_is_audio_or_a_clear_error(data: bytes, rate: int | None) -> None:
    try:
        for block in read_audio_stream(io.BytesIO(data), rate):
            assert block.dtype == np.int16
    except AudioUnreadable as error:
        assert_one_line(error)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_numbers_that_are_none_are_told_or_clipped(tmp_path: Path, bad: float) -> None:
    file = tmp_path / "x.wav"
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[100] = bad
    soundfile.write(file, samples, SAMPLE_RATE, subtype="FLOAT")
    if np.isfinite(bad):
        assert load_audio(file).max() == 32767
    else:
        with pytest.raises(AudioUnreadable, match="NaN or infinite"):
            load_audio(file)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(4, np.float32),
        np.zeros((4, 2), np.int16),
        np.zeros(4, np.int32),
        np.array([np.nan]),
        np.array(["a"]),
    ],
    ids=["float", "stereo", "int32", "NaN", "text"],
)
def test_a_segment_and_a_live_transcript_take_mono_int16_only(samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mono int16 samples expected"):
        SpeechSegment(1, 0, samples, 0.0, 1.0)
    chosen = settings(stt__model="prism-tiny", vad__backend="scripted")
    live = STTManager.from_settings(chosen).live()
    with pytest.raises(ValueError, match="mono int16 samples expected"):
        live.feed(samples)


@pytest_asyncio.fixture
async def manager() -> AsyncIterator[STTManager]:
    made = STTManager.from_settings(settings(stt__model="prism-tiny", stt__window="auto"))
    yield made
    await made.aclose()


@pytest.mark.timeout(60)
@pytest.mark.real
async def test_any_samples_are_a_transcript_or_an_error_of_hearing(manager: STTManager) -> None:
    draw = np.random.default_rng(0)
    kinds = [
        *(draw.integers(-32768, 32768, n).astype(np.int16) for n in (1, 2, 159, 160, 401, 16_001, 100_000)),
        np.full(8000, 32767, np.int16),
        np.tile(np.array([32767, -32768], np.int16), 8000),
        np.zeros(0, np.int16),
        draw.integers(-9000, 9000, 32_000).astype(np.int16)[::2],  # not contiguous
    ]
    for samples in kinds:
        for language in (None, "xx", "") if len(samples) < 500 else ("fr",):
            try:
                heard = await manager.transcribe(segment(samples), language=language)
            except STTError as error:
                assert_one_line(error)
            else:
                assert 0.0 <= heard.confidence <= 1.0
                assert heard.audio_duration == pytest.approx(len(samples) / SAMPLE_RATE)
                manager.judge(heard)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("vad", ["silero", "webrtc", "energy"])
@pytest.mark.real
async def test_any_samples_are_guessed_and_weighed(vad: str) -> None:
    """The doors of captions and of the second opinion."""
    made = STTManager.from_settings(
        settings(stt__model="prism-tiny", stt__window="auto", vad__backend=vad, stt__cache=0)
    )
    draw = np.random.default_rng(1)
    for length in (0, 1, 511, 513, 20_000):
        samples = draw.integers(-32768, 32768, length).astype(np.int16)
        asked = replace(segment(samples), voiced=length / SAMPLE_RATE, unbroken=99.0)
        guess = await made.guess(replace(asked, partial=True))
        assert guess is None or guess.audio_duration == pytest.approx(length / SAMPLE_RATE)
        try:
            heard = await made.transcribe(asked)
        except STTError as error:
            assert_one_line(error)
        else:
            assert heard.sound is not None
            assert np.isfinite(heard.sound.spread_db)
            made.judge(heard)
    await made.aclose()


@pytest.mark.parametrize("model", ["", "nobody/nothing", "..", "\0", "x" * 5000, "/dev/null"])
@pytest.mark.real
async def test_any_model_name_is_told_in_one_sentence(manager: STTManager, model: str) -> None:
    if not model:
        assert (await manager.transcribe(segment(np.zeros(800, np.int16)), model=model)).model == "prism-tiny"
        return
    with pytest.raises(STTError) as told:
        await manager.transcribe(segment(np.zeros(800, np.int16)), model=model)
    assert_one_line(told.value)


@few
@given(st.text(max_size=60), st.sampled_from(["fr", "en", "de", "", "xx"]))
def test_any_text_survives_its_numbers(text: str, language: str) -> None:
    pytest.importorskip("text_to_num")
    assert isinstance(digits()(text, language), str)
