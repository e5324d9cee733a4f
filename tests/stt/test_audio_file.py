"""Recordings of every kind come out as the same sound, and what cannot be read says why in one sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stt import SAMPLE_RATE, AudioUnreadable, Int16, audio_blocks, load_audio
from tests.stt.material import FOLDER, Recording, recordings, tone


def loudness(samples: Int16) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def likeness(a: Int16, b: Int16) -> float:
    """Correlation of two sounds of about the same length at the best shift within 50 ms."""
    size = min(len(a), len(b)) - 800
    middle = a[400 : 400 + size].astype(np.float64)
    shifts = (b[s : s + size].astype(np.float64) for s in range(0, 800, 4))
    return max(float(np.corrcoef(middle, other)[0, 1]) for other in shifts)


@pytest.mark.parametrize("item", recordings(), ids=lambda item: item.path.name)
def test_every_format_is_the_same_sound(item: Recording) -> None:
    found = load_audio(item.path)
    assert found.dtype == np.int16
    assert found.ndim == 1
    assert len(found) / SAMPLE_RATE == pytest.approx(item.duration, abs=0.08)
    original = load_audio(FOLDER / f"{item.language}_16k.wav")
    assert likeness(original, found) > 0.9


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_any_rate_and_depth(tmp_path: Path, rate: int, subtype: str) -> None:
    file = tmp_path / "x.wav"
    left, right = tone(0.5, 440, 12_000, rate), tone(0.5, 440, 4_000, rate)
    soundfile.write(file, np.stack([left, right], axis=1) / 32768, rate, subtype)
    found = load_audio(file)
    assert len(found) == pytest.approx(0.5 * SAMPLE_RATE, abs=2)
    assert loudness(found[1600:-1600]) == pytest.approx(8_000 / 2**0.5, rel=0.02)  # the channels' average


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_other_formats_of_sndfile(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"x.{suffix}"
    soundfile.write(file, tone(0.5), SAMPLE_RATE)
    assert loudness(load_audio(file)[2000:6000]) == pytest.approx(8_000 / 2**0.5, rel=0.05)


@pytest.mark.parametrize(("suffix", "codec"), [("m4a", "aac"), ("webm", "libopus")])
def test_what_sndfile_refuses_is_read_by_ffmpeg(tmp_path: Path, suffix: str, codec: str) -> None:
    av = pytest.importorskip("av")
    file = tmp_path / f"x.{suffix}"
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(0.5, rate=48_000)[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    found = load_audio(file)
    assert len(found) / SAMPLE_RATE == pytest.approx(0.5, abs=0.06)
    assert loudness(found[2000:6000]) == pytest.approx(8_000 / 2**0.5, rel=0.1)


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    soundfile.write(file, tone(11.3, 997, rate=44_100), 44_100)
    found = list(audio_blocks(file, 0.1))
    assert {len(block) for block in found[:-1]} == {1600}
    assert 0 < len(found[-1]) <= 1600
    assert np.array_equal(np.concatenate(found), load_audio(file))
    spectrum = np.abs(np.fft.rfft(np.concatenate(found)[:160_000] * np.hanning(160_000)))
    beside = np.delete(spectrum, np.arange(9970 - 20, 9970 + 21))
    assert beside.max() < spectrum.max() / 1000


def test_a_loud_float_file_is_clipped_not_wrapped(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    soundfile.write(file, np.array([2.0, -2.0] * 800), SAMPLE_RATE, "FLOAT")
    assert set(load_audio(file).tolist()) == {32767, -32768}


def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    soundfile.write(file, tone(1.0), SAMPLE_RATE)
    file.write_bytes(file.read_bytes()[: 44 + 16_001])
    assert np.array_equal(load_audio(file), tone(1.0)[:8000])


def text_file(path: Path) -> None:
    path.write_text("This is no sound at all. " * 50)


def header_only(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.int16), SAMPLE_RATE, format="WAV")


def not_numbers(path: Path) -> None:
    soundfile.write(path, np.array([0.1, float("nan"), 0.2] * 100), SAMPLE_RATE, "FLOAT", format="WAV")


def infinite(path: Path) -> None:
    soundfile.write(path, np.array([0.1, float("inf")]), SAMPLE_RATE, "FLOAT", format="WAV")


def cut_in_the_header(path: Path) -> None:
    soundfile.write(path, tone(0.1), SAMPLE_RATE, format="WAV")
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (str, "There is no file .*x.wav"),
        (Path.mkdir, "is a folder"),
        (Path.touch, r"is empty \(0 bytes\)"),
        (text_file, "not a recording that can be read"),
        (header_only, "holds no sound"),
        (cut_in_the_header, "not a recording that can be read|holds no sound"),
        (not_numbers, "no numbers"),
        (infinite, "no numbers"),
        (os.mkfifo if hasattr(os, "mkfifo") else Path.mkdir, "standard input|is a folder"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, make: object, message: str) -> None:
    file = tmp_path / "x.wav"
    assert callable(make)
    make(file)
    with pytest.raises(AudioUnreadable, match=message) as caught:
        load_audio(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is always text")
def test_a_name_that_is_no_text_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"odd\xff.wav")
    soundfile.write(os.fsencode(path), tone(1.0), SAMPLE_RATE)
    assert len(load_audio(path)) == SAMPLE_RATE
    path.write_bytes(b"no sound at all")
    with pytest.raises(AudioUnreadable, match="not a recording"):
        load_audio(path)


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable, match="cannot be opened"):
        load_audio(tmp_path / ("x" * 300))


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.wav"
    soundfile.write(file, tone(0.1), SAMPLE_RATE)
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(AudioUnreadable, match="may not be read"):
        load_audio(file)


@pytest.mark.parametrize("claimed", [0, 0xFFFF_FFFF])
def test_a_recording_that_never_learnt_its_length_is_heard_whole(tmp_path: Path, claimed: int) -> None:
    file, sound = tmp_path / "dead.wav", tone(0.5)
    soundfile.write(file, sound, SAMPLE_RATE)
    data = bytearray(file.read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = claimed.to_bytes(4, "little")
    file.write_bytes(data)
    assert np.array_equal(load_audio(file), sound)


def test_a_recording_without_samples_has_no_sound(tmp_path: Path) -> None:
    file = tmp_path / "empty.wav"
    soundfile.write(file, np.zeros(0, np.int16), SAMPLE_RATE)
    with pytest.raises(AudioUnreadable, match="no samples"):
        load_audio(file)
