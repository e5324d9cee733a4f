"""Bodies of real servers, cut anywhere: the same samples come out."""

from __future__ import annotations

import io
import itertools
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.leveler import Leveler
from tts.types import Int16
from tts.wav_stream import NotSound, SoundReader

SAMPLES = np.arange(-500, 500, dtype=np.int16)


def wav(samples: Int16 = SAMPLES, rate: int = 24_000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def built(
    tag: int, bits: int, channels: int, sound: bytes, before: bytes = b"", size: int = 0xFFFFFFFF
) -> bytes:
    frame = bits // 8 * channels
    form = struct.pack("<HHIIHH", tag, channels, 24_000, 24_000 * frame, frame, bits)
    if tag == 0xFFFE:
        form += struct.pack("<HHIH14x", 22, bits, 4, 1)
    head = b"RIFF" + struct.pack("<I", size) + b"WAVE" + before
    return head + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + sound


def read(body: bytes, cuts: list[int], raw_rate: int | None = None) -> tuple[list[int], int | None]:
    reader, heard = SoundReader(raw_rate), []
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in itertools.pairwise(places):
        heard += [int(sample) for sample in reader.feed(body[start:end])]
    return heard, reader.sample_rate


@given(st.lists(st.integers(0, 5000), max_size=20))
def test_how_it_was_cut_does_not_matter(cuts: list[int]) -> None:
    assert read(wav(), cuts) == (SAMPLES.tolist(), 24_000)


FLOATS = (SAMPLES / 32_767).astype("<f4").tobytes()
STEREO = np.stack([SAMPLES, SAMPLES], axis=1).astype("<i2").tobytes()


@pytest.mark.parametrize(
    "body",
    [
        built(1, 16, 1, SAMPLES.tobytes()),
        built(1, 16, 1, SAMPLES.tobytes(), size=0),
        built(3, 32, 1, FLOATS),
        built(1, 32, 1, (SAMPLES.astype(np.int32) * 65_536).tobytes()),
        built(1, 16, 2, STEREO),
        built(0xFFFE, 16, 1, SAMPLES.tobytes()),
        built(1, 16, 1, SAMPLES.tobytes(), before=b"LIST" + struct.pack("<I", 5) + b"hello\0"),
    ],
    ids=["false size", "no size", "float", "32 bits", "stereo", "extensible", "other chunks"],
)
def test_formats_of_servers(body: bytes) -> None:
    for cuts in ([], list(range(0, len(body), 7))):
        assert read(body, cuts) == (SAMPLES.tolist(), 24_000)


def test_raw_pcm_has_the_rate_that_it_is_told() -> None:
    assert read(SAMPLES.tobytes(), [33], 16_000) == (SAMPLES.tolist(), 16_000)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>no</html>" * 9,
        b"ID3" + bytes(99),
        b"OggS" + bytes(99),
        built(7, 8, 1, bytes(99)),
        b"RIFF1234WAVEdata1234",
        b"RIFF1234WAVEfmt " + struct.pack("<I", 4) + bytes(99),
    ],
)
def test_what_is_no_sound_is_said(body: bytes) -> None:
    with pytest.raises(NotSound, match="it"):
        read(body, [])


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_sound_or_not(body: bytes, cuts: list[int]) -> None:
    try:
        heard, _ = read(b"RIFF1234WAVE" + body, cuts)
    except NotSound:
        return
    assert len(heard) <= len(body)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.4])
def test_a_voice_is_brought_to_one_loudness_and_keeps_its_own_differences(level: float) -> None:
    tone = (level * np.sqrt(2) * 32_767 * np.sin(np.arange(16_000) / 3)).astype(np.int16)
    leveler = Leveler()
    first = leveler.measuring("a")
    assert np.array_equal(first.evened(tone, 16_000), tone)
    first.learn(16_000)
    later = leveler.measuring("a")
    assert np.sqrt((later.evened(tone, 16_000) / 32_768.0) ** 2).mean() == pytest.approx(0.09, rel=0.05)
    quiet = later.evened((tone // 2).astype(np.int16), 16_000)
    assert np.abs(quiet).max() == pytest.approx(np.abs(later.evened(tone, 16_000)).max() / 2, rel=0.01)
    other = leveler.measuring("b")
    assert np.array_equal(other.evened(tone, 16_000), tone)
