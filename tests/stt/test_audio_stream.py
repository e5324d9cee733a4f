"""Sound from a pipe: WAV of several kinds, raw PCM, and what is neither."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, cast

import numpy as np
import pytest
import soundfile

from stt import SAMPLE_RATE, AudioUnreadable, Int16, read_audio_stream
from tests.stt.material import tone


class Pipe(io.RawIOBase):
    """Bytes that come piecemeal and cannot be seeked."""

    def __init__(self, data: bytes, at_once: int) -> None:
        self._data = io.BytesIO(data)
        self._at_once = at_once

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._at_once))


def heard(data: bytes, rate: int | None = None, at_once: int = 333) -> Int16:
    return np.concatenate(list(read_audio_stream(cast("BinaryIO", Pipe(data, at_once)), rate)))


def wav(samples: Int16, rate: int, subtype: str, format_: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples / 32768, rate, subtype, format=format_)
    return file.getvalue()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
def test_wav_is_heard(subtype: str, kind: str) -> None:
    assert np.array_equal(heard(wav(tone(0.3), SAMPLE_RATE, subtype, kind)), tone(0.3))


def test_channels_are_averaged_and_rates_converted() -> None:
    both = np.stack([tone(0.5, rate=48_000), np.zeros(24_000, np.int16)], axis=1)
    found = heard(wav(both, 48_000, "PCM_16"))
    assert len(found) == 8000
    assert np.abs(found[1000:-1000] - tone(0.5, amplitude=4000)[1000:-1000]).max() < 40


def test_the_length_in_the_header_is_not_believed() -> None:
    data = wav(tone(0.3), SAMPLE_RATE, "PCM_16")
    at = data.index(b"data") + 4
    for claimed in (0, 0xFFFFFFFF, 0x7FFFF000):
        assert np.array_equal(heard(data[:at] + struct.pack("<I", claimed) + data[at + 4 :]), tone(0.3))


def test_raw_pcm_needs_its_rate() -> None:
    data = tone(0.3).astype("<i2").tobytes()
    assert np.array_equal(heard(data, SAMPLE_RATE), tone(0.3))
    assert np.array_equal(heard(data + b"x", SAMPLE_RATE), tone(0.3))
    with pytest.raises(AudioUnreadable, match="--rate 16000"):
        heard(data)


def test_riff_wins_over_a_rate() -> None:
    assert np.array_equal(heard(wav(tone(0.3), SAMPLE_RATE, "PCM_16"), 8000), tone(0.3))


def test_short_raw_input_is_heard() -> None:
    assert heard(b"\x01\x00\x02\x00", SAMPLE_RATE).tolist() == [1, 2]


def test_blocks_have_the_size_asked_for() -> None:
    found = list(read_audio_stream(io.BytesIO(tone(0.25).tobytes()), SAMPLE_RATE, 0.1))
    assert [len(block) for block in found] == [1600, 1600, 800]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"RIFF\0\0\0\0WAVE", "broken off"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0", "broken"),
        (wav(tone(0.1), SAMPLE_RATE, "PCM_16")[:44], "no sound"),
        (wav(tone(0.1), SAMPLE_RATE, "ULAW"), "of kind 7 with 8 bits"),
        (b"hello world, this is text", "not WAV"),
    ],
)
def test_what_is_no_sound_says_so(data: bytes, message: str) -> None:
    with pytest.raises(AudioUnreadable, match=message):
        heard(data)


def test_numbers_that_are_none_are_told() -> None:
    data = wav(tone(0.1), SAMPLE_RATE, "FLOAT")
    with pytest.raises(AudioUnreadable, match="no numbers"):
        heard(data[:-4] + struct.pack("<f", float("nan")))
